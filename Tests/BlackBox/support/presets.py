"""The presets, in the order in which nonet names them: a folder of policies, the first four by age."""

import pathlib

POLICIES = pathlib.Path(__file__).resolve().parents[3] / "Sources/nonet/Presets/Policies"
FIRST = ["default", "strict", "unix", "loopback"]
PRESETS = FIRST + sorted({path.stem for path in POLICIES.glob("*.policy")} - set(FIRST))
