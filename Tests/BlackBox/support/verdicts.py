"""From rows of the table to requests for the probes, and from their answers back to rows."""

import errno

from support.calls import number
from support.table import PRESETS

SOCKETS = {"sock", "bound", "listening"}  # AF_UNIX, which loopback does not make
WORDS = {"E": None, "F": errno.EAFNOSUPPORT, "N": errno.ENOSYS}


def requests(rows, abi, arch):
    """The probe's command-line words, leaving out calls that `arch` lacks."""
    for label, call, arguments, _, _ in rows:
        nr = number(call, arch)
        if nr is not None:
            yield ":".join([label, abi, hex(nr), *(a if isinstance(a, str) else hex(a) for a in arguments)])


def answers(output):
    """Label -> (result, errno), or ("killed", signal)."""
    found = {}
    for line in output.decode().splitlines():
        label, result, number_ = line.split()
        found[label] = ("killed", int(number_)) if result == "killed" else (int(result), int(number_))
    return found


def refusal(row, preset, chosen):
    """The errno the row must meet under `preset`, or None where it runs."""
    letter = row[3][PRESETS.index(preset)]
    if letter == "r":
        return None
    return WORDS[letter] or chosen


def shortfalls(rows, free, confined, preset, chosen):
    """What is not as the table says, one sentence each.

    Where root has given up a capability the kernel answers otherwise than outside. Under loopback the
    command lives in another user namespace: what a probe needs an AF_UNIX socket for cannot be asked
    there, and where free answers differ by user it must only not be refused. Under strict there is no
    socket at all to ask about.
    """
    for row in rows:
        label = row[0]
        if label not in confined:
            if label in free:
                yield f"{label}: no answer"
            continue
        got, expected = confined[label], refusal(row, preset, chosen)
        if expected is not None:
            if got != (-1, expected):
                yield f"{label}: expected {errno.errorcode[expected]}, got {name(got)}"
        elif row[4] == "caps" or preset == "loopback" and (row[4] == "any" or set(row[2]) & SOCKETS) or preset == "strict" and "pair" in row[2]:
            if got == (-1, chosen) or got[0] == "killed":
                yield f"{label}: refused with {name(got)}"
        elif not alike(got, free[label]):
            yield f"{label}: free {name(free[label])}, inside {name(got)}"


def alike(one, other):
    """Equal but for the value of a success: descriptors and process ids differ."""
    return one == other or (one[0] != "killed" and one[1] == other[1] == 0)


def name(answer):
    result, number_ = answer
    if result == "killed":
        return f"killed by signal {number_}"
    return errno.errorcode.get(number_, str(number_)) if number_ else f"success ({result})"
