"""CPython's own tests of its sockets, bare and under `--loopback`: what is lost is what this page says.

The interpreter and its suite are Debian's (`libpython3-testsuite`). Each test is held against itself: what passed
bare must pass inside. `python3 -m pytest Tests/Suites -k socketserver` takes one module.
"""

import json
import pathlib
import shutil

import pytest

from support.run import Launcher

PYTHON = "/usr/bin/python3"
RESULTS = pathlib.Path(__file__).parent / "results.py"
# A module, and a resource that it wants: only modules whose network is this machine have "network".
MODULES = {
    "test_socket": "", "test_asyncio.test_events": "", "test_asyncio.test_unix_events": "", "test_asyncore": "",
    "test_asynchat": "", "test_logging": "", "test_socketserver": "network", "test_httpservers": "",
    "test_multiprocessing_forkserver": "",
}
# A datagram's address lies behind a pointer that a supervisor cannot hold, so these sockets are not made.
DATAGRAMS = "datagram sockets of AF_UNIX"
LOST = {
    "test_create_unix_server_path_dgram": DATAGRAMS,
    "test_UnixDatagramServer": DATAGRAMS, "test_ThreadingUnixDatagramServer": DATAGRAMS,
    "test_ForkingUnixDatagramServer": DATAGRAMS,
    "UnixDatagramHandlerTest": DATAGRAMS, "UnixSysLogHandlerTest": DATAGRAMS,
    "test_sethostname": "root's right to name the machine",
}


def results(launch, module, folder):
    with_it = ["--with", MODULES[module]] if MODULES[module] else []
    done = launch(PYTHON, folder / "results.py", *with_it, f"test.{module}", cwd=folder, timeout=400)
    lines = [line for line in done.stdout.decode(errors="replace").splitlines() if line.startswith('["test.')]
    assert done.returncode == 0 and lines, done.stderr.decode(errors="replace")[-2000:]
    return dict(json.loads(line) for line in lines)


@pytest.mark.parametrize("module", MODULES)
def test_nothing_else_is_lost(nonet, user, module, tmp_path_factory):
    if not shutil.which(PYTHON):
        pytest.fail(f"{PYTHON} is missing: run `.ci/install suites`", pytrace=False)
    folder = pathlib.Path(user.home)
    shutil.copy(RESULTS, folder / "results.py")
    bare = results(Launcher(user), module, folder)
    inside = results(Launcher(user, (nonet, "-q", "--loopback", "--")), module, folder)
    assert any(how == "passed" for how in bare.values()), bare
    lost = {name: inside.get(name, "not run") for name, how in bare.items() if how == "passed" and inside.get(name) != "passed"}
    known = {name for name in lost if any(word in name for word in LOST)}
    print(f"{module} as {user.name}: {len(bare)} tests, {len(known)} lost for a reason that is known: {sorted(known)}")
    assert set(lost) == known, {name: how for name, how in lost.items() if name not in known}
