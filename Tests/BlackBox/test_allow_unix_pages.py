"""Addresses in memory, names and descriptors of files that never come: whoever waits for them, the supervisor does not."""

import os
import signal
import subprocess

import pytest
from conftest import HERE
from test_allow_unix import as_root

from support.run import Launcher, tool

# Without the supervisor the kernel itself waits for the page, in the thread's own call.
FREE = b"refused 0 hanging 1\nconnected\n"


@pytest.fixture(scope="session")
def pages(stage):
    out = stage / "pages"
    build = [tool("cc"), "-O1", "-Wall", "-static", "-pthread", "-o", out, HERE / "probes/pages.c"]
    subprocess.run(build, check=True, timeout=60)
    return str(out)


@pytest.fixture(scope="session")
def sets(stage):
    out = stage / "epoll"
    build = [tool("cc"), "-O1", "-Wall", "-static", "-pthread", "-o", out, HERE / "probes/epoll.c"]
    subprocess.run(build, check=True, timeout=60)
    return str(out)


def how(kind, user):
    folder = f"{user.home}/mount"
    os.makedirs(folder, exist_ok=True)
    return [] if kind == "userfault" else [folder]


@pytest.fixture
def watched(me, nonet):
    return Launcher(me, (nonet, "-q", "--allow-unix", "inside", "--log", "/dev/null", "--"))


@as_root
@pytest.mark.parametrize("kind", ["userfault", "fuse", "name", "flush"])
def test_what_never_comes(me, watched, pages, kind, count=3):
    """Such a connect is refused, and others are served."""
    done = Launcher(me)(pages, kind, "1", *how(kind, me))
    if done.returncode == 2:
        pytest.skip(f"this kernel cannot show it: {done.stderr.decode().strip()}")
    assert done.stdout.startswith(FREE), done
    done = watched(pages, kind, str(count), *how(kind, me))
    assert done.returncode == 0 and done.stdout.startswith(b"refused %d hanging 0\nconnected\n" % count), done


@as_root
def test_a_file_whose_close_never_ends(me, nonet, pages, count=3):
    """An observer copies what is sent to, to see where it leads."""
    done = Launcher(me)(pages, "flush", "1", *how("flush", me))
    if done.returncode == 2:
        pytest.skip(f"this kernel cannot show it: {done.stderr.decode().strip()}")
    assert done.stdout.startswith(FREE), done
    observed = Launcher(me, (nonet, "-q", "--observe", "--log", "/dev/null", "--"))
    done = observed(pages, "send", str(count), *how("send", me))
    assert done.returncode == 0 and done.stdout.startswith(b"refused %d hanging 0\nconnected\n" % count), done


@as_root
def test_a_set_whose_lock_is_held(me, watched, sets):
    """The page of such a descriptor under /proc never comes, and only what is no such thing is looked up there."""
    child = Launcher(me).popen(sets, "read")
    try:
        line = child.stdout.readline()
        if not line:
            pytest.skip(f"this kernel cannot show it: {child.stderr.read().decode().strip()}")
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.5)
    finally:
        child.kill()
        child.communicate(timeout=10)
    for words in ["ask"], ["race", "2"]:
        assert watched(sets, *words).stdout == b"answered 13\n", words


@as_root
def test_more_of_them_than_are_left_behind(me, watched, pages):
    """Then nothing more is read, and all is refused; the end of the command ends it all."""
    assert watched(pages, "userfault", "6").stdout == b"refused 6 hanging 0\nfailed 13\n"


@as_root
def test_the_end_of_the_server_frees_the_supervisor(me, watched, pages):
    """A server of files that outlives the command can hold nonet's end up, and nothing else can."""
    child = watched.popen(pages, "orphan", "1", *how("orphan", me))
    server = 0
    try:
        lines = [child.stdout.readline() for _ in range(3)]
        assert lines[:2] == [b"refused 1 hanging 0\n", b"connected\n"], (lines, child.stderr.read())
        server = int(lines[2].split()[1])
    finally:
        if server:
            os.kill(server, signal.SIGKILL)
        assert child.wait(10) == 0
