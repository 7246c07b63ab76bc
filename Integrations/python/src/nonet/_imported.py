"""What pytest imported of the project before the session starts again under nonet.

`-p`, PYTEST_PLUGINS, entry points and the categories of `filterwarnings` are imported before any plug-in can act, so
this cannot keep such code from the network: it tells who expected it to be kept from it.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import Any, Dict, Iterable, Iterator, List, Tuple

import pytest

from ._command import own
from ._errors import NonetError


def refuse_what_ran(config: Any, in_place: bool = False) -> None:
    """Raises NonetError, with their names, where modules of the project have run in this process.

    :param in_place: This process goes on. What a program of its own that calls pytest has imported is then looked at
        only where pytest was told to import it as a plug-in.
    """
    found = _found(config, in_place)
    if found:
        names = ", ".join(f"{name} ({path})" for name, path in sorted(found.items()))
        raise NonetError(
            f"imported with the network, before any plug-in can act: {names}; start `nonet -- pytest` or, for a "
            "report, `python -m nonet pytest`, which confine first, or name what -p names in conftest.py (pytest_plugins)"
        )


def of_the_project(config: Any, names: Iterable[str]) -> List[str]:
    """Those of these modules that lie in the project, and not in an environment there."""
    project = _project(config)
    installed = [*_folders(), *_beside_pytest(project)]
    theirs = [one for one in _modules(config) if one[0] in names and not _is_below(one[2], installed)]
    return [name for name, given, real in theirs if _is_below_one(project, given, real)]


def _found(config: Any, in_place: bool) -> Dict[str, str]:
    project = _project(config)
    installed = [*_folders(), *_beside_pytest(project)]
    main = os.path.realpath(getattr(sys.modules["__main__"], "__file__", None) or os.devnull)
    # A program of the project's that calls pytest imports what it likes, as its user knows.
    is_pytest = own().is_pytest or os.path.basename(main) in ("pytest", "py.test") or _is_below(main, installed)
    only_named = not is_pytest and (in_place or _is_below(main, project))
    typed = set(_named(config.invocation_params.args))
    named = {name.strip() for name in config.known_args_namespace.plugins or []}
    named.update(name.strip() for name in os.environ.get("PYTEST_PLUGINS", "").split(","))
    found = {}
    for name, given, real in [*_modules(config), *_categories(config)]:
        if _is_below(real, installed):
            continue
        # What is neither the project's nor installed lies on a path of the user's, who may name it on the command line.
        is_elsewhere = name in named - typed and not {"site-packages", "dist-packages"} & set(real.split(os.sep))
        if is_elsewhere or _is_below_one(project, given, real) and (name in named or not only_named):
            found[name] = real
    if not found:
        return found
    from ._developed import developed

    mine = developed(installed, found)
    # Its plug-in is installed, and imports what it likes of its own.
    return {name: path for name, path in found.items() if not (name in mine or name not in named and _is_below(path, mine.values()))}


def _modules(config: Any) -> Iterator[Tuple[str, str, str]]:
    """The names of what was imported, and of plug-ins that were skipped while they were, with the paths as given and real."""
    real: Dict[str, str] = {}
    main = sys.modules["__main__"]
    modules = list(sys.modules.items())
    there = {id(module) for _, module in modules}
    # Plug-ins need not stay where they were put: `multiprocessing` sets __mp_main__ anew.
    modules += [(one.__name__, one) for _, one in config.pluginmanager.list_name_plugin() if hasattr(one, "__file__") and id(one) not in there]
    for name, module in modules:
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and module is not main:
            given = os.path.abspath(path)
            folder, base = os.path.split(given)
            if folder not in real:
                real[folder] = os.path.realpath(folder)
            yield name, given, os.path.join(real[folder], base)
    for name, _ in config.pluginmanager.skipped_plugins:
        try:
            spec = find_spec(name)
        except (ImportError, ValueError):
            spec = None
        if spec and spec.origin:
            yield name, os.path.abspath(spec.origin), os.path.realpath(spec.origin)


def _categories(config: Any) -> Iterator[Tuple[str, str, str]]:
    """The modules of warning categories that pytest has tried to import: from pytest 9 on it goes on where one cannot be."""
    if int(pytest.__version__.partition(".")[0]) < 9:
        return
    lines = [*(config.known_args_namespace.pythonwarnings or []), *config.getini("filterwarnings")]
    for line in lines:
        category = "".join(line.split(":")[2:3]).strip()
        module = category.rpartition(".")[0]
        if module and module not in sys.modules:
            # The first folder alone is looked for: importing that to look further would run it.
            spec = PathFinder.find_spec(module.partition(".")[0])
            places = [spec.origin] if spec and spec.origin else list(spec.submodule_search_locations or []) if spec else []
            for path in places:
                yield module, os.path.abspath(path), os.path.realpath(path)


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
    return [path for folder in folders for path in {os.path.realpath(folder), os.path.abspath(folder)}]


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


def _is_below_one(folders: List[str], given: str, real: str) -> bool:
    """Whether a file is in there by its own path or by links."""
    return _is_below(given, folders) or _is_below(real, folders)


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(os.path.join(path, "").startswith(os.path.join(folder, "")) for folder in folders)
