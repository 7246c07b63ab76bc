"""What pytest imported of the project before the session starts again under nonet.

`-p`, PYTEST_PLUGINS, entry points and the categories of `filterwarnings` are imported before any plug-in can act, so
this cannot keep such code from the network: it tells who expected it to be kept from it.
"""

from __future__ import annotations

import importlib.util
import os
import site
import sys
import sysconfig
from typing import Any, Dict, Iterable, Iterator, List, Set

import pytest

from ._errors import NonetError


def refuse_what_ran(config: Any, only_named: bool = False) -> None:
    """Raises NonetError, with their names, where modules of the project have run in this process.

    :param only_named: Those alone that pytest was told to import as plug-ins.
    """
    found = _found(config, only_named)
    if found:
        names = ", ".join(f"{name} ({path})" for name, path in sorted(found.items()))
        raise NonetError(
            f"imported with the network, before any plug-in can act: {names}; start `python -m nonet pytest`, which confines "
            "first, or name what -p names in conftest.py (pytest_plugins)"
        )


def _found(config: Any, only_named: bool) -> Dict[str, str]:
    project = _project(config)
    installed = [*_folders(), *_beside_pytest(project)]
    main = os.path.realpath(getattr(sys.modules["__main__"], "__file__", None) or os.devnull)
    # A program of the project's that calls pytest imports what it likes, as its user knows.
    is_pytest = os.path.basename(main) in ("pytest", "py.test") or _is_below(main, installed)
    only_named = only_named or _is_below(main, project) and not is_pytest
    typed = set(_named(config.invocation_params.args))
    named = {name.strip() for name in config.known_args_namespace.plugins or []}
    named.update(name.strip() for name in os.environ.get("PYTEST_PLUGINS", "").split(","))
    found = {}
    for name, path in _modules(config):
        if _is_below(path, installed):
            continue
        # What is neither the project's nor installed lies on a path of the user's, who may name it on the command line.
        is_elsewhere = name in named - typed and not {"site-packages", "dist-packages"} & set(path.split(os.sep))
        if is_elsewhere or _is_below(path, project) and (name in named or not only_named):
            found[name] = path
    developed = _developed(installed) & set(found) if found else set()
    if developed:
        # Its plug-in is installed, and imports what it likes.
        return {name: path for name, path in found.items() if name in named - developed}
    return found


def _modules(config: Any) -> Iterator[tuple[str, str]]:
    """The names and real paths of what was imported, and of plug-ins that were skipped while they were."""
    real: Dict[str, str] = {}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and name not in ("__main__", "__mp_main__"):
            folder, base = os.path.split(os.path.abspath(path))
            if folder not in real:
                real[folder] = os.path.realpath(folder)
            yield name, os.path.join(real[folder], base)
    for name, _ in config.pluginmanager.skipped_plugins:
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            spec = None
        if spec and spec.origin:
            yield name, os.path.realpath(spec.origin)


def _named(words: Iterable[Any]) -> Iterator[str]:
    """What `-p` names among these words."""
    left = [str(word) for word in words]
    for place, word in enumerate(left):
        if word == "-p":
            yield "".join(left[place + 1 : place + 2]).strip()
        elif word.startswith("-p"):
            yield word[2:].strip()


def _project(config: Any) -> List[str]:
    folders = [config.rootpath, config.invocation_params.dir]
    if config.inipath:
        folders.append(config.inipath.parent)
    try:
        folders += config.getini("pythonpath")
    except ValueError:
        pass  # Before pytest 7 it has no such setting.
    return [os.path.realpath(folder) for folder in folders]


def _folders() -> List[str]:
    """Where this interpreter has its own modules and what is installed, and this package."""
    paths = sysconfig.get_paths()
    folders = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    # Environments of old versions of virtualenv have a `site` without these.
    folders += getattr(site, "getsitepackages", list)()
    if getattr(site, "ENABLE_USER_SITE", False):
        folders.append(site.getusersitepackages())
    return [os.path.realpath(folder) for folder in [*folders, os.path.dirname(__file__)]]


def _beside_pytest(project: List[str]) -> List[str]:
    """Where pytest itself lies, as `pip install --target` puts it; not where the project lies there too."""
    folder = os.path.dirname(os.path.dirname(os.path.realpath(pytest.__file__)))
    return [] if any(_is_below(one, [folder]) for one in project) else [folder]


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(os.path.join(path, "").startswith(os.path.join(folder, "")) for folder in folders)


def _developed(installed: List[str]) -> Set[str]:
    """The modules of installed plug-ins that are imported from the folder in which they are developed (`pip install -e`)."""
    from importlib.metadata import distributions

    places = list(installed)
    for folder in installed:
        # What `setup.py develop` leaves: the folder, in a line.
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            if name.endswith(".egg-link"):
                with open(os.path.join(folder, name)) as file:
                    places.append(file.readline().strip())
    modules = set()
    for one in distributions(path=places):
        for entry in one.entry_points:
            if entry.group == "pytest11":
                module = entry.value.partition(":")[0].strip()
                copies = [one.locate_file(module.replace(".", "/") + end) for end in (".py", "/__init__.py")]
                if not any(os.path.exists(str(copy)) and _is_below(os.path.realpath(str(copy)), installed) for copy in copies):
                    modules.add(module)
    return modules
