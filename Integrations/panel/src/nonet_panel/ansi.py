"""Terminal output as styled text: colours are taken, everything else that drives a terminal is dropped."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

# CSI sequences, OSC and other strings, other escapes; and the control characters that are left. Bounded, so that
# a program that never ends its sequence does not hide what follows.
SEQUENCE = re.compile(
    r"\x1b\[([0-9;:<=>?]{0,64})[ -/]{0,8}([@-~])|\x1b[\]PX^_][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|\x1b[ -/]{0,4}[0-Z\\^-~]"
)
UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:<=>?]{0,64}[ -/]{0,8}|[\]PX^_][^\x07\x1b]{0,4096}\x1b?|[ -/]{0,4})?\Z")
DROPPED = re.compile(r"[\x00-\x07\x0b-\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Style(NamedTuple):
    """`front` and `back` are 0-15 of the palette, a triple of red, green, blue, or None for the view's own."""

    front: int | tuple[int, int, int] | None = None
    back: int | tuple[int, int, int] | None = None
    bold: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False


class AnsiDecoder:
    """Bytes in, pieces of `(text, style)` out; a character or sequence that is cut in half waits for its rest."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._style = Style()

    def feed(self, data: bytes, final: bool = False) -> list[tuple[str, Style]]:
        text = self._rest + self._decoder.decode(data, final)
        self._rest = ""
        cut = None if final else UNFINISHED.search(text)
        if cut:
            text, self._rest = text[: cut.start()], text[cut.start() :]
        pieces: list[tuple[str, Style]] = []
        place = 0
        for found in SEQUENCE.finditer(text):
            self._add(pieces, text[place : found.start()])
            if found[2] == "m":
                self._style = styled(self._style, found[1])
            place = found.end()
        self._add(pieces, text[place:])
        return pieces

    def _add(self, pieces: list[tuple[str, Style]], text: str) -> None:
        text = DROPPED.sub("", text.replace("\r\n", "\n"))
        if text:
            pieces.append((text, self._style))


def styled(style: Style, parameters: str) -> Style:
    """`style` after a sequence `CSI parameters m` (ECMA-48, SGR); what is not known changes nothing."""
    if parameters.strip("0123456789;:"):
        return style
    codes = [int(code[:6] or 0) for code in parameters.replace(":", ";").split(";")]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = Style()
        elif code in (1, 3, 4, 7):
            style = style._replace(**{{1: "bold", 3: "italic", 4: "underline", 7: "reverse"}[code]: True})
        elif code in (22, 23, 24, 27):
            style = style._replace(**{{22: "bold", 23: "italic", 24: "underline", 27: "reverse"}[code]: False})
        elif 30 <= code <= 37 or 90 <= code <= 97:
            style = style._replace(front=code - 30 if code < 40 else code - 82)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            style = style._replace(back=code - 40 if code < 50 else code - 92)
        elif code in (39, 49):
            style = style._replace(**{"front" if code == 39 else "back": None})
        elif code in (38, 48):
            style = style._replace(**{"front" if code == 38 else "back": _long_colour(codes)})
    return style


def _long_colour(codes: list[int]) -> int | tuple[int, int, int] | None:
    """Takes `5;N` or `2;R;G;B` off the front of `codes`."""
    kind = codes.pop(0) if codes else None
    if kind == 5 and codes:
        number = min(codes.pop(0), 255)
        if number < 16:
            return number
        if number >= 232:
            grey = 8 + 10 * (number - 232)
            return grey, grey, grey
        steps = (0, 95, 135, 175, 215, 255)
        number -= 16
        return steps[number // 36], steps[number // 6 % 6], steps[number % 6]
    if kind == 2 and len(codes) >= 3:
        red, green, blue = (min(codes.pop(0), 255) for _ in range(3))
        return red, green, blue
    return None
