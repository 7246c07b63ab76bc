"""`--filter FILE`: filters that others made, read call by call and reviewed."""

import json
import shutil
import struct
import subprocess

import pytest

from support import bpf

HEAD = "ld [4]\njeq #0xc000003e, native\nret #0x80000000\nnative: ld [0]\n"
NO_X32 = HEAD + "jge #0x40000000, refuse\n"
REFUSE = "refuse: ret #0x50001\n"
ALLOW = "ret #0x7fff0000\n"
# Refuses socket and io_uring, so that only what a case is about is found.
CLEAN = NO_X32 + "jeq #41, refuse\njeq #425, refuse\n"


@pytest.fixture
def read(bare, me):
    def get(text, *words, mode="--explain"):
        raw = text if isinstance(text, bytes) else bpf.to_raw(bpf.assemble(text))
        path = f"{me.home}/filter.raw"
        with open(path, "wb") as file:
            file.write(raw)
        return bare("-q", mode, "--filter", path, "--arch", "x86_64", *words)
    return get


def findings(read, text):
    done = read(text, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]["review"]


@pytest.mark.parametrize("text, words", [
    ("ld [0]\njge #0x40000000, refuse\njeq #41, refuse\njeq #425, refuse\n" + ALLOW + REFUSE, "never looks at arch"),
    (HEAD + "jeq #41, refuse\njeq #425, refuse\n" + ALLOW + REFUSE, "x32 is open"),
    (NO_X32 + "jeq #41, refuse\njeq #425, refuse\njeq #101, refuse\n" + ALLOW + REFUSE, "x32 is open before Linux 5.4: refused, but allowed by the numbers 512 to 547: ptrace"),
    (NO_X32 + "jeq #425, refuse\njeq #41, socket, rest\nsocket: ld [20]\njeq #0, low, rest\nlow: ld [16]\njeq #2, refuse\n"
     "jeq #38, refuse\njeq #40, refuse\nrest: " + ALLOW + REFUSE, "socket's domain"),
    (NO_X32 + "jeq #41, refuse\n" + ALLOW + REFUSE, "io_uring is forgotten"),
    (CLEAN + "jeq #435, refuse\n" + ALLOW + REFUSE, "clone3 gets 'EPERM'"),
    (CLEAN + "jeq #42, ask\n" + ALLOW + REFUSE + "ask: ret #0x7fc00000\n", "answer its own questions"),
    (NO_X32 + "jeq #425, refuse\njeq #41, socket, rest\nsocket: ld [16]\njeq #2, refuse\nrest: " + ALLOW + REFUSE, "AF_ALG and AF_VSOCK"),
    ("ld [4]\njeq #0xc000003e, native\n" + ALLOW + "native: ld [0]\njge #0x40000000, refuse\njeq #41, refuse\njeq #425, refuse\n" + ALLOW + REFUSE,
     "every call of i386 is allowed"),
], ids=lambda text: text if len(text) < 40 else "")
def test_the_review(read, text, words):
    found = findings(read, text)
    # Where the 32-bit ABI is open, its socketcall is too.
    assert words in found[0] and all("socketcall of i386" in more for more in found[1:]), found


def test_nothing_to_find(read):
    assert findings(read, CLEAN + ALLOW + REFUSE) == []


def test_words_of_all_ways_to_find_a_call(read):
    """A tree, a table computed from the number, and a chain through scratch slots are read alike."""
    tree = NO_X32 + "jge #42, above\njge #41, refuse\n" + ALLOW + "above: jeq #425, refuse\n" + ALLOW + REFUSE
    table = NO_X32 + "sub #41\njeq #0, refuse\njeq #384, refuse\n" + ALLOW + REFUSE
    slots = NO_X32 + "st M[3]\nld #41\ntax\nld M[3]\njeq x, refuse\njeq #425, refuse\n" + ALLOW + REFUSE
    texts = []
    for text in (tree, table, slots):
        raw = bpf.to_raw(bpf.assemble(text)) if text is tree else assembled(text)
        done = read(raw)
        assert done.returncode == 0, done.stderr
        texts.append([line for line in done.stdout.decode().splitlines() if "EPERM" in line])
    assert texts[0] == texts[1] == texts[2] and texts[0]


def assembled(text):
    """More of the dialect than the presets use."""
    codes = {"ld": 0x20, "jge": 0x35, "jeq": 0x15, "ret": 0x06, "sub": 0x14}
    lines, labels = [], {}
    for line in text.splitlines():
        label, colon, rest = line.rpartition(": ")
        if colon:
            labels[label] = len(lines)
        lines.append(rest.replace(",", " ").split())
    code = []
    for at, words in enumerate(lines):
        to = lambda name: labels[name] - at - 1
        match words:
            case ["tax"]: code.append((0x07, 0, 0, 0))
            case ["st", slot]: code.append((0x02, 0, 0, int(slot[2:-1])))
            case ["ld", slot] if slot[0] == "M": code.append((0x60, 0, 0, int(slot[2:-1])))
            case ["ld", value] if value[0] == "#": code.append((0x00, 0, 0, int(value[1:], 0)))
            case ["ld", place]: code.append((0x20, 0, 0, int(place[1:-1])))
            case ["jeq", "x", label]: code.append((0x1D, to(label), 0, 0))
            case [name, value, label]: code.append((codes[name], to(label), 0, int(value[1:], 0)))
            case [name, value]: code.append((codes[name], 0, 0, int(value[1:], 0)))
    return bpf.to_raw(code)


def test_the_filter_of_a_preset_read_back(read, dump):
    """What is free and what is asked about is as --explain of the policy has it."""
    done = read(dump("default", "x86_64"), "--policy", "default", "--errno=EHOSTDOWN")
    first, rest = done.stdout.decode().split("\n", 1)
    assert first.endswith("is proven to mean policy default")
    assert "domain ==" in rest and "free on Linux 5.11" in rest
    wrong = read(dump("default", "x86_64"), "--policy", "strict", "--errno=EHOSTDOWN").stdout.decode()
    assert "does not mean policy strict: on " in wrong.split("\n", 1)[0]


@pytest.mark.parametrize("form", ["listing", "bpf_asm", "hex", "c", "json", "decimal", "dot", "raw", "smt2"])
def test_every_format(read, dump, form):
    done = read(dump("strict", "x86_64"), "--format", form, mode="--dump-bpf")
    assert done.returncode == 0 and done.stderr == b"" and done.stdout
    assert form != "raw" or done.stdout == dump("strict", "x86_64")


def test_a_filter_of_bwrap_and_libseccomp(read, me):
    """What libseccomp's Python module exports, when it is here."""
    python = "/usr/bin/python3"
    script = ("import seccomp, sys; f = seccomp.SyscallFilter(seccomp.ALLOW)\n"
              "f.add_rule(seccomp.ERRNO(1), 'socket', seccomp.Arg(0, seccomp.EQ, 16), seccomp.Arg(2, seccomp.EQ, 9))\n"
              "f.add_rule(seccomp.ERRNO(38), 'clone3')\nf.export_bpf(sys.stdout)\n")
    if not shutil.which(python):
        pytest.skip("no Python of Debian's, for which libseccomp's module is")
    done = subprocess.run([python, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    if done.returncode:
        pytest.skip("python3-seccomp is not here")
    text = read(done.stdout).stdout.decode()
    assert "EPERM if" in text and "clone3" in text and "socket's domain, protocol" in text


RETURN = struct.pack("<HBBI", 6, 0, 0, 0)


@pytest.mark.parametrize("raw, words", [
    (b"", "no filter"), (b"\x06", "has 1 bytes"), (RETURN + b"123", "has 3 bytes"), (RETURN * 4097, "4097"),
    (struct.pack("<HBBI", 0x94, 0, 0, 3) + RETURN, "operation code 0x94"), (struct.pack("<HBBI", 0x20, 0, 0, 64) + RETURN, "offset 64"),
    (struct.pack("<HBBI", 0x15, 9, 9, 0) + RETURN, "no filter"), (RETURN[:0] + struct.pack("<HBBI", 0x20, 0, 0, 0), "no filter"),
], ids=["empty", "a byte", "odd", "4097", "mod", "offset", "jump", "no return"])
@pytest.mark.parametrize("mode", ["--explain", "--dump-bpf"])
def test_what_is_no_filter(read, raw, words, mode):
    done = read(raw, mode=mode)
    assert (done.returncode, done.stdout) == (125, b"") and words in done.stderr.decode(), done
    assert done.stderr.count(b"\n") == 1


def test_a_file_that_is_not_there(bare):
    done = bare("--explain", "--filter", "/nowhere/filter.raw")
    assert (done.returncode, done.stdout) == (125, b"") and b"No such file" in done.stderr
    assert bare("--filter", "x", "--", "true").returncode == 125
    assert bare("--explain", "--filter", "x", "--verify", "1").returncode == 125
