"""The seccomp profile of containers (seccomp.json of containers-common, Docker's form) as a policy of nonet's."""

import json
import pathlib

PROFILE = pathlib.Path("/usr/share/containers/seccomp.json")
ACTIONS = {"SCMP_ACT_ALLOW": "allow", "SCMP_ACT_KILL": "kill", "SCMP_ACT_KILL_PROCESS": "kill", "SCMP_ACT_LOG": "log"}
RELATIONS = {"SCMP_CMP_EQ": "==", "SCMP_CMP_NE": "!=", "SCMP_CMP_LT": "<", "SCMP_CMP_LE": "<=", "SCMP_CMP_GT": ">", "SCMP_CMP_GE": ">="}


def policy(text, known):
    """The rules for a container without capabilities; calls that are not in `known` are left out."""
    profile = json.loads(text)
    verdict = lambda action, number: ACTIONS.get(action) or f"deny with {number or 1}"
    default = verdict(profile["defaultAction"], profile.get("defaultErrnoRet"))
    lines = [f"default {default}"]
    for rule in profile["syscalls"]:
        includes, excludes = rule.get("includes") or {}, rule.get("excludes") or {}
        arches = includes.get("arches")
        if includes.get("caps") or (arches and "amd64" not in arches) or "amd64" in (excludes.get("arches") or []):
            continue
        names = [name for name in rule["names"] if name in known]
        word, *errno = verdict(rule["action"], rule.get("errnoRet")).split(" ", 1)
        condition = " and ".join(comparison(one) for one in rule.get("args") or [])
        if names:
            lines.append(" ".join([word, ", ".join(names), *errno, *(["if " + condition] if condition else [])]))
    return "\n".join(lines) + "\n"


def comparison(one):
    argument, value = f"arg{one['index']}", one["value"]
    if one["op"] == "SCMP_CMP_MASKED_EQ":
        return f"{argument} & {value:#x} == {one.get('valueTwo', 0):#x}"
    return f"{argument} {RELATIONS[one['op']]} {value:#x}"
