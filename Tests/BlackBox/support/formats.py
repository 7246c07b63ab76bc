"""The output formats: what the library's files declare, each of which the binary must have."""

import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "Sources/BPFAssembler/Dump"
FORMATS = sorted(name for path in FOLDER.glob("*.swift") for name in re.findall(r'Dump\.Format\("([a-z_]+)"', path.read_text()))
assert {"listing", "json", "raw"} <= set(FORMATS)
