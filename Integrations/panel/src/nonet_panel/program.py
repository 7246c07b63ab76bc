"""Where nonet is, and what it says of this machine."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys


def find_program() -> str | None:
    """The path of nonet: what `$NONET` or `$NONET_PROGRAM` names, else beside this Python, else along PATH.

    Inside nonet the first one holds the policy instead, which is no absolute path.
    """
    for variable in ("NONET", "NONET_PROGRAM"):
        named = os.environ.get(variable, "")
        if os.path.isabs(named):
            return named if can_run(named) else None
    beside = os.path.join(os.path.dirname(sys.executable or ""), "nonet")
    found = beside if can_run(beside) else shutil.which("nonet")
    return os.path.abspath(found) if found else None


def can_run(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What one policy with one backend comes to here."""

    possible: bool
    layers: tuple[str, ...]
    text: str


@dataclasses.dataclass(frozen=True)
class Machine:
    """What `nonet --check --format json` said."""

    plans: dict[tuple[str, str], Plan]
    confined_already: bool

    @classmethod
    def parse(cls, data: bytes) -> Machine:
        """Raises ValueError for whatever is not such an answer."""
        try:
            answer = json.loads(data)
            plans = {
                (str(plan["policy"]), str(plan["backend"])): Plan(
                    plan["possible"] is True, tuple(str(layer) for layer in plan["layers"]), str(plan["text"])
                )
                for plan in answer["plans"]
            }
            findings = {finding["name"]: finding["there"] is True for finding in answer["findings"]}
        except (LookupError, TypeError, AttributeError, RecursionError) as problem:
            raise ValueError(f"not an answer of nonet --check: {problem!r}") from None
        return cls(plans, findings.get("this process", False))
