"""Profiles of container engines: read, written, merged and compared."""

import json
import pathlib
import subprocess

import pytest

from support import bpf
from support.calls import AUDIT
from support.profiles import always_allowed, beside, most_steps, ours, resolved
from support.run import Launcher

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Fixtures/profiles"
PUBLISHED = sorted(FIXTURES.glob("*.json"))
ALLOW, ERRNO = "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"


def run(nonet, *words, input=None, timeout=60):
    return subprocess.run([nonet, *map(str, words)], input=input, capture_output=True, text=True, timeout=timeout)


@pytest.fixture
def write(tmp_path):
    def write(value, name="p.json"):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return path
    return write


def profile(*entries, default=ALLOW, **more):
    return {"defaultAction": default, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
            "syscalls": [{"action": ERRNO, **entry} for entry in entries], **more}


def argument(index=0, op="EQ", value=1, **more):
    return {"index": index, "op": f"SCMP_CMP_{op}", "value": value, **more}


def around(text, head='"ociVersion": "1.0", '):
    """A document around two profiles, of which the first allows all and the second nothing of sockets; without braces where there are none."""
    lax, strict = json.dumps({"defaultAction": ALLOW}), json.dumps(profile({"names": ["socket"]}))
    return "{" + head + text % (lax, strict[1:-1] if text.endswith(", %s") else strict) + "}"


# A document that is not used, the place, and a part of the sentence.
WRONG = {
    "truncated": ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [', "", "expected a value"),
    "empty": ("", "", "expected a value"),
    "an array": ("[]", "", "expected an object"),
    "no default": ({"syscalls": []}, "", "defaultAction is missing"),
    "unknown default": ({"defaultAction": "SCMP_ACT_ALLOV"}, "defaultAction", "did you mean 'SCMP_ACT_ALLOW'?"),
    "default is a number": ({"defaultAction": 1}, "defaultAction", "no action is called that"),
    "twice": ('{"defaultAction": "SCMP_ACT_ALLOW", "defaultAction": "SCMP_ACT_LOG"}', "", "'defaultAction' is there twice"),
    "twice, escaped": ('{"defaultAction": "SCMP_ACT_ALLOW", "default\\u0041ction": "SCMP_ACT_LOG"}', "", "is there twice"),
    "twice in an entry": ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "names": [], "action": "SCMP_ACT_LOG"}]}',
                          "syscalls[0]", "'names' is there twice"),
    "other letters": ({"defaultAction": ALLOW, "Syscalls": []}, "", "write 'syscalls'"),
    "a letter that Go takes for an s": ({"defaultAction": ALLOW, "\u017fyscalls": []}, "", "write 'syscalls'"),
    "no action": ({"defaultAction": ALLOW, "syscalls": [{"names": ["read"]}]}, "syscalls[0]", "action is missing"),
    "no names": (profile({}), "syscalls[0]", "names is missing"),
    "both names": (profile({"names": ["read"], "name": "write"}), "syscalls[0].name", "either"),
    "an empty name": (profile({"names": [""]}), "syscalls[0].names", "empty name"),
    "a name that is a number": (profile({"names": ["read", 4]}), "syscalls[0].names[1]", "expected a string"),
    "names no array": (profile({"names": "read"}), "syscalls[0].names", "expected an array"),
    "unknown action": (profile({"names": ["read"]}, {"names": ["read"], "action": "SCMP_ACT_NO"}), "syscalls[1].action", "no action is called"),
    "notify": (profile({"names": ["read"], "action": "SCMP_ACT_NOTIFY"}), "syscalls[0].action", "cannot be honoured"),
    "trace": (profile({"names": ["read"], "action": "SCMP_ACT_TRACE"}), "syscalls[0].action", "cannot be honoured"),
    "trap": (profile({"names": ["read"], "action": "SCMP_ACT_TRAP"}), "syscalls[0].action", "cannot be honoured"),
    "errno 0": (profile({"names": ["read"], "errnoRet": 0}), "syscalls[0].errnoRet", "errno 0"),
    "errno 4096": (profile({"names": ["read"], "errnoRet": 4096}), "syscalls[0].errnoRet", "from 1 to 4095"),
    "errno -1": (profile({"names": ["read"], "errnoRet": -1}), "syscalls[0].errnoRet", "whole number"),
    "errno of no name": (profile({"names": ["read"], "errno": "EPREM"}), "syscalls[0].errno", "did you mean 'EPERM'?"),
    "unknown operator": (profile({"names": ["read"], "args": [argument(op="EG")]}), "syscalls[0].args[0].op", "did you mean 'SCMP_CMP_EQ'?"),
    "index 6": (profile({"names": ["read"], "args": [argument(), argument(6)]}), "syscalls[0].args[1].index", "from 0 to 5"),
    "index missing": (profile({"names": ["read"], "args": [{"op": "SCMP_CMP_EQ", "value": 1}]}), "syscalls[0].args[0]", "index is missing"),
    "a fraction": (profile({"names": ["read"], "args": [argument(value=1.5)]}), "syscalls[0].args[0].value", "whole number"),
    "an exponent": ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG", '
                    '"args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 1e3}]}]}', "syscalls[0].args[0].value", "whole number"),
    "65 bits": (profile({"names": ["read"], "args": [argument(value=1 << 64)]}), "syscalls[0].args[0].value", "to 18446744073709551615"),
    "many digits": (profile({"names": ["read"], "args": [argument(value=10**4000)]}), "syscalls[0].args[0].value", "whole number"),
    "a negative": (profile({"names": ["read"], "args": [argument(value=-1)]}), "syscalls[0].args[0].value", "whole number"),
    "both architectures": (profile(archMap=[{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": []}]), "archMap", "either"),
    "unknown flag": (profile(flags=["SECCOMP_FILTER_FLAG_X"]), "flags[0]", "no flag is called"),
    "no kernel": (profile({"names": ["read"], "includes": {"minKernel": "new"}}), "syscalls[0].includes.minKernel", "no kernel version"),
    "contradiction": (profile({"names": ["read"], "args": [argument()]}, {"names": ["read"], "errnoRet": 13, "args": [argument(1, "NE", 7)]}),
                      "syscalls[1]", "contradicts syscalls[0]"),
    "contradiction before the entry that decides": (
        profile({"names": ["prctl"], "args": [argument()]}, {"names": ["prctl"], "errnoRet": 13, "args": [argument()]}, {"names": ["prctl"]}),
        "syscalls[1]", "contradicts syscalls[0]"),
    "contradiction by a mask of no bit": (
        profile({"names": ["prctl"], "args": [argument(0, "MASKED_EQ", 0xFF << 40, valueTwo=0)]}, {"names": ["prctl"], "errnoRet": 13}),
        "syscalls[1]", "contradicts syscalls[0], which asks for no bit of a 32-bit call"),
    "bundle: seccomp twice": (around('"linux": {"seccomp": %s, "seccomp": %s}'), "linux", "'seccomp' is there twice"),
    "bundle: linux twice": (around('"linux": {"seccomp": %s}, "linux": {"seccomp": %s}'), "", "'linux' is there twice"),
    "bundle: Seccomp": (around('"linux": {"seccomp": %s, "Seccomp": %s}'), "linux", "write 'seccomp'"),
    "bundle: Linux": (around('"linux": {"seccomp": %s}, "Linux": {"seccomp": %s}'), "", "write 'linux'"),
    "bundle: a letter that Go takes for an s": (around('"linu\u017f": 1, "linux": {"seccomp": %s, "\u017feccomp": %s}'), "linux", "write 'seccomp'"),
    "bundle: none": ('{"ociVersion": "1.0", "linux": {}}', "", "linux.seccomp is missing"),
    "object: spec twice": (around('"kind": "SeccompProfile", "spec": %s, "spec": %s', ""), "", "'spec' is there twice"),
    "object: Spec": (around('"kind": "SeccompProfile", "spec": %s, "Spec": %s', ""), "", "write 'spec'"),
    "object: kind twice": (around('"kind": "SeccompProfile", "kind": "Pod", "spec": %s, "status": %s', ""), "", "'kind' is there twice"),
    "object: none": ('{"kind": "SeccompProfile"}', "", "spec is missing"),
    "a profile and a bundle": (around('"linux": {"seccomp": %s}, %s'), "", "'linux' and 'defaultAction'"),
    "a profile and an object": (around('"kind": "SeccompProfile", "spec": %s, %s', ""), "", "'spec' and 'defaultAction'"),
    "a bundle and an object": (around('"kind": "SeccompProfile", "linux": {"seccomp": %s}, "spec": %s'), "", "'linux' and 'spec'"),
    "a profile with a bundle's inside": (around('"linux": {"seccomp": %s}, %s', ""), "", "'linux' and 'defaultAction'"),
    "deep": ("[" * 100_000, "", "inside each other"),
    "deep inside": ('{"defaultAction": "SCMP_ACT_ALLOW", "comment": ' + "[" * 40 + "]" * 40 + "}", "", "inside each other"),
    "50 MB": (" " * 50_000_000 + "{}", "", "at most 4194304 bytes"),
    "no UTF-8": ('{"defaultAction": "SCMP_ACT_ALLOW", "comment": "\udc80"}', "", "UTF-8"),
    "half a pair": ('{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["\\ud800"], "action": "SCMP_ACT_LOG"}]}',
                    "syscalls[0].names[0]", "expected a string"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_profiles_run_nothing(nonet, tmp_path, name):
    text, place, words = WRONG[name]
    path, witness = tmp_path / "p.json", tmp_path / "ran"
    data = text if isinstance(text, str) else json.dumps(text)
    path.write_bytes(data.encode(errors="surrogateescape"))
    done = run(nonet, "--policy", path, "--", "touch", witness)
    assert done.returncode == 125 and not witness.exists() and done.stdout == ""
    first, *rest = done.stderr.splitlines()
    assert words in first and "(byte " in first and rest == ["the profile was not used"], done.stderr
    assert ((f": error: {place}: " if place else ": error: ") in first) and len(first) < 600
    # The offset is where the value stands.
    offset = int(first.rsplit("(byte ", 1)[1].rstrip(")"))
    assert offset <= len(path.read_bytes())
    merged = run(nonet, "--merge", path, "--", "touch", witness)
    assert merged.returncode == 125 and not witness.exists() and words in merged.stderr
    compared = run(nonet, "--diff", "default", path)
    assert compared.returncode == 2 and words in compared.stderr


def test_offsets_point_into_the_document(nonet, write):
    text = '{"defaultAction": "SCMP_ACT_ALLOW",\n "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG",\n   "args": [{"index": 9}]}]}'
    text = text.replace('"index": 9', '"index": 9, "value": 1, "op": "SCMP_CMP_EQ"')
    done = run(nonet, "--dump-bpf", "--policy", write(text))
    offset = text.index("9")
    assert f"p.json:3:{text.splitlines()[2].index('9') + 1}: error: syscalls[0].args[0].index: " in done.stderr
    assert f"(byte {offset})" in done.stderr


# A profile and what is warned of.
STRANGE = {
    "64 bits, refused": (profile({"names": ["socket"], "args": [argument(value=2)]}), "syscalls[0].args[0]: socket takes 32 bits"),
    "64 bits, allowed": (profile({"names": ["socket"], "action": ALLOW, "args": [argument(op="NE", value=40)]}, default=ERRNO),
                         "syscalls[0].args[0]: socket takes 32 bits"),
    "or": (profile({"names": ["prctl"], "args": [argument(), argument(0, "GT", 5)]}), "syscalls[0]: an argument is there twice"),
    "always": (profile({"names": ["prctl"], "args": [argument(0, "NE", 1), argument(0, "NE", 2)]}), "hold for every value"),
    "unknown call": (profile({"names": ["nosuchcall"]}), "no call is called nosuchcall; skipped"),
    "unknown member": (profile({"names": ["read"], "argz": []}), "'argz' means nothing here and is skipped; did you mean 'args'?"),
    "first without args": (profile({"names": ["read"]}, {"names": ["read"], "errnoRet": 5}), "read stays with what syscalls[0] says"),
    "never asked": (profile({"names": ["read"]}, {"names": ["read"], "errnoRet": 5, "args": [argument()]}), "read gets what syscalls[0] says"),
    "i386, refused": (profile({"names": ["socket"], "args": [argument(1, "MASKED_EQ", 15, valueTwo=1)]}), "syscalls[0]: socket has args here that"),
    "i386, allowed": (profile({"names": ["socket", "execve"], "action": ALLOW, "args": [argument(0, "MASKED_EQ", 15, valueTwo=1)]}, default=ERRNO),
                      "by socketcall, whose own"),
    "i386, System V": (profile({"names": ["shmget"], "args": [argument(2, "MASKED_EQ", 512, valueTwo=512)]}), "by ipc, whose own"),
    "log": (profile(flags=["SECCOMP_FILTER_FLAG_LOG"]), "nothing is logged"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_strange_profiles_are_warned_of(nonet, write, name):
    value, words = STRANGE[name]
    done = run(nonet, "--dump-bpf", "--policy", write(value))
    assert done.returncode == 0 and ": warning: " in done.stderr and words in done.stderr, done.stderr
    assert run(nonet, "-q", "--dump-bpf", "--policy", write(value)).stderr == ""


def test_what_is_meant_is_not_warned_of(nonet, write):
    masked = argument(op="MASKED_EQ", value=0xFFFFFFFF, valueTwo=2)
    done = run(nonet, "--dump-bpf", "--policy", write(profile({"names": ["socket"], "args": [masked]}, comment="x", listenerPath="")))
    assert (done.returncode, done.stderr) == (0, "")
    # Where socketcall is refused, or named, or there is no i386.
    masked = argument(1, "MASKED_EQ", 15, valueTwo=1)
    for value in (profile({"names": ["socket"], "args": [masked]}, {"names": ["socketcall"]}),
                  profile({"names": ["socket"], "args": [masked]}, {"names": ["socketcall"], "action": "SCMP_ACT_LOG"}),
                  profile({"names": ["socket"], "args": [masked]}, {"names": ["socket"], "args": [argument(0, "MASKED_EQ", 0, valueTwo=0)]}),
                  {**profile({"names": ["socket"], "args": [masked]}), "architectures": ["SCMP_ARCH_X86_64"]}):
        done = run(nonet, "--dump-bpf", "--policy", write(value))
        assert done.returncode == 0 and "socketcall" not in done.stderr, (value, done.stderr)


def test_commands_run_under_a_profile(nonet, write):
    program = "import os\ntry: os.getpgid(0); print('allowed')\nexcept OSError as e: print(e.errno)"
    for entry, answer in (({"names": ["getpgid"], "errnoRet": 71}, "71"), ({"names": ["getpgid"], "errno": "ENOSYS"}, "38"),
                          ({"names": ["getpgid"]}, "1"), ({"name": "getpgid"}, "1"), ({"names": ["getsid"]}, "allowed"),
                          ({"names": ["getpgid"], "includes": {"arches": ["s390x"]}}, "allowed"),
                          ({"names": ["getpgid"], "excludes": {"minKernel": "3.0"}}, "allowed"),
                          ({"names": ["getpgid"], "includes": {"minKernel": "3.0"}}, "1"),
                          ({"names": ["getpgid"], "includes": {"caps": ["CAP_BPF"]}}, "allowed"),
                          ({"names": ["getpgid"], "excludes": {"caps": ["CAP_BPF"]}}, "1")):
        done = run(nonet, "-q", "--policy", write(profile(entry)), "--", "/usr/bin/python3", "-c", program)
        assert done.stdout == answer + "\n", (entry, done)


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_programs_run_under_published_profiles(nonet, path):
    done = run(nonet, "-q", "--policy", path, "--", "/bin/sh", "-c", "ls / > /dev/null && echo here")
    assert (done.returncode, done.stdout) == (0, "here\n"), done.stderr


def test_other_documents_that_hold_a_profile(nonet, write):
    inner = profile({"names": ["getpgid"]})
    for outer, place in (({"ociVersion": "1.0.2", "linux": {"seccomp": inner}}, "linux.seccomp"),
                         ({"apiVersion": "security-profiles-operator.x-k8s.io/v1", "kind": "SeccompProfile", "spec": inner}, "spec")):
        assert run(nonet, "-q", "--diff", write(outer), write(inner, "q.json")).returncode == 0
        inner_wrong = {**inner, "defaultAction": "X"}
        wrong = {**outer, **({"spec": inner_wrong} if place == "spec" else {"linux": {"seccomp": inner_wrong}})}
        assert f"error: {place}.defaultAction: " in run(nonet, "--dump-bpf", "--policy", write(wrong)).stderr


EXPORTS = [("oci", policy) for policy in ("default", "strict", "unix", "loopback", *PUBLISHED)] + [
    ("docker", "default"), ("docker", PUBLISHED[0]), ("kubernetes", "strict"), ("kubernetes", FIXTURES / "systemd-system-service.json")]


@pytest.mark.parametrize(["format", "policy"], EXPORTS, ids=lambda each: getattr(each, "stem", each))
def test_exported_profiles_mean_the_same(nonet, tmp_path, format, policy):
    """But for x32, of which a profile leaves the old numbers out, and where it denies more, and says so."""
    done = run(nonet, "--dump-bpf", "--format", format, "--policy", policy)
    assert done.returncode == 0, done.stderr
    path = tmp_path / "out.json"
    path.write_text(done.stdout)
    compared = run(nonet, "-q", "--diff", path, policy)
    told = [line for line in done.stderr.splitlines() if f"--format {format}: " in line]
    assert compared.returncode == (1 if told else 0), compared.stderr
    removed = [line for line in compared.stdout.splitlines()[2:] if line.startswith("-")]
    assert len(removed) == len(told)
    for line in removed:
        # No name of a profile reaches these numbers of old kernels; libseccomp gives them the default.
        if line.startswith("-x32 calls without bit 30"):
            continue
        # Numbers that do not fit a 32-bit ABI are cut there, and then deny more.
        assert line.endswith((": kill", ": deny with ENOSYS", ": deny with EPERM")) or line.startswith("-i386 ") and "deny" in line, line
    assert all(set(each["op"] for each in entry.get("args", [])) <= {"SCMP_CMP_MASKED_EQ"}
               and len({each["index"] for each in entry.get("args", [])}) == len(entry.get("args", []))
               for entry in (json.loads(done.stdout).get("spec") or json.loads(done.stdout))["syscalls"])


def test_first_match_order_is_said_by_cases(nonet, write, tmp_path):
    text = """default deny with EPERM
        foreign kill
        x32 kill
        allow prctl if arg0 > 5 and arg0 < 32 and arg1 & 6 != 2
        deny prctl with EACCES if arg0 in { 1, 3 } or arg2 & 7 == 7
        kill prctl if arg0 == 0x100000003
        log  prctl if arg0 <= 4
        allow read, write, execve, exit_group
        allow socket unless domain in { AF_INET, AF_INET6 }
    """
    policy = write(text, "p.policy")
    for arch in ("x86_64", "aarch64"):
        if arch == "aarch64":
            policy = write(text.replace("x32 kill", ""), "p.policy")
        done = run(nonet, "--dump-bpf", "--format", "oci", "--arch", arch, "--policy", policy)
        assert done.returncode == 0
        compared = run(nonet, "--arch", arch, "--diff", policy, write(done.stdout, "o.json"))
        # All but the numbers that no name of a profile reaches is the same, and these are told.
        told = [line for line in compared.stdout.splitlines()[2:] if "x32 calls without bit 30" not in line]
        assert told == [] and compared.returncode == (1 if arch == "x86_64" else 0), compared.stdout
        notices = [line for line in done.stderr.splitlines() if line.startswith("nonet: --format oci:")]
        assert len(notices) == ("x32 calls without bit 30" in done.stderr) == (arch == "x86_64"), done.stderr


def test_what_a_profile_cannot_say_denies_more(nonet, write):
    cases = {
        "default deny\nforeign compile\nx32 kill\nallow execve\nallow socket if domain == AF_UNIX\n": "i386 calls",
        "default allow\nforeign deny with EPERM\nx32 kill\n": "i386 calls",
        "default allow\nforeign allow\nx32 kill\n": "i386 calls",
        "default allow\nforeign kill\nx32 allow\n": "x32 calls",
        "default allow\nforeign kill\nx32 kill\nunknown deny with ENOSYS\n": "numbers of no call",
        "default deny with EPERM\nforeign kill\nx32 kill\nunknown allow\nallow execve\n": "calls above",
    }
    for text, words in cases.items():
        done = run(nonet, "--dump-bpf", "--format", "oci", "--policy", write(text, "p.policy"))
        assert done.returncode == 0 and words in done.stderr, (text, done.stderr)


def test_too_many_cases_are_refused(nonet, write):
    condition = " and ".join(f"arg{index} != {index + 3} and arg{index} < 0x123456789abcdef" for index in range(6))
    done = run(nonet, "-q", "--dump-bpf", "--format", "oci", "--policy", write(f"default allow\ndeny prctl if {condition}\n", "p.policy"))
    assert done.returncode == 125 and "too many cases" in done.stderr and done.stdout == ""


def test_bit_63_is_not_for_kubernetes(nonet, write):
    policy = write("default allow\nforeign kill\nx32 kill\ndeny prctl if arg1 & 0x8000000000000000 != 0\n", "p.policy")
    done = run(nonet, "--dump-bpf", "--format", "kubernetes", "--policy", policy)
    assert done.returncode == 125 and "63 bits" in done.stderr and done.stdout == ""
    assert run(nonet, "--dump-bpf", "--format", "oci", "--policy", policy).returncode == 0


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
@pytest.mark.parametrize("policy", ["default", "strict"])
def test_a_merged_policy_refuses_what_either_does(nonet, tmp_path, path, policy):
    merged = tmp_path / "merged.json"
    done = run(nonet, "-q", "--dump-bpf", "--format", "docker", "--policy", policy, "--merge", path)
    # Both tell sockets apart bit by bit there, and a profile has one kind of test.
    if done.returncode == 125 and policy == "default" and path.stem in ("containerd", "docker", "podman"):
        assert "the rules of socket have too many cases" in done.stderr and done.stdout == ""
    else:
        assert done.returncode == 0, done.stderr
        merged.write_text(done.stdout)
    calls = run(nonet, "-q", "--explain", "--format", "json", "--policy", policy, "--merge", path)
    answers = [{(abi["abi"], call["name"]): call["outcomes"] for abi in json.loads(text)[0]["abis"] for call in abi["calls"]}
               for text in (calls.stdout, *(run(nonet, "-q", "--explain", "--format", "json", "--policy", each).stdout for each in (policy, path)))]
    order = {"allow": 0, "log": 1, "kill": 3}
    compared = 0
    for call, outcomes in answers[0].items():
        if call[0] != "x86_64":
            continue
        sides = [each[call] for each in answers]
        if all(len(side) == 1 for side in sides):
            rank = [order.get(side[0]["answer"], 2) for side in sides]
            assert rank[0] == max(rank[1:]), (call, sides)
            compared += 1
    assert compared > 300


def test_a_merged_policy_runs(nonet):
    program = ("import os, socket\nfor what in (lambda: socket.socket(), lambda: os.chroot('/')):\n"
               "    try: what(); print('allowed')\n    except OSError as e: print(e.errno)\n")
    done = run(nonet, "--merge", FIXTURES / "flatpak.json", "-q", "--", "/usr/bin/python3", "-c",
               program)
    assert (done.returncode, done.stdout) == (0, "13\n1\n"), done


def test_the_name_says_what_it_is_merged_with(nonet):
    done = run(nonet, "-q", "--merge", FIXTURES / "docker.json", "--", "/bin/sh", "-c", "echo $NONET")
    assert done.stdout.startswith(f"default+merge({FIXTURES / 'docker.json'})"), done


def test_differences(nonet, write):
    one = write("default allow\nforeign kill\ndeny socket if domain == AF_INET\ndeny bpf, mount\ndeny chroot with EPERM\n", "a.policy")
    two = write("default allow\nforeign kill\ndeny socket if domain == AF_INET6\ndeny bpf\n", "b.policy")
    done = run(nonet, "-q", "--diff", one, two)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"--- {one}", f"+++ {two}"]
    assert lines[2:6] == ["-x86_64 chroot: deny with EPERM", "+x86_64 chroot: allow", "-x86_64 mount: deny with EACCES", "+x86_64 mount: allow"]
    assert len(lines) == 8 and "socket(" in lines[6] and lines[6].startswith("-x86_64 ") and lines[7].startswith("+x86_64 ")
    # The call that is named does get these answers.
    family = int(lines[6].split("(")[1].split(",")[0], 0) & 0xFFFFFFFF
    assert {family} <= {2, 10} and lines[6].endswith("allow" if family == 10 else "deny with EACCES")
    assert run(nonet, "-q", "--diff", one, one).stdout == "" and run(nonet, "-q", "--diff", one, one).returncode == 0
    same = write("default allow\nforeign kill\ndeny mount, bpf\ndeny chroot with EPERM\nallow socket unless domain == 2\ndeny socket\n", "c.policy")
    assert run(nonet, "-q", "--diff", one, same).returncode == 0


def test_differences_beside_calls(nonet, write):
    base = "default allow\nforeign kill\nx32 kill\n"
    for text, words in ((base.replace("x32 kill", "x32 allow"), "x32 calls"), (base + "unknown kill\n", "calls above"),
                        (base.replace("foreign kill", "foreign compile"), "i386 calls"), (base.replace("foreign kill", "foreign allow"), "i386 calls")):
        done = run(nonet, "-q", "--diff", write(base, "a.policy"), write(text, "b.policy"))
        # x32 has numbers with its bit and without.
        assert done.returncode == 1 and words in done.stdout and len(done.stdout.splitlines()) == (6 if words == "x32 calls" else 4), done.stdout


def test_trouble_is_2(nonet, write):
    for words in (["--diff"], ["--diff", "default"], ["--diff", "default", "strict", "unix"], ["--diff", "default", "nosuch"],
                  ["--diff", "nosuch", "default"], ["--diff", "-", "-"], ["--diff", "default", "/nosuch.policy"]):
        done = run(nonet, *words, input="")
        assert done.returncode in (2, 125) and done.stdout == "" and done.stderr.startswith("nonet: "), words
    assert run(nonet, "--diff", "default", "/nosuch.policy").returncode == 2


def test_a_profile_on_standard_input(nonet):
    text = json.dumps(profile({"names": ["getpgid"]}))
    assert "1 getpgid" not in run(nonet, "-q", "--dump-bpf", "--policy", "-", input=text).stderr
    assert run(nonet, "-q", "--diff", "-", "default", input=text).returncode == 1


# The most instructions for x86_64, alone and with i386.
LONGEST = {"containerd": (75, 165), "docker": (75, 165), "podman": (75, 165), "flatpak": (70, 110), "systemd-system-service": (50, 130)}


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: path.stem)
def test_published_profiles_are_short(nonet, path):
    profile = resolved(json.loads(path.read_text()))
    calls = always_allowed(profile)
    assert len(calls) > 250
    for has_i386, longest in zip((False, True), LONGEST[path.stem]):
        program = ours(nonet, beside(profile, has_i386))
        assert len(program) <= longest
        assert most_steps(program, calls) <= 12
        assert all(bpf.is_free(program, AUDIT["x86_64"], nr) for nr in calls)


def test_growth_is_near_linear(nonet, write):
    import time

    def seconds(count):
        entries = [{"names": ["prctl"], "args": [argument(0, "EQ", 3 * index)]} for index in range(count)]
        path = write(profile(*entries))
        best = 9.0
        for _ in range(3):
            before = time.monotonic()
            assert run(nonet, "-q", "--dump-bpf", "--format", "hex", "--policy", path).returncode == 0
            best = min(best, time.monotonic() - before)
        return best

    few, many = seconds(50), seconds(800)
    print(f"50 entries {few * 1000:.0f} ms, 800 entries {many * 1000:.0f} ms")
    assert many < 16 * 3 * few + 0.5


def test_entries_for_the_capabilities_that_the_command_has(user, nonet):
    """Those of root that its layers leave; what is printed is for a container, which begins without."""
    if user.name == "nobody":
        held = 0
    else:
        status = pathlib.Path("/proc/self/status").read_text()
        held = int(status.split("CapPrm:", 1)[1].split()[0], 16)
    program = "import os\ntry: os.getpgid(0); print('allowed')\nexcept OSError as e: print(e.errno)"
    # The capability, its number, options, and whether it stays.
    for name, bit, options, stays in (("CAP_CHOWN", 0, (), True), ("CAP_NET_ADMIN", 12, (), False), ("CAP_SYS_ADMIN", 21, (), True),
                                      ("CAP_NET_RAW", 13, ("--keep-caps", "NET_RAW"), True), ("CAP_SYS_ADMIN", 21, ("--policy", "strict"), False),
                                      ("CAP_SYS_ADMIN", 21, ("--keep-caps", "SYS_ADMIN", "--policy", "strict"), True)):
        has = stays and held >> bit & 1
        if "--keep-caps" in options and not held >> bit & 1:
            continue
        for word, refused in (("includes", has), ("excludes", not has)):
            path = pathlib.Path(user.home) / "caps.json"
            path.write_text(json.dumps(profile({"names": ["getpgid"], word: {"caps": [name]}})))
            path.chmod(0o644)
            done = Launcher(user, (nonet, "-q", *options, "--merge", path, "--"))("/usr/bin/python3", "-c", program)
            assert done.stdout == (b"1\n" if refused else b"allowed\n"), (name, options, word, done)
            alone = Launcher(user, (nonet, "-q", "--policy", path))("--explain", "getpgid").stdout.decode()
            assert ("EPERM" in alone) == (word == "excludes"), alone
