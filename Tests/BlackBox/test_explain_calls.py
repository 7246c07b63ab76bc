"""--explain CALLS: what these very calls are answered on each ABI, and which rule or layer decides."""

import json

import pytest

from support import bpf
from support.calls import number
from support.table import PRESETS

AUDIT = {"x86_64": 0xC000003E, "i386": 0x40000003, "x32": 0xC000003E, "aarch64": 0xC00000B7, "arm": 0x40000028}
# Calls with all of their arguments, as people ask and as registers.
ASKED = [(f"socket({family}, {kind}, {protocol})", "socket", (family_number, kind_number, protocol))
         for family, family_number in [("AF_UNIX", 1), ("AF_INET", 2), ("AF_NETLINK", 16), ("AF_VSOCK", 40), ("44", 44)]
         for kind, kind_number in [("SOCK_STREAM", 1), ("SOCK_DGRAM | SOCK_CLOEXEC", 0x80002), ("5", 5)]
         for protocol in (0, 0x10)]


@pytest.mark.parametrize("arch", ["x86_64", "aarch64"])
@pytest.mark.parametrize("policy", PRESETS)
def test_the_answer_is_that_of_the_filter(bare, policy, arch):
    """As another interpreter has it of the filter's bytes, junk above an int or not."""
    words = ["-q", "--policy", policy, "--arch", arch]
    program = bpf.from_raw(bare(*words, "--dump-bpf", "--format=raw").stdout)
    questions = ",".join(text for text, *_ in ASKED)
    [told] = json.loads(bare(*words, "--explain", questions, "--format=json").stdout)
    assert [abi["abi"] for abi in told["abis"]] == {"x86_64": ["x86_64", "i386", "x32"], "aarch64": ["aarch64", "arm"]}[arch]
    for abi in told["abis"]:
        for (_, name, registers), call in zip(ASKED, abi["calls"], strict=True):
            native = abi["abi"] if abi["abi"] != "x32" else "x86_64"
            nr = number(name, native) | (0x40000000 if abi["abi"] == "x32" else 0)
            [outcome] = call["outcomes"]
            for junk in (0, 0xDEADBEEF << 32):
                got = bpf.run(program, bpf.pack(AUDIT[abi["abi"]], nr, [junk | register for register in registers]))
                assert outcome["value"] == (got[0] if isinstance(got, tuple) else got), (abi["abi"], call, junk)


POLICY = """default allow
layers namespace, sockets
deny socket with EPERM if domain == AF_INET and type & 0xf == SOCK_STREAM
deny socket if domain == AF_INET
deny mmap if arg2 == 7
foreign kill
"""


def test_which_rule_and_layer_decides(bare, me):
    with open(f"{me.home}/p.policy", "w") as file:
        file.write(POLICY)
    words = ["-q", "--arch=x86_64", "--policy", "p.policy", "--deny", "getpid", "--explain"]
    text = bare(*words, "socket(AF_INET, SOCK_STREAM),socket(AF_INET),getpid,socketcall").stdout.decode()
    assert text.splitlines()[1:] == [
        "", "x86_64:",
        "     41 socket(domain == AF_INET, type == SOCK_STREAM) EPERM  (rule 2)",
        "     41 socket(domain == AF_INET) EPERM if type & 0xf == SOCK_STREAM  (rule 2)",
        "                             EACCES otherwise  (rule 3)",
        "     39 getpid               EACCES  (rule 1)",
        "  has no call socketcall",
        "", "i386:",
        "    359 socket(domain == AF_INET, type == SOCK_STREAM) kill  (foreign)",
        "    359 socket(domain == AF_INET) kill  (foreign)",
        "     20 getpid               kill  (foreign)",
        "    102 socketcall           kill  (foreign)",
        "", "x32:",
        "  1073741865 socket(domain == AF_INET, type == SOCK_STREAM) ENOSYS  (x32)",
        "  1073741865 socket(domain == AF_INET) ENOSYS  (x32)",
        "  1073741863 getpid          ENOSYS  (x32)",
        "  has no call socketcall", "",
        "rule 1, --deny: deny getpid",
        "rule 2, p.policy:3: deny socket if domain == AF_INET and type & 0xf == SOCK_STREAM with EPERM",
        "rule 3, p.policy:4: deny socket if domain == AF_INET",
        "layer namespace: whatever the filter allows reaches 127.0.0.1 and ::1 alone",
        "layer sockets: AF_UNIX stream and seqpacket sockets are made by the supervisor, though the filter refuses them; from "
        "Linux 7.1 on Landlock holds all AF_UNIX sockets, and the filter lets them be made"]


def test_what_is_left_out_is_any_value(bare):
    def ask(question):
        done = bare("-q", "--arch=x86_64", "--explain", question, "--policy=-", input=b"default allow\nforeign allow\n"
                    b"deny sendto if flags & MSG_FASTOPEN != 0\ndeny pread64 with EPERM if offset > 0xffffffff\n")
        assert done.returncode == 0, done.stderr
        return [line.split("  ")[-2].strip().lstrip("0123456789 ") for line in done.stdout.decode().splitlines() if "(rule" in line or "(default)" in line]
    assert ask("sendto(3, NULL, 0, MSG_FASTOPEN)") == ["sendto(sockfd == 3, buf == NULL, len == 0, flags == MSG_FASTOPEN) EACCES"]
    assert ask("sendto(,,,0x4000)")[0].endswith("allow") and ask("sendto( , , , 0x20000000 )")[0].endswith("EACCES")
    assert len(ask("sendto(3)")) == len(ask("sendto()")) == len(ask("sendto")) == 2
    assert ask("pread64(,,,0x100000000)")[0].endswith("EPERM") and ask("pread64(,,,-1)")[0].endswith("EPERM")


def test_an_argument_that_an_abi_has_not(bare):
    """It is said, and the answer is that to any value."""
    done = bare("-q", "--arch=x86_64", "--explain", "mmap(NULL, 0, PROT_READ)").stdout.decode()
    assert "mmap has no argument 'prot' here, so it is left open" in done.split("i386:")[1]
    assert "left open" not in done.split("i386:")[0]


@pytest.mark.parametrize("question, column, says", [
    ("socket(AF_INTE)", 8, "no constant is called 'AF_INTE'; did you mean 'AF_INET'?"),
    ("connect,soket", 9, "no architecture has a call named 'soket'; did you mean 'socket'?"),
    ("@netwrk", 1, "no group is called '@netwrk'; did you mean '@network'?"),
    ("socket(AF_INET, , 6, 7)", 22, "socket has 3 arguments: domain, type, protocol"),
    ("socket(AF_INET", 15, "expected ',' or ')', found the end of the line"),
    ("close(1 2)", 9, "expected ',' or ')', found 2"),
    ("@debug(1)", 7, "a group has no arguments"),
    ("socket,", 8, "expected the name of a system call or an @group, found the end of the line"),
    ("socket(0x100000000)", 8, "the kernel takes 32 bits here, and this number has more"),
    ("socket(AF_INET) if", 17, "expected the end of the line, found 'if'"),
    ("socket(\"AF_INET\")", 8, "names stand without quotes: AF_INET"),
])
def test_a_mistake_is_told_with_its_place(bare, question, column, says):
    done = bare("--explain", question)
    assert done.returncode == 125 and done.stdout == b""
    first, source, caret = done.stderr.decode().splitlines()
    assert first == f"nonet: --explain:1:{column}: error: {says}"
    assert source == f"  {question}" and caret.index("^") == column + 1


def test_many_questions(bare):
    """In little time."""
    assert bare("-q", "--explain", ",".join(["socket(AF_INET, SOCK_STREAM)"] * 3000)).returncode == 0
    assert bare("--explain", "socket(" + "," * 100_000).returncode == 125


@pytest.mark.parametrize("words", [["--explain", "connect", "--policy", "strict"], ["--policy", "strict", "--explain=connect"],
                                   ["--explain", "--policy", "strict", "--", "connect"], ["--explain", "connect", "bind"]])
def test_where_the_calls_may_stand(bare, words):
    """Behind the option, and not where a command would stand."""
    taken = "--" not in words and "bind" not in words
    done = bare(*words)
    assert done.returncode == (0 if taken else 125), done.stderr
    assert not taken or b"connect" in done.stdout and b"getpid" not in done.stdout
