"""Plug-ins that are installed from the folder in which they are developed (`pip install -e`)."""

from __future__ import annotations

import json
import os
from importlib.machinery import all_suffixes
from importlib.metadata import distributions
from typing import Any, Dict, Iterator, List, Tuple


def developed(installed: List[str], found: Dict[str, str]) -> Dict[str, str]:
    """Those of these modules that are such plug-ins, each with its distribution's own folder.

    :param found: Modules that lie elsewhere than what is installed, with their real paths.
    """
    modules = {}
    for one, folder in _distributions(installed):
        for entry in one.entry_points:
            module = entry.value.partition(":")[0].strip()
            if entry.group != "pytest11" or module not in found or _has_copy(one, module, installed):
                continue
            own = folder or _package(module, found[module])
            if os.path.join(found[module], "").startswith(os.path.join(own, "")):
                modules[module] = own
    return modules


def _distributions(installed: List[str]) -> Iterator[Tuple[Any, str]]:
    """What is installed, and the folder that it is developed in where that is told."""
    for folder in installed:
        for one in distributions(path=[folder]):
            yield one, _told(one)
        # What `setup.py develop` leaves: the folder, in a line.
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.endswith(".egg-link"):
                with open(os.path.join(folder, name)) as file:
                    place = file.readline().strip()
                for one in distributions(path=[place]):
                    yield one, os.path.realpath(place)


def _told(one: Any) -> str:
    """The folder of direct_url.json, as packaging.python.org has it in "Recording the Direct URL Origin"."""
    try:
        url: str = json.loads(one.read_text("direct_url.json") or "{}").get("url", "")
    except (ValueError, AttributeError, OSError):
        return ""
    if not url.startswith("file:///"):
        return ""
    from urllib.parse import unquote

    return os.path.realpath(unquote(url[len("file://") :]))


def _package(module: str, path: str) -> str:
    """The folder of a module's first package, or the file of a module that is in none."""
    parts = module.split(".")
    if os.path.basename(path).startswith("__init__."):
        path = os.path.dirname(path)
    for _ in parts[1:]:
        path = os.path.dirname(path)
    return path


def _has_copy(one: Any, module: str, installed: List[str]) -> bool:
    """Whether the module was installed: then what comes from elsewhere is not what was."""
    stem = module.replace(".", "/")
    for suffix in all_suffixes():
        for name in (stem + suffix, stem + "/__init__" + suffix):
            path = str(one.locate_file(name))
            if os.path.exists(path) and any(os.path.realpath(path).startswith(os.path.join(folder, "")) for folder in installed):
                return True
    return False
