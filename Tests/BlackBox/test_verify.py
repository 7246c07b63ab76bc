"""What is installed is what was proven: running filters are read back from the kernel, by --verify and without it."""

import os
import pathlib
import struct
import subprocess
import time

import pytest

from support import bpf, filters
from support.table import PRESETS

if os.geteuid() != 0:
    pytest.skip("the kernel shows filters to root alone", allow_module_level=True)

SUPERVISION = str(pathlib.Path(__file__).resolve().parents[2] / "Fixtures/policies/supervision.policy")
NOTIFY, BUSY = 0x7FC00000, bpf.ERRNO | 16
SUPERVISED = {"--log": ("--log=/dev/null",), "--allow-unix inside": ("--allow-unix=inside",),
              "--allow-unix of a path": ("--allow-unix=/run",), "--observe": ("--observe", "--log=/dev/null")}


class Running:
    """A command that tells its number and waits."""

    def __init__(self, *words):
        self.process = subprocess.Popen([*words, "sh", "-c", "echo $$; exec sleep 60"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.pid = int(self.process.stdout.readline())

    def __enter__(self):
        ends = time.monotonic() + 5
        while pathlib.Path(f"/proc/{self.pid}/comm").read_text() != "sleep\n" and time.monotonic() < ends:
            time.sleep(0.01)
        return self.pid

    def __exit__(self, *_):
        os.kill(self.pid, 9)
        self.process.wait(10)


def verify(nonet, pid, *words):
    return subprocess.run([nonet, *words, "--verify", str(pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)


def asking(program, keeps=()):
    return [(c, t, f, NOTIFY if c == bpf.RET and k >> 16 == 5 and k not in keeps else k) for c, t, f, k in program]


def supervised(own, program):
    """The filter of a supervised run, put together from two that were dumped."""
    first = asking(own, keeps=(BUSY,))
    joined = [(bpf.JA, 0, 0, len(first) - at - 1) if one == (bpf.RET, 0, 0, bpf.ALLOW) else one for at, one in enumerate(first)]
    return bpf.to_raw(joined + asking(program))


def test_the_filter_of_loopback(nonet, bare):
    """Where a supervisor sees to the sockets of its own network, its questions stand before the preset's program."""
    program = bpf.from_raw(bare("--dump-bpf", "--format=raw", "--policy", "loopback").stdout)
    with Running(nonet, "--policy", "loopback", "--") as pid:
        (installed,) = filters.running(pid)
        if installed == bpf.to_raw(program):
            pytest.skip("this kernel tells no processes apart (before Linux 6.9), so there is no such supervisor")
        assert installed.endswith(bpf.to_raw(asking(program)))
        said = verify(nonet, pid)
        assert said.returncode == 0 and b"policy loopback, with a supervisor (sockets of its own network), byte for byte" in said.stdout, said


@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset != "loopback"])
def test_the_filter_of_a_preset(nonet, bare, preset):
    dumped = bare("--dump-bpf", "--format=raw", "--policy", preset).stdout
    with Running(nonet, "--policy", preset, "--") as pid:
        assert filters.running(pid) == [dumped]
        said = verify(nonet, pid)
        assert said.returncode == 0 and f"policy {preset}, byte for byte" in said.stdout.decode(), said
        assert verify(nonet, pid, "--dump-bpf", "--format=raw").stdout == dumped


@pytest.mark.parametrize("preset, variant", [(preset, variant) for preset in PRESETS for variant in SUPERVISED
                                             if preset == "default" or "--allow-unix" not in variant])  # nothing to allow
def test_the_filter_of_a_supervised_preset(nonet, bare, preset, variant):
    with Running(nonet, "-q", "--policy", preset, *SUPERVISED[variant], "--") as pid:
        installed = filters.running(pid)
        said = verify(nonet, pid)
        if variant == "--log" and preset != "loopback":
            own = bpf.from_raw(bare("-q", "--dump-bpf", "--format=raw", "--policy", SUPERVISION).stdout)
            program = bpf.from_raw(bare("--dump-bpf", "--format=raw", "--policy", preset).stdout)
            assert installed == [supervised(own, program)]
        assert len(installed) == 1 and said.returncode == 0, said
        assert f"policy {preset}, with a supervisor" in said.stdout.decode(), said


def test_several_filters_in_order(nonet):
    with Running(nonet, "--policy=loopback", "--", nonet, "--policy=strict", "--") as pid:
        lines = verify(nonet, pid).stdout.decode().splitlines()
        assert "2 filters" in lines[0] and "loopback" in lines[1] and "strict" in lines[2], lines
        refused = verify(nonet, pid, "--dump-bpf", "--format=raw")
        assert refused.returncode == 125 and b"holds one program" in refused.stderr


def test_a_policy_of_the_command_line(nonet, tmp_path):
    """Known only to who names it; the same meaning in other bytes is proven."""
    path = tmp_path / "p.policy"
    path.write_text("default allow\ndeny getppid if arg0 == 7\n")
    other = tmp_path / "q.policy"
    other.write_text("default allow\nallow getppid unless arg0 == 7\ndeny getppid\n")
    with Running(nonet, "-q", "--policy", str(path), "--") as pid:
        said = verify(nonet, pid)
        assert said.returncode == 1 and b"no policy that is known here" in said.stdout
        assert b"byte for byte" in verify(nonet, pid, "-q", "--policy", str(path)).stdout
        assert verify(nonet, pid, "-q", "--policy", str(other)).returncode == 0
        explained = verify(nonet, pid, "--explain")
        assert explained.returncode == 0 and b"getppid" in explained.stdout


def test_the_process_goes_on(nonet):
    with Running(nonet, "--") as pid:
        for _ in range(20):
            assert verify(nonet, pid).returncode == 0
        assert pathlib.Path(f"/proc/{pid}/status").read_text().split("State:")[1].split()[0] == "S"


@pytest.mark.parametrize("words, message", [(("0",), "expected the number"), (("self",), "expected the number"), (("4194305",), "no process"),
                                            (("1", "--", "true"), "no command")], ids=str)
def test_numbers_of_no_process(bare, words, message):
    said = bare("--verify", *words)
    assert (said.returncode, said.stdout) == (125, b"") and message in said.stderr.decode(), said


def test_no_filter_and_nobody(nonet, user):
    from support.run import Launcher
    with Running() as pid:
        said = Launcher(user)(nonet, "--verify", str(pid))
        if user.name == "nobody":
            assert said.returncode == 125 and b"may not be looked at" in said.stderr
        else:
            assert said.returncode == 1 and b"is under no filter" in said.stderr
        assert said.stderr.count(b"\n") == 1


def test_under_a_filter_nothing_is_shown(nonet):
    with Running(nonet, "--") as pid:
        said = verify(nonet, pid)
        assert said.returncode == 0
        inside = subprocess.run([nonet, "--policy=unix", "--", nonet, "--verify", str(pid)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        assert inside.returncode == 125 and inside.stderr.startswith(b"nonet: "), inside
