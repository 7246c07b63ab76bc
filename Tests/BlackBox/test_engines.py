"""An exported policy in the engines that it is for: the same probes get the same answers as under nonet.

runc and crun start a bundle of the probe alone; podman its folder; bwrap takes the program itself, and
systemd looks at the drop-in. An engine that does not run on this machine, by a container without a filter,
is skipped with its own words.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import uuid

import pytest

from support.calls import X86

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/profiles"
SCHEMA = FIXTURES.parent / "schemas/seccompprofile.json"
pytestmark = pytest.mark.skipif(not X86 or os.geteuid() != 0, reason="engines are started as root, on x86_64")

# Answers that depend on nothing but the filter: refused, or a failure that comes after it.
REQUESTS = [
    "inet:native:41:2:1:0", "inet6:native:41:10:2:0", "inet-high:native:41:0x100000002:1:0", "unix-datagram:native:41:1:2:0",
    "vsock:native:41:40:1:0", "alg:native:41:38:5:0", "pair-inet:native:53:2:1:0:0", "connect:native:42:-1:0:0",
    "io_uring:native:425:0:0", "bpf:native:321:99:0:0", "request_key:native:249:0:0:0:0", "pidfd_getfd:native:438:-1:0:0",
    "tiocsti:native:16:-1:0x5412:0", "tiocsti-high:native:16:-1:0x100005412:0", "tcgets:native:16:-1:0x5401:0",
    "session:native:250:18:0:0", "close:native:3:-1", "getsockname:native:51:-1:0:0", "new:native:600",
    "i386-inet:int80:359:2:1:0", "i386-socketcall:int80:102:1:0", "i386-connect:int80:362:-1:0:0", "i386-close:int80:6:-1",
]


def tool(name):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture
def exported(nonet, tmp_path):
    def exported(format, policy="default", *more):
        done = subprocess.run([nonet, "-q", "--dump-bpf", "--format", format, "--policy", policy, *more], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout
    return exported


@pytest.fixture
def root(tmp_path, probe):
    folder = tmp_path / "bundle/rootfs"
    for each in ("proc", "dev", "sys", "tmp", "etc"):
        (folder / each).mkdir(parents=True)
    shutil.copy(probe, folder / "probe")
    return folder


def answers(done):
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == len(REQUESTS), (done.returncode, done.stdout, done.stderr)
    return lines


def under_nonet(nonet, probe, policy="default"):
    return answers(subprocess.run([nonet, "-q", "--policy", policy, "--", probe, *REQUESTS], capture_output=True, text=True, timeout=60))


# crun takes no machine that has both kinds of control groups, so it sees the newer kind alone; what is mounted goes with it.
ALONE = ["unshare", "--mount", "--propagation=private", "sh", "-c", 'mount -t cgroup2 none /sys/fs/cgroup; exec "$@"', "sh"]


def run_bundle(engine, root, seccomp):
    config = {
        "ociVersion": "1.0.2", "root": {"path": "rootfs", "readonly": True}, "hostname": "probe",
        "process": {"user": {"uid": 0, "gid": 0}, "cwd": "/", "args": ["/probe", *REQUESTS], "env": ["PATH=/"], "noNewPrivileges": True,
                    "capabilities": {each: [] for each in ("bounding", "effective", "permitted")}},
        "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
        "linux": {"namespaces": [{"type": each} for each in ("pid", "mount", "ipc", "uts")]},
    }
    if seccomp:
        config["linux"]["seccomp"] = seccomp
    (root.parent / "config.json").write_text(json.dumps(config))
    words = [*ALONE, engine, "--cgroup-manager=disabled"] if engine.endswith("crun") else [engine]
    return subprocess.run([*words, "run", "--bundle", root.parent, f"nonet-{uuid.uuid4().hex[:12]}"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", ["runc", "crun"])
def test_a_bundle_gets_the_same_answers(nonet, exported, root, probe, name):
    engine = tool(name)
    bare = run_bundle(engine, root, None)
    if bare.returncode != 0:
        pytest.skip(f"{name} starts no container here: {bare.stderr.strip()[-300:]}")
    assert answers(bare) != under_nonet(nonet, probe), "the probes see a filter"
    for format in ("oci", "kubernetes"):
        text = json.loads(exported(format))
        assert answers(run_bundle(engine, root, text.get("spec", text))) == under_nonet(nonet, probe), format


def test_podman_takes_the_profile(nonet, exported, root, probe, tmp_path, tmp_path_factory):
    podman = tool("podman")
    # At most 50 characters.
    runroot = tmp_path_factory.getbasetemp() / "p"

    def run(*more):
        # Neither more files nor processes than this machine allows.
        limits = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]
        words = [*ALONE, podman, "--root", tmp_path / "storage", "--runroot", runroot, "--cgroup-manager=cgroupfs", "run", "--rm", *limits,
                 "--network=none", "--cgroups=disabled", "--security-opt=no-new-privileges", "--cap-drop=all", *more, "--rootfs", root, "/probe"]
        return subprocess.run([*words, *REQUESTS], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)

    bare = run("--security-opt=seccomp=unconfined")
    if bare.returncode != 0:
        pytest.skip(f"podman starts no container here: {bare.stderr.strip()[-300:]}")
    path = tmp_path / "docker.json"
    path.write_text(exported("docker"))
    assert answers(run(f"--security-opt=seccomp={path}")) == under_nonet(nonet, probe)


def test_bwrap_takes_the_program(nonet, root, probe, tmp_path):
    bwrap = tool("bwrap")
    raw = tmp_path / "filter"
    raw.write_bytes(subprocess.run([nonet, "-q", "--dump-bpf", "--format=raw"], capture_output=True, timeout=60).stdout)
    with raw.open("rb") as file:
        done = subprocess.run([bwrap, "--bind", root, "/", "--proc", "/proc", "--seccomp", str(file.fileno()), "/probe", *REQUESTS],
                              pass_fds=[file.fileno()], capture_output=True, text=True, timeout=60)
    if "setting up" in done.stderr or "namespace" in done.stderr:
        pytest.skip(f"bwrap starts nothing here: {done.stderr.strip()[-300:]}")
    assert answers(done) == under_nonet(nonet, probe)


@pytest.mark.parametrize("policy", ["default", "strict", "unix", "loopback"])
def test_what_a_drop_in_allows_is_listed(nonet, exported, tmp_path, policy):
    """The first list is one of what is allowed: of another one systemd leaves out, and so allows, what it does not know."""
    lines = exported("systemd", policy, "--deny", "listns").splitlines()
    lists = [line.removeprefix("SystemCallFilter=") for line in lines if line.startswith("SystemCallFilter=")]
    assert not lists[0].startswith("~") and "read" in lists[0].split() and "listns" not in lists[0].split()
    assert "SystemCallErrorNumber=ENOSYS" in lines
    assert ("PrivateNetwork=yes" in lines) == (policy == "loopback"), lines


@pytest.mark.parametrize("format", ["systemd", "oci", "docker", "kubernetes"])
def test_an_export_tells_what_it_leaves_out(nonet, format):
    def told(policy):
        done = subprocess.run([nonet, "--dump-bpf", "--format", format, "--policy", policy], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        return done.stderr
    loopback, strict = told("loopback"), told("strict")
    assert ("PrivateNetwork=yes" if format == "systemd" else "has no network of its own") in loopback
    assert "leaves these layers out: landlock, descriptors, capabilities, sockets" in loopback
    assert "capabilities, settings" in strict and "network of its own" not in strict
    assert ("is a list of what is refused here" in loopback) == (format != "systemd")


def test_a_unit_that_could_not_start_is_not_written(nonet, tmp_path):
    (tmp_path / "p.policy").write_text("default deny\nallow read if fd == 3\nallow write if fd == 4\n")
    done = subprocess.run([nonet, "-q", "--dump-bpf", "--format", "systemd", "--policy", tmp_path / "p.policy"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 125 and "no unit could start" in done.stderr and not done.stdout, done


@pytest.mark.parametrize("policy", ["default", "strict", "loopback"])
def test_systemd_takes_the_drop_in(exported, tmp_path, policy):
    analyze = tool("systemd-analyze")
    unit = tmp_path / "nonet-probe.service"
    text = exported("systemd", policy)
    assert text.startswith("[Service]\nNoNewPrivileges=yes\nSystemCallArchitectures=native")
    unit.write_text("[Unit]\nDescription=probe\n" + text + "ExecStart=/bin/true\n")
    done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    # It tells of calls that are newer than it, and of other units of this machine.
    told = [line for line in (done.stdout + done.stderr).splitlines() if "nonet-probe" in line and "system call" not in line.lower()]
    assert told == [], (told, text)


def test_a_unit_gets_the_answers(nonet, exported, probe, tmp_path):
    manager = tool("systemd-run")
    if subprocess.run(["systemctl", "is-system-running"], capture_output=True, text=True, timeout=20).stdout.strip() not in ("running", "degraded"):
        pytest.skip("no systemd manages this machine, so no unit can be started")
    lines = [line for line in exported("systemd", "strict").splitlines() if "=" in line]
    words = [word for line in lines for word in ("-p", line)]
    done = subprocess.run([manager, "--wait", "--pipe", "--quiet", *words, probe, "inet:native:41:2:1:0", "close:native:3:-1"],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["inet -1 38", "close -1 9"], done


def matches(value, schema, path=""):
    """What of a value is not as the schema demands; the few words of OpenAPI that the schema uses."""
    kind = schema.get("type")
    kinds = {"object": dict, "array": list, "string": str, "integer": int}
    if kind and not isinstance(value, kinds[kind]):
        return [f"{path} is no {kind}"]
    wrong = [f"{path} is not one of {schema['enum']}"] if "enum" in schema and value not in schema["enum"] else []
    if kind == "integer":
        highest = schema.get("maximum", {"int32": 2**31 - 1, "int64": 2**63 - 1}[schema["format"]])
        wrong += [f"{path} is out of range"] if not schema.get("minimum", -highest) <= value <= highest else []
    if kind == "string" and "pattern" in schema and not re.fullmatch(schema["pattern"], value):
        wrong.append(f"{path} does not match")
    if kind == "array":
        wrong += [f"{path} has {len(value)} items"] if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9) else []
        for index, each in enumerate(value):
            wrong += matches(each, schema["items"], f"{path}[{index}]")
    if kind == "object":
        wrong += [f"{path}.{name} is missing" for name in schema.get("required", []) if name not in value]
        wrong += [f"{path}.{name} is unknown" for name in value if name not in schema["properties"]]
        for name, each in value.items():
            wrong += matches(each, schema["properties"].get(name, {}), f"{path}.{name}")
    return wrong


@pytest.mark.parametrize("policy", ["default", "strict", "unix", "loopback"])
def test_kubernetes_takes_the_object(exported, policy):
    schema = json.loads(SCHEMA.read_text())
    value = json.loads(exported("kubernetes", policy))
    assert matches(value, schema) == []
    assert matches({**value, "spec": {**value["spec"], "defaultErrnoRet": 1}}, schema), "the schema refuses what it does not know"
