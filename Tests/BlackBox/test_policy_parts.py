"""Policies of parts: files that are included, names for sets, systemd's sets, and what is taken from a set."""

import fcntl
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETS = dict(line.split("\t") for line in (ROOT / "Sources/BPFAssembler/Architectures/Tables/sets.tsv").read_text().splitlines()
            if not line.startswith(("#", "name\t")))


@pytest.fixture
def raw(bare):
    def compile(text, **more):
        done = bare("-q", "--dump-bpf", "--format=raw", "--arch=x86_64", "--policy", "-", input=text.encode(), **more)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return compile


@pytest.fixture
def errors(bare, me):
    def read(text, name="p.policy"):
        (pathlib.Path(me.home) / name).write_text(text)
        done = bare("--dump-bpf", "--policy", name, timeout=20)
        assert done.returncode == 125 and done.stdout == b"", done
        return done.stderr.decode()
    return read


def members(name):
    """The calls of a set, as systemd lists them."""
    return [call for word in SETS[name].split() for call in (members(word[1:]) if word[0] == "@" else [word])]


@pytest.mark.parametrize("name", sorted(SETS))
def test_sets_of_systemd(raw, name):
    calls = list(dict.fromkeys(members(name)))
    assert calls and raw(f"default allow\nkill @{name}\n") == raw(f"default allow\nkill {', '.join(calls)}\n")


def test_a_unit_in_a_line(bare, raw):
    """The usual filter of a service runs a program, and what is left out of it is refused."""
    text = "default deny with EPERM\nallow @system-service except @resources, setns\n"
    assert raw(text) != raw(text.replace(" except @resources, setns", ""))
    done = bare("-q", "--policy", "-", "--", "true", input=text.encode())
    assert done.returncode in (0, 125), done.stderr
    told = bare("-q", "--arch=x86_64", "--explain", "setns,nice,read,reboot", "--policy", "-", input=text.encode()).stdout.decode()
    assert re.findall(r"^ +\d+ (\w+) +(\w+)", told.split("i386:")[0], re.M) == [("setns", "EPERM"), ("read", "allow")] or "EPERM" in told


@pytest.mark.parametrize("brought, meant", [
    ("deny socket, connect, bind except connect", "deny socket, bind"),
    ("deny @keys, bind except @keyring", "deny bind"),
    ("let internet = { AF_INET, AF_INET6 }\ndeny socket if domain in internet", "deny socket if domain in { AF_INET, AF_INET6 }"),
    ("let a = { 1, 2 }\nlet b = { a, 5 }\ndeny ioctl unless cmd in { b, 7 }", "deny ioctl unless cmd in { 1, 2, 5, 7 }"),
    ("let @mine = { bind, @debug }\ndeny @mine, mine except ptrace", "deny bind, process_vm_readv, process_vm_writev"),
    ("let mine = { SYS_bind, __NR_listen }\ndeny mine", "deny bind, listen"),
    ("let mine = { bind, listen }\nlet more = { mine, accept }\nkill more", "kill bind, listen, accept"),
    ("let far = { -1, AT_FDCWD }\ndeny openat if dirfd in far", "deny openat if dirfd in { -1, AT_FDCWD }"),
])
def test_what_parts_mean(raw, brought, meant):
    assert raw(f"default allow\n{brought}\n") == raw(f"default allow\n{meant}\n")


def test_included_files(bare, me, raw):
    """Relative to the file that includes them; their rules stand where the line stands, and keep their place."""
    home = pathlib.Path(me.home)
    (home / "parts/deep").mkdir(parents=True)
    (home / "main.policy").write_text('default allow\nallow bind if sockfd == 3\ninclude "parts/net.policy"  # all of it\ndeny listen if backlog in few\n')
    (home / "parts/net.policy").write_text('\ufeffinclude "deep/sets.policy"\r\ndeny bind\r\n')
    (home / "parts/deep/sets.policy").write_text("let few = { 1, 2 }")
    whole = "default allow\nallow bind if sockfd == 3\ndeny bind\ndeny listen if backlog in { 1, 2 }\n"
    done = bare("-q", "--dump-bpf", "--format=raw", "--arch=x86_64", "--policy", "main.policy")
    assert done.stdout == raw(whole), done.stderr
    assert done.stdout == bare("-q", "--dump-bpf", "--format=raw", "--arch=x86_64", "--policy", "./parts/../main.policy").stdout
    told = bare("-q", "--explain", "bind", "--policy", "main.policy").stdout.decode()
    assert "rule 2, parts/net.policy:2: deny bind" in told
    (home / "parts/net.policy").write_text("\ndeny bnd\ndeny statx\n")
    said = bare("--dump-bpf", "--policy", "main.policy").stderr.decode()
    assert said.startswith("nonet: parts/net.policy:2:6: error: no architecture has a call named 'bnd'") and "main.policy:4" in said
    (home / "parts/net.policy").write_text("let few = { 1 }\ndeny statx\n")
    assert "parts/net.policy:2:6: warning: glibc tries statx first" in bare("--dump-bpf", "--policy", "main.policy").stderr.decode()


def test_a_file_that_cannot_be_included(bare, me, errors):
    """One error with its place, in little time, whatever is there."""
    home = pathlib.Path(me.home)
    os.mkfifo(home / "fifo")
    (home / "folder").mkdir()
    with open(home / "large", "wb") as file:
        file.truncate(1 << 30)
    (home / "half").write_text("#" * 600_000)
    (home / "self.policy").write_text('include "self.policy"\n')
    (home / "one.policy").write_text('include "two.policy"\n')
    (home / "two.policy").write_text('include "./one.policy"\n')
    (home / "again.policy").symlink_to("p.policy")
    for number in range(10):
        (home / f"{number}.policy").write_text(f'include "{number + 1}.policy"\n')
    for name, place, says in [
        ("fifo", "p.policy:2:9", "it is no ordinary file"), ("/dev/zero", "p.policy:2:9", "it is no ordinary file"),
        ("folder", "p.policy:2:9", "it is a folder"), ("large", "p.policy:2:9", "it is longer than 1048576 bytes"),
        ("nothing", "p.policy:2:9", "No such file or directory"), ("", "p.policy:2:9", "it has no name"),
        ("self.policy", "self.policy:1:9", "it includes itself"), ("one.policy", "two.policy:1:9", "it includes itself"),
        ("p.policy", "p.policy:", ""), ("again.policy", "again.policy:", ""),
        ("0.policy", "7.policy:1:9", "files include one another at most 8 deep"),
    ]:
        said = errors(f'default allow\ninclude "{name}"\n')
        assert f"{place}" in said and says in said and said.count("error: ") <= 2, (name, said)
        assert f'include "{name}"' in said or "policy:1:9" in said or place == "p.policy:"
    assert "all of it together" in errors('default allow\ninclude "half"\ninclude "half"\n')
    many = errors("default allow\n" + 'include "empty"\n' * 300) if not (home / "empty").write_text("") else ""
    assert "at most 256 files" in many
    assert bare("--dump-bpf", "--policy", "-", input=b'default allow\ninclude "empty"\n').returncode == 0


@pytest.mark.parametrize("path", ["/proc/kmsg", "/proc/self/mountinfo", "/proc/sys/kernel/ostype"])
def test_what_the_kernel_makes_up_is_not_included(bare, path):
    """Such a file counts as an ordinary one, and its reader may wait for ever: the log of the kernel does so."""
    done = bare("--check-policy", "-", input=f'default allow\ninclude "{path}"\n'.encode(), timeout=10)
    said = done.stdout + done.stderr
    assert done.returncode == 1 and b"no ordinary file" in said or os.geteuid() != 0 and b"ermission" in said, done


def test_nobody_is_waited_for_at_an_included_file(bare, me):
    """Whoever holds a lease on it would make its opener wait, as the writer of a pipe does."""
    path = pathlib.Path(me.home) / "it"
    path.write_text("deny bind\n")
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)
    number = os.open(path, os.O_RDWR)
    try:
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        done = bare("--check-policy", "-", input=b'default allow\ninclude "it"\n', timeout=10)
        assert done.returncode == 1 and b"temporarily unavailable" in done.stdout, done
    finally:
        os.close(number)
        signal.signal(signal.SIGIO, before)


EXCHANGE = """
import os
while True:
    for name in ("file", "fifo"):
        os.link(name, "new"); os.rename("new", "it")
"""


def test_a_pipe_in_the_place_of_an_included_file(bare, me):
    """Whoever may write to the folder exchanges the file while it is looked at; nobody waits for the pipe's writer."""
    home = pathlib.Path(me.home)
    os.mkfifo(home / "fifo")
    (home / "file").write_text("deny bind\n")
    (home / "p.policy").write_text("default allow\n" + 'include "it"\n' * 200)
    os.link(home / "fifo", home / "it")
    exchanger = subprocess.Popen([sys.executable, "-c", EXCHANGE], cwd=home)
    try:
        words = [bare("--check-policy", "./p.policy", timeout=10) for _ in range(10)]
    finally:
        exchanger.kill()
        exchanger.wait()
    assert any(done.returncode for done in words), "the pipe was found there"
    assert all(done.returncode == 0 or b"no ordinary file" in done.stdout for done in words), words


@pytest.mark.parametrize("line, says", [
    ("include common.policy", "quotation marks"), ("include 'x'", "quotation marks"), ("include", "quotation marks"),
    ('include "x', "quotation marks"), ('include "empty" now', "the end of the line"),
])
def test_how_an_include_is_written(errors, line, says):
    assert says in errors(f"default allow\n{line}\n")


def test_sets_stay_small(errors):
    """However sets are made of sets."""
    text = "default allow\n" + "".join(f"let s{n} = {{ {n * 4}, {n * 4 + 1}, {f's{n - 1}, ' if n else ''}{n * 4 + 2} }}\n" for n in range(400))
    assert "the sets of this policy say too much" in errors(text)
    assert "a policy has at most 256 sets" in errors("default allow\n" + "".join(f"let s{n} = {{ {n} }}\n" for n in range(300)))
    doubling = "default allow\nlet s0 = { 1, 2 }\n" + "".join(f"let s{n} = {{ s{n - 1}, s{n - 1} }}\n" for n in range(1, 40))
    assert "a set has at most 1024 values" in errors(doubling)
    large = "default allow\nlet all = { " + ", ".join(map(str, range(1000))) + " }\n" + "deny ioctl if cmd in { all }\n" * 100
    assert "the sets of this policy say too much" in errors(large)
