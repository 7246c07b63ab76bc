"""Suites of other languages' sockets, bare and under `--loopback`: what is lost is what this page says.

Perl's, Ruby's, Go's, libuv's and wayland's own tests, by Debian's interpreters and from Debian's sources. Each test is held against
itself: what passed bare must pass inside. The bare run has a network of its own with `lo`, since some would look outside.
"""

import concurrent.futures
import os
import re
import shutil
import subprocess

import pytest
from conftest import USERS

from sources import source
from support.run import NOBODY, Launcher, User, tool

# Why something is lost, and what, as a part of the test's name or a pattern of it.
DATAGRAMS = "datagram sockets of AF_UNIX"
PEER = "the other end sees the supervisor's process id"
ONE_USER = "a user namespace that maps one user: EINVAL for EPERM"
LOST = {
    "perl": {r"socketpair\.t (2[2-9]|3[0-57-9]|4[0-5])$": DATAGRAMS, r"cachepropagate-unix\.t (9|1\d)$": DATAGRAMS},
    "ruby": {"#test_dgram_pair": DATAGRAMS, "#test_getcred_ucred$": PEER},
    "go": {
        "(?i)unixgram": DATAGRAMS, "^Test(File|ConnAnd)?PacketConn$": DATAGRAMS, "^TestPacketConnClose$": DATAGRAMS,
        "^TestDialerControl(/PacketDial)?$": DATAGRAMS, "^TestListenConfigControl(/PacketListen)?$": DATAGRAMS,
        "^TestSplice$": DATAGRAMS, "^TestUnixConnSpecificMethods$": DATAGRAMS,
    },
    "libuv": {"^fs_chown$": ONE_USER, "^spawn_set[ug]id_fails$": ONE_USER},
    "wayland": {},
}


def tap(text, name=""):
    """The tests of TAP, by their numbers where a file is named, else by their words."""
    found = re.findall(r"^(not )?ok (\d+)(?: - (\S+))?", text, re.M)
    return {f"{name} {number}" if name else words: not failed for failed, number, words in found}


def perl(folder, run):
    if not (folder / "t").exists():
        source("perl", folder, "dist/IO", "cpan/Socket", "cpan/IO-Socket-IP", "t/test.pl")
        shutil.copy(folder / "t/test.pl", folder / "dist/IO/t")
    files = sorted(file for file in folder.glob("*/*/t/*.t"))

    def one(file):
        done = run(tool("perl"), file.relative_to(file.parent.parent), cwd=file.parent.parent)
        return tap(done, file.name)

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return {name: how for found in pool.map(one, files) for name, how in found.items()}


def ruby(folder, run):
    if not (folder / "test").exists():
        source("ruby3.1", folder, "test/socket", "test/drb", "test/lib", "test/ruby/ut_eof.rb", "test/runner.rb", "tool/lib", "tool/test")
    found = {}
    for suite in ("socket", "drb"):
        text = run(tool("ruby"), "-I.", "-Itool/lib", "-Itest/lib", "test/runner.rb", "-v", f"test/{suite}", cwd=folder)
        failed = set(re.findall(r"^ +\d+\) (?:Failure|Error):\n(\S+?):? ?(?:\[|$)", text, re.M))
        found |= {name: name not in failed for name in re.findall(r"^\[ *\d+/\d+\] (\S+) = ", text, re.M)}
    return found


def go(folder, run):
    root = subprocess.run([tool("go"), "env", "GOROOT"], stdout=subprocess.PIPE, check=True, timeout=20).stdout.decode().strip()
    program = folder / "net.test"
    if not program.exists():
        subprocess.run(["go", "test", "-c", "-o", program, "net"], env={**os.environ, "GOCACHE": str(folder / "cache")}, check=True, timeout=300)
    # It reads files beside its sources.
    text = run(program, "-test.short", "-test.v", cwd=f"{root}/src/net")
    return {name: how == "PASS" for how, name in re.findall(r"^ *--- (PASS|FAIL): (\S+)", text, re.M)}


def libuv(folder, run):
    program = folder / "build/uv_run_tests_a"
    if not program.exists():
        source("libuv1", folder)
        for words in (["-S", folder, "-B", folder / "build"], ["--build", folder / "build", "--target", "uv_run_tests_a"]):
            subprocess.run([tool("cmake"), *words], check=True, timeout=300, stdout=subprocess.DEVNULL)
    return tap(run(program, cwd=folder))


def wayland(folder, run):
    build = folder / "build"
    if not build.exists():
        source("wayland", folder)
        for words in ([tool("meson"), "setup", "-Ddocumentation=false", build, folder], [tool("ninja"), "-C", build]):
            subprocess.run(words, check=True, timeout=300, stdout=subprocess.DEVNULL)
    places = [f"{name}={where}" for name, where in (
        ("XDG_RUNTIME_DIR", folder), ("TEST_SRCDIR", folder), ("TEST_BUILDDIR", build / "tests"))]
    found = {}
    for program in sorted(build.glob("tests/*-test")):
        text = run("env", *places, program, cwd=folder)
        found |= {f"{program.name} {name}": how == "pass" for name, how in re.findall(r'^test "(\w+)":.*, (pass|fail)\.$', text, re.M)}
    return found


SUITES = {"perl": perl, "ruby": ruby, "go": go, "libuv": libuv, "wayland": wayland}
LEAST = {"perl": 17000, "ruby": 290, "go": 225, "libuv": 400, "wayland": 115}


def launcher(user, *prefix):
    def run(*words, cwd):
        done = Launcher(user, prefix)(*words, cwd=cwd, timeout=300, stderr=subprocess.STDOUT)
        return done.stdout.decode(errors="replace")

    return run


@pytest.mark.skipif("nobody" not in USERS, reason="only root can give the bare run a network of its own and be nobody in it")
@pytest.mark.parametrize("name", SUITES)
def test_nothing_else_is_lost(nonet, stage, name):
    made = stage / f"suite-{name}"
    made.mkdir(mode=0o755)
    SUITES[name](made, lambda *words, cwd: "")  # what root has to unpack and build
    become = [tool("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    network = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *become]

    def results(how, uid, *prefix):
        """Each in a folder of its own: some leave files behind."""
        folder = stage / f"suite-{name}-{how}"
        subprocess.run(["cp", "-a", made, folder], check=True, timeout=60)
        subprocess.run(["chown", "-R", str(NOBODY), folder], check=True, timeout=60)
        return SUITES[name](folder, launcher(User(how, uid, str(folder)), *prefix))

    bare = results("bare", -1, *network)
    inside = results("inside", NOBODY, nonet, "-q", "--loopback", "--")
    passed = {test for test, how in bare.items() if how}
    assert len(passed) >= LEAST[name], f"the instrument: {len(passed)} tests pass bare"
    lost = {test: "failed" if test in inside else "not run" for test in passed if not inside.get(test)}
    known = {test for test in lost if any(re.search(pattern, test) for pattern in LOST[name])}
    print(f"{name}: {len(passed)} tests pass bare, {len(known)} are lost for a reason that is known: {sorted(known)}")
    assert set(lost) == known, {test: how for test, how in lost.items() if test not in known}
