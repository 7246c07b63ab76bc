"""What --dump-bpf prints: all formats say the same, and the bytes mean the table of presets."""

import errno
import json
import re
import shutil
import subprocess

import pytest

from support import bpf
from support.calls import ARCHES, AUDIT, COMPAT, NATIVE, NEWEST, X32, number
from support.formats import FORMATS
from support.table import COMPAT_ROWS, NATIVE_ROWS, PRESETS, X32_NUMBERS
from support.verdicts import refusal

HOSTS = ["x86_64", "aarch64"]
MARK = errno.EHOSTDOWN


@pytest.fixture(scope="module")
def program(dump):
    return lambda preset, arch: bpf.from_raw(dump(preset, arch))


every_program = pytest.mark.parametrize("preset, arch", [(p, a) for p in PRESETS for a in HOSTS])


@every_program
def test_only_canonical_code(program, preset, arch):
    assert list(bpf.proper(program(preset, arch))) == []


@every_program
def test_meaning(program, preset, arch):
    """The table once more, by our own interpreter; this reaches aarch64, arm and loopback too."""
    code, wrong = program(preset, arch), []
    for abi, rows in ((arch, NATIVE_ROWS), (COMPAT[arch], COMPAT_ROWS)):
        for row in rows + (X32_NUMBERS if abi == "x86_64" else []):
            nr = number(row[1], abi)
            if nr is None or abi == "arm" and row[0].startswith(("above", "newest")):
                continue  # arm has numbers of its own far above the others'
            arguments = [0x5000 if isinstance(a, str) else a for a in row[2]]
            if abi != arch:
                arguments = [a & 0xFFFFFFFF for a in arguments]
            value, _ = bpf.run(code, bpf.pack(AUDIT[abi], nr, arguments))
            expected = refusal(row, preset, MARK)
            if value != (bpf.ALLOW if expected is None else bpf.ERRNO | expected):
                wrong.append(f"{abi} {row[0]}: {value:#x}")
    assert wrong == []


@every_program
def test_foreign_arches_are_killed(program, preset, arch):
    code = program(preset, arch)
    strangers = {0, 0xFFFFFFFF, 0xDEADBEEF, 8, 0x80000008, 0xC00000F3, 0xC0000015, AUDIT[arch] ^ 1, AUDIT[arch] ^ 0x80000000}
    strangers |= {AUDIT[a] for a in ARCHES} - {AUDIT[arch], AUDIT[COMPAT[arch]]}
    for stranger in strangers:
        for nr in (0, 41, 198, 359, 102, X32 | 41, 0xFFFFFFFF):
            assert bpf.run(code, bpf.pack(stranger, nr))[0] == bpf.KILL_PROCESS, hex(stranger)


@every_program
def test_edges_of_the_number_space(program, preset, arch):
    """Every number up to far above the newest, then the edges: no gap, no off-by-one."""
    code = program(preset, arch)
    answer = lambda nr: bpf.run(code, bpf.pack(AUDIT[arch], nr, (1, 1)))[0]
    above = bpf.ERRNO | errno.ENOSYS if preset == "strict" else bpf.ALLOW
    x32 = bpf.ERRNO | errno.ENOSYS if arch == "x86_64" else above
    # Before Linux 5.4 these are x32's without its bit (commit 6365b842aae4).
    bare = range(512, 548) if arch == "x86_64" else ()
    assert {answer(nr) for nr in range(NEWEST + 1, NEWEST + 600) if nr not in bare} == {above}
    assert {answer(nr) for nr in bare} <= {x32}
    assert answer(X32 - 1) == above
    for nr in (X32, X32 + 1, X32 | 41, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE):
        assert answer(nr) == x32, hex(nr)
    assert answer(0xFFFFFFFF) == bpf.ALLOW
    named = {bpf.ALLOW, bpf.ERRNO | MARK, bpf.ERRNO | errno.ENOSYS, bpf.ERRNO | errno.EAFNOSUPPORT, bpf.ERRNO | errno.EPERM}
    assert {answer(nr) for nr in range(NEWEST + 1)} <= named


@pytest.mark.parametrize("arch", HOSTS)
def test_unnamed_calls_are_free_and_near(program, arch):
    """Under default: allowed from number and arch alone, so that the kernel's bitmap holds them."""
    code = program("default", arch)
    tested = {number(c, arch) for c in ("socket", "socketpair", "ioctl", "keyctl", "prlimit64")}
    allowed = [nr for nr in range(NEWEST + 1)
               if nr not in tested and bpf.run(code, bpf.pack(AUDIT[arch], nr))[0] == bpf.ALLOW]
    assert len(allowed) > NEWEST - 15
    assert [nr for nr in allowed if not bpf.is_free(code, AUDIT[arch], nr)] == []
    assert max(bpf.run(code, bpf.pack(AUDIT[arch], nr))[1] for nr in allowed) <= 10


# --- the formats ---------------------------------------------------------------------------------


@every_program
def test_raw_is_whole_instructions(dump, preset, arch):
    assert len(dump(preset, arch)) % 8 == 0 and 0 < len(dump(preset, arch)) <= 8 * 4096


@every_program
def test_bpf_asm(dump, program, preset, arch):
    assert bpf.assemble(dump(preset, arch, "bpf_asm").decode()) == program(preset, arch)


@every_program
def test_decimal(dump, program, preset, arch):
    """As `tcpdump -ddd`: the count, then one instruction a line."""
    count, *lines = dump(preset, arch, "decimal").decode().splitlines()
    assert int(count) == len(lines)
    assert [tuple(map(int, line.split())) for line in lines] == program(preset, arch)


@every_program
def test_hex(dump, preset, arch):
    digits = re.sub(r"\s", "", dump(preset, arch, "hex").decode())
    assert bytes.fromhex(digits) == dump(preset, arch)


@every_program
def test_c(dump, preset, arch, me):
    """It compiles without a warning, and the array holds the raw bytes."""
    text = dump(preset, arch, "c").decode()
    name = re.search(r"struct sock_filter (\w+)\[", text).group(1)
    includes = "" if "#include <linux/filter.h>" in text else "#include <linux/filter.h>\n"
    main = f"\n#include <stdio.h>\nint main(void) {{ return fwrite({name}, 1, sizeof {name}, stdout) != sizeof {name}; }}\n"
    with open(f"{me.home}/dump.c", "w") as file:
        file.write(includes + text + main)
    build = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", f"{me.home}/dump", f"{me.home}/dump.c"]
    subprocess.run(build, check=True, timeout=30)
    assert subprocess.run([f"{me.home}/dump"], stdout=subprocess.PIPE, timeout=5).stdout == dump(preset, arch)


@every_program
def test_json(dump, program, preset, arch):
    """Whatever else it says, somewhere is the list of instructions with code, jt, jf, k."""
    found = instructions_in(json.loads(dump(preset, arch, "json")))
    assert found == program(preset, arch)


def instructions_in(value):
    """The first list of objects with `code`, `jt`, `jf` and `k`, at any depth."""
    if isinstance(value, list) and value and all(isinstance(v, dict) and {"code", "jt", "jf", "k"} <= v.keys() for v in value):
        return [tuple(int(v[f], 0) if isinstance(v[f], str) else v[f] for f in ("code", "jt", "jf", "k")) for v in value]
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for child in children if (found := instructions_in(child))), None)


RAW_FIELDS = re.compile(r"^\s*l(\d+):\s+([0-9a-f]{2}) ([0-9a-f]{2}) ([0-9a-f]{2}) ([0-9a-f]{8})  (.*)$")


@every_program
def test_listing(dump, program, preset, arch):
    """One line an instruction, numbered, with the raw fields before the words; comments after `;`."""
    lines = dump(preset, arch, "listing").decode().splitlines()
    rows = [RAW_FIELDS.match(line) for line in lines if not line.startswith(";")]
    assert all(rows)
    code = program(preset, arch)
    assert [int(row[1]) for row in rows] == list(range(len(code)))
    assert [tuple(int(row[n], 16) for n in (2, 3, 4, 5)) for row in rows] == code
    assert bpf.assemble("\n".join(f"l{row[1]}: {row[6]}" for row in rows)) == code


def test_listing_names_constants_by_their_argument(dump):
    """1 is AF_UNIX in a domain and SOCK_STREAM in a type."""
    text = dump("default", "x86_64", "listing").decode()
    assert "domain == AF_UNIX?" in text and "type & 0xf == SOCK_STREAM?" in text
    assert "type & 0xf == AF_UNIX" not in text


def test_listing_names_the_rules(dump):
    text = dump("default", "x86_64", "listing").decode()
    for word in ("socket", "connect", "AF_UNIX", "EHOSTDOWN", "EAFNOSUPPORT", "ENOSYS", "io_uring_setup", "KILL"):
        assert word.lower() in text.lower(), word


@every_program
def test_dot(dump, preset, arch):
    """Graphviz takes it; where it is not installed, the braces and quotes must at least be even."""
    text = dump(preset, arch, "dot").decode()
    assert text.lstrip().startswith("digraph") and text.rstrip().endswith("}")
    assert text.count("{") == text.count("}") and text.replace('\\"', "").count('"') % 2 == 0
    assert "->" in text
    if shutil.which("dot"):
        done = subprocess.run(["dot", "-Tplain"], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        assert done.returncode == 0 and done.stderr == b""


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_again(nonet, dump, form):
    """No time, path, address or order of a hash table in it."""
    words = [nonet, "--dump-bpf", f"--format={form}", "--errno=112"]
    first, second = (subprocess.run(words, stdout=subprocess.PIPE, env=e, cwd="/", timeout=10).stdout for e in ({}, {"A": "b"}))
    assert first == second == dump("default", NATIVE, form)


@pytest.mark.parametrize("form", FORMATS)
def test_all_arches(nonet, dump, form):
    """One program after the other, or a refusal where that cannot be told apart."""
    words = [nonet, "--dump-bpf", "--arch", "all", "--format", form, "--errno=112"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
    if done.returncode == 0:
        assert len(done.stdout) > len(dump("default", "x86_64", form)) and done.stderr == b""
        assert form != "json" or json.loads(done.stdout)
    else:
        assert (done.returncode, done.stdout) == (125, b"")
        assert done.stderr.startswith(b"nonet: ") and form in ("raw", "hex", "bpf_asm", "decimal", "dot", "c")
