"""What a start costs, in what noise does not touch: page faults and system calls; and what the binary is made of."""

import os
import re
import struct
import subprocess

import pytest
from conftest import BINARY

from support.calls import X86
from support.run import tool

SHIPPED = pytest.mark.skipif(not X86 or b"GLIBC_TUNABLES" in BINARY.read_bytes(), reason="the figures are those of the shipped build: x86_64 with musl")


def segments(data):
    """(type, flags) of each program header of a 64-bit ELF file (elf(5))."""
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return [struct.unpack_from("<II", data, offset + i * size) for i in range(count)]


def test_the_binary_is_static_and_writes_to_no_code():
    PT_DYNAMIC, PT_INTERP, PT_GNU_STACK, X, W = 2, 3, 0x6474E551, 1, 2
    with open("/bin/true", "rb") as file:  # the instrument: this one asks for a loader
        assert PT_INTERP in {kind for kind, _ in segments(file.read())}
    found = segments(BINARY.read_bytes())
    assert not {kind for kind, _ in found} & {PT_DYNAMIC, PT_INTERP}
    assert not [kind for kind, flags in found if flags & X and flags & W]
    assert PT_GNU_STACK in {kind for kind, _ in found}


@SHIPPED
def test_the_binary_is_small():
    assert BINARY.stat().st_size < 2_100_000


def faults(user, *command):
    """Page faults that need no disk, of a command and its own start; the least of several runs."""
    counted = []
    for _ in range(10):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user.options())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
        assert status == 0, (command, status)
        counted.append(usage.ru_minflt)
    return min(counted)


@pytest.fixture(scope="module")
def small(stage):
    """A program that touches next to nothing, so that its own start hides none of nonet's."""
    source = stage / "small.c"
    source.write_text('void _start(void) { __asm__ volatile("syscall" : : "a"(231), "D"(0)); }\n')
    subprocess.run([tool("cc"), "-nostdlib", "-static", "-O1", "-o", stage / "small", source], check=True, timeout=60)
    return str(stage / "small")


@SHIPPED
def test_a_start_touches_few_pages(user, nonet, small, stage):
    source = stage / "hundred.c"  # the instrument: a hundred pages more are a hundred faults more
    source.write_text("static char pages[100 << 12];\nint main(void) { for (int i = 0; i < 100; i++) ((volatile char *)pages)[i << 12] = 1; }\n")
    subprocess.run([tool("cc"), "-static", "-O1", "-o", stage / "hundred", source], check=True, timeout=60)
    assert faults(user, stage / "hundred") >= 100
    assert faults(user, nonet, "--", small) - faults(user, small) <= 20


def calls(*command):
    """The system calls up to the first execve of the command's own, children's among them, as strace shows them."""
    done = subprocess.run([tool("strace"), "-f", "-o", "/dev/stdout", *command], stdout=subprocess.PIPE, check=True, timeout=30)
    lines = [line.split(maxsplit=1)[1] for line in done.stdout.decode().splitlines()]
    return lines[1:next(i for i, line in enumerate(lines) if i and line.startswith("execve("))]


@SHIPPED
def test_a_start_asks_for_no_memory(nonet):
    asked = re.compile(r"(mmap|brk|munmap|mprotect)\(")
    assert list(filter(asked.match, calls(tool("python3"), "-c", "import os; os.execv('/bin/true', ['true'])")))
    assert not list(filter(asked.match, calls(nonet, "--", "/bin/true")))


def networks(*command):
    """How often a network namespace is made."""
    return len([line for line in calls(*command) if line.startswith("unshare(") and "CLONE_NEWNET" in line])


def test_a_loopback_is_made_once(nonet):
    assert networks(tool("unshare"), "-rn", "/bin/true") == 1
    assert networks(nonet, "--loopback", "--", "/bin/true") == 1
    assert networks(nonet, "--loopback", "--hint", "--", "/bin/true") == 1
    # Who goes on otherwise where it fails has to try it in a child first; whoever opens files sees their owners.
    assert networks(nonet, "--loopback", "--best-effort", "--", "/bin/true") == 2
    assert networks(nonet, "--loopback", "--log", "/dev/null", "--", "/bin/true") == 2
