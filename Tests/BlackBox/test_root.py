"""Root behind the layers: ways to a network around sockets, and what builders do as root.

`probes/root.py` tries, in a network that `probes/root_outside.py` makes and listens to. Every way is first shown to
lead out without nonet. What stays open to root is in the table too, as `o`: it says so in the threat model.
"""

import concurrent.futures
import errno
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import textwrap

import pytest
from conftest import HERE, ROOT

from support.calls import X86
from support.run import NOBODY, PYTHON, Launcher, tool

pytestmark = pytest.mark.skipif(not (ROOT and X86), reason="only root has what is given up; call numbers are those of x86_64")

PLANS = {"strict": ["--policy", "strict"], "default": [], "unix": ["--policy", "unix"], "loopback": ["--loopback"],
         "namespace": ["--backend", "namespace"]}
# h: held; o: open to root, and said so; i: works, in a network of the command's own; ?: kernels differ.
WAYS = {
    #                 strict default unix loopback namespace
    "route":          "hhhhh", "link": "hhhii", "neighbour": "hhhhh", "packet": "hhhhh",
    "tun":            "hhhhh", "tap": "hhhii", "inherited_tun": "hhhhh", "inherited_map": "hhhhh",
    "bpf":            "hhhhh", "module": "hhhhh", "discipline": "hhhho",
    "core_pattern":   "hoohh", "forwarding": "hhhhh", "net_setting": "hoohh", "remount": "hoohh", "unmount": "hoohh",
    "handle":         "hoo??", "node": "hoohh", "outside_memory": "hhhhh",
}


@pytest.fixture(scope="module")
def from_outside(stage, nonet):
    """Runs the probe with some ways behind some options; what it said, and what was heard."""
    folder = stage / "root"
    folder.mkdir()
    for name in ("root.py", "root_outside.py"):
        shutil.copy(HERE / "probes" / name, folder)
        (folder / name).chmod(0o644)
    (folder / "home").mkdir()
    known = {}

    def get(user, *options, ways=tuple(WAYS)):
        if (user, options, ways) not in known:
            command = [nonet, "-q", *options, "--"] if options != ("free",) else []
            words = ["unshare", "-n", PYTHON, folder / "root_outside.py", user, ",".join(ways), *command]
            environment = {**os.environ, "HOME": str(folder / "home"), "PYTHONDONTWRITEBYTECODE": "1"}
            before = pathlib.Path("/proc/sys/kernel/core_pattern").read_bytes()
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=90, env=environment, cwd=folder)
            assert pathlib.Path("/proc/sys/kernel/core_pattern").read_bytes() == before
            (folder / "home/node").unlink(missing_ok=True)
            assert done.returncode == 0, done.stderr.decode()
            answer = json.loads(done.stdout)
            assert answer["status"] == 0, answer
            said = {line.split()[0]: line.split()[1:] for line in answer["said"].splitlines()}
            arrived = {"route": "198.51.100.0/24" in answer["network"], "link": "nx0" in answer["network"],
                       **{way: way in answer["heard"] for way in ("neighbour", "packet", "tun", "inherited_tun")}}
            known[user, options, ways] = {
                way: (words[0] == "done" and arrived.get(way, True), words) for way, words in said.items()}
        return known[user, options, ways]

    return get


@pytest.mark.parametrize("way", WAYS)
def test_without_nonet_it_leads_out(from_outside, way):
    led, words = from_outside("root", "free")[way]
    if words[-1] == str(errno.ENOSYS):
        pytest.skip(f"this kernel does not have {words[0]}")
    assert led, words


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("way", WAYS)
def test_behind_nonet(from_outside, way, plan):
    if not from_outside("root", "free")[way][0]:
        pytest.skip(f"{way} does not lead out here even without nonet")
    led, words = from_outside("root", *(PLANS[plan] or ["--"][:0]))[way]
    letter = WAYS[way][list(PLANS).index(plan)]
    if letter == "o":
        assert led, f"the threat model calls this open: {words}"
    elif letter == "i":
        assert words == ["done"] and not led or way == "tap", words
    elif letter == "h":
        assert not led, words


def test_a_tun_device_that_belongs_to_nobody(from_outside):
    """No capability is needed for it, so the filter refuses it, to everybody."""
    led, words = from_outside("nobody", "free", ways=("tun",))["tun"]
    assert led, words
    for plan, options in PLANS.items():
        led, words = from_outside("nobody", *options, ways=("tun",))["tun"]
        assert not led, (plan, words)


# --- what is given up, and what cannot take it back --------------------------------------------------

NETWORK = 1 << 11 | 1 << 12 | 1 << 13 | 1 << 16 | 1 << 17 | 1 << 22 | 1 << 38 | 1 << 39
OUTSIDE = 1 << 2 | 1 << 15 | 1 << 18 | 1 << 19 | 1 << 21 | 1 << 27 | 1 << 32 | 1 << 33 | 1 << 40
ALL = (1 << 41) - 1


def sets(text):
    return {name: int(value, 16) for name, value in re.findall(r"Cap(\w+):\s*([0-9a-f]+)", text)}


@pytest.fixture
def as_root(me):
    return Launcher(me)


@pytest.mark.parametrize("options, gone", [
    ([], NETWORK), (["--policy", "unix"], NETWORK), (["--policy", "strict"], NETWORK | OUTSIDE),
    (["--log", "/dev/null", "-q"], NETWORK), (["--allow-unix", "inside"], NETWORK), (["--policy", "strict", "--log", "/dev/null", "-q"], NETWORK | OUTSIDE),
    (["--keep-caps", "NET_RAW,cap_net_admin"], NETWORK & ~(1 << 12 | 1 << 13)),
    (["--keep-caps=net_raw", "--keep-caps", "BPF", "--policy", "strict"], (NETWORK | OUTSIDE) & ~(1 << 13 | 1 << 39)),
], ids=lambda x: " ".join(x) if isinstance(x, list) else None)
@pytest.mark.parametrize("first", [(), ("unshare", "-pf", "--mount-proc"), ("setpriv", "--inh-caps=+net_raw,+sys_boot,+chown", "--ambient-caps=+net_raw,+sys_boot,+chown")], ids=["plain", "pid 1", "ambient"])
def test_capabilities_are_gone(as_root, nonet, options, gone, first):
    """Also as the first process of a pid namespace, and from sets that would survive an exec."""
    before = sets(as_root(*first, "cat", "/proc/self/status").stdout.decode())
    assert before["Eff"] & NETWORK
    # Twice: what an exec could give back would be there after the second.
    done = as_root(*first, nonet, *options, "--", "sh", "-c", "cat /proc/self/status")
    assert done.returncode == 0, done.stderr
    after = sets(done.stdout.decode())
    for name in ("Prm", "Eff", "Inh", "Amb"):
        assert after[name] == before[name] & ~gone, name
    assert after["Bnd"] == before["Bnd"], "a set that NO_NEW_PRIVS makes harmless, which the layers page says"


@pytest.fixture
def privileged(stage):
    """A program that is set-uid root and one with file capabilities, of which each could give all back."""
    folder = stage / "privileged"
    folder.mkdir(exist_ok=True)
    for name in ("suid", "capable"):
        shutil.copy("/bin/cat", folder / name)
        (folder / name).chmod(0o755)
    (folder / "suid").chmod(0o4755)
    # security.capability, revision 2, effective: permitted and inheritable.
    low, high = NETWORK & 0xFFFFFFFF, NETWORK >> 32
    value = struct.pack("<5I", 0x02000001, low, low, high, high)
    os.setxattr(folder / "capable", "security.capability", value)
    return folder


@pytest.mark.parametrize("name", ["suid", "capable"])
def test_no_program_gives_them_back(as_root, nonet, privileged, name):
    drop = f"import os; os.setgid({NOBODY}); os.setuid({NOBODY}); os.execv({str(privileged / name)!r}, ['x', '/proc/self/status'])"
    assert sets(as_root(PYTHON, "-c", drop).stdout.decode())["Eff"] & NETWORK, "the instrument"
    for command in ([PYTHON, "-c", drop], [privileged / name, "/proc/self/status"]):
        done = as_root(nonet, "--", *command)
        assert done.returncode == 0 and not sets(done.stdout.decode())["Eff"] & NETWORK, done


def test_a_namespace_of_ones_own_has_all(as_root, nonet):
    """Over itself, and nothing else: builders need that."""
    script = "ip link set lo up && ip link add a0 type veth peer name a1 && ip addr add 10.1.2.3/24 dev a0 && ip -o link | wc -l"
    outside = as_root("unshare", "-rn", "sh", "-c", script)
    got = as_root(nonet, "--", "unshare", "-rn", "sh", "-c", script)
    assert outside.returncode == got.returncode == 0 and outside.stdout == got.stdout, got.stderr


def test_what_says_so(as_root, nonet):
    echo = ("sh", "-c", "echo $NONET")
    assert as_root(nonet, "--", *echo).stdout == b"default:seccomp+landlock+capabilities+descriptors\n"
    assert as_root(nonet, "--keep-caps", "SYS_BOOT", "--", *echo).stdout.startswith(b"default+keep-caps(SYS_BOOT):")
    assert as_root(nonet, "--policy", "strict", "--", *echo).stdout == b"strict:seccomp+landlock+capabilities+settings+descriptors\n"
    assert as_root(nonet, "--loopback", "--", *echo).stdout == b"loopback:seccomp+landlock+capabilities+settings+namespace+descriptors\n"
    text = as_root(nonet, "-v", "--", "true").stderr.decode()
    assert "capabilities: given up: NET_BROADCAST, NET_ADMIN, NET_RAW, SYS_MODULE, SYS_RAWIO, SYS_BOOT, PERFMON, BPF" in text
    assert "--keep-caps SYS_BOOT" in as_root(nonet, "-v", "--keep-caps", "SYS_BOOT", "--", "true").stderr.decode()
    check = as_root(nonet, "--check").stdout.decode()
    assert re.search(r"^capabilities +given up by a command: NET_BROADCAST, NET_ADMIN", check, re.M)
    assert re.search(r"^strict +auto +seccomp\+landlock\+capabilities\+settings\+descriptors", check, re.M)


@pytest.mark.parametrize("word", ["NET_ADMN", "", "CAP_", "NET_ADMIN,", "41"])
def test_names_that_are_none(as_root, nonet, word):
    done = as_root(nonet, "--keep-caps", word, "--", "touch", "ran")
    assert done.returncode == 125 and not os.path.exists(f"{as_root.user.home}/ran")


def test_layers_none_keeps_them(as_root, nonet):
    pathlib.Path(as_root.user.home, "p.policy").write_text("default allow\nlayers none\nnetwork allowed\n")
    done = as_root(nonet, "--policy", "p.policy", "--", "cat", "/proc/self/status")
    assert sets(done.stdout.decode())["Eff"] & NETWORK


def test_few_system_calls_more(as_root, nonet):
    """As root at most six more; as an ordinary user one, which asks what there is to give up."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    calls = {}
    for user in ("root", "nobody"):
        words = ["strace", "-qq", nonet, "--", "/bin/true"]
        if user == "nobody":
            words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *words]
        text = as_root(*words).stderr.decode()
        calls[user] = re.findall(r"^(\w+)\(", text[:text.index('execve("/bin/true"')], re.M)
    added = ("capget", "capset", "access", "faccessat", "faccessat2")
    assert [call for call in calls["nobody"] if call in added] == ["capget"]
    assert 2 < sum(call in added for call in calls["root"]) <= 6


INSIDE = '''
import os
def may(path, flags):
    try: os.close(os.open(path, flags)); return True
    except OSError: return False
print(open("/proc/self/status").read(), "settable", may("/proc/sys/kernel/core_pattern", os.O_WRONLY))
'''
FAILING = {"default": ([], NETWORK, True), "strict": (["--policy", "strict"], NETWORK | OUTSIDE, False),
           "loopback": (["--loopback"], 1 << 21, False), "strict-log": (["--policy", "strict", "--log", "/dev/null", "-q"], NETWORK | OUTSIDE, False)}


@pytest.mark.parametrize("plan", FAILING)
def test_no_failure_leaves_more_rights_than_planned(as_root, nonet, stage, home, plan):
    """Each system call of the start fails in turn; the command has no more than without, or does not run."""
    options, gone, settable = FAILING[plan]
    inject, listed = stage / "inject", home / "calls"
    subprocess.run([tool("cc"), "-O1", "-Wall", "-static", "-o", inject, HERE / "probes/inject.c"], check=True, timeout=60)
    command = [nonet, *options, "--", PYTHON, "-I", "-c", INSIDE]
    assert as_root(PYTHON, "-I", "-c", INSIDE).stdout.endswith(b"settable True\n"), "the instrument"
    assert as_root(inject, "list", listed, *command).returncode == 0
    calls, times = [], {}
    for line in listed.read_text().splitlines():
        process, index, number = map(int, line.split())
        times[process, number] = times.get((process, number), 0) + 1
        if times[process, number] <= 4:
            calls.append((process, index, number))
    assert {125, 126} <= {number for _, _, number in calls}, "capget and capset are among them"
    if {"--log", "--loopback"} & set(options):  # the supervisor's own failures are the matter of test_fault_injection.py
        child = min(process for process, _, number in calls if number == 126)
        calls = [one for one in calls if one[0] == child]
    jobs = [(process, index, error) for process, index, _ in calls for error in (errno.EPERM, errno.EINVAL)]

    def run(job):
        return as_root(inject, *map(str, job), *command)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(run, jobs))
    ran = 0
    for job, done in zip(jobs, answers):
        if b"CapEff" not in done.stdout:
            assert done.returncode != 0, job
            continue
        ran += 1
        for name, value in sets(done.stdout.decode()).items():
            # Without a filter the namespace alone may stand instead, of whose capabilities none counts outside.
            assert name == "Bnd" or not value & gone or b"no filter" in done.stderr, (job, name, done)
        assert settable or done.stdout.endswith(b"settable False\n"), (job, done)
    print(f"{len(jobs)} failures, after {ran} of which the command ran")
    assert 0 < ran < len(jobs)


# --- builders ------------------------------------------------------------------------------------------


def package(folder, name="nonet-test", version="1.0"):
    """A package with one file and a script."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "usr/share/nonet-test").mkdir(parents=True)
    (tree / "usr/share/nonet-test/file").write_text("installed\n")
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: n <n@example.invalid>\nDescription: a test\n")
    script = tree / "DEBIAN/postinst"
    script.write_text("#!/bin/sh\nset -e\n: > \"$DPKG_ROOT/configured\"\nchown 1:1 \"$DPKG_ROOT/configured\"\n")
    script.chmod(0o755)
    deb = folder / f"{name}_{version}_all.deb"
    subprocess.run(["dpkg-deb", "--build", tree, deb], check=True, stdout=subprocess.DEVNULL, timeout=30)
    return deb


def needs(*programs):
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed")


def admin(root):
    for name in ("updates", "info", "parts"):
        (root / "var/lib/dpkg" / name).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "var/log").mkdir(exist_ok=True)


@pytest.fixture
def inside(as_root, nonet):
    return Launcher(as_root.user, (nonet, "--"))


@pytest.fixture
def home(as_root):
    return pathlib.Path(as_root.user.home)


def test_dpkg(inside, home):
    needs("dpkg")
    deb, root = package(home), home / "root"
    admin(root)
    done = inside("dpkg", "--force-script-chrootless", f"--root={root}", "-i", deb, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (root / "usr/share/nonet-test/file").read_text() == "installed\n" and (root / "configured").stat().st_uid == 1


def test_apt_get_from_a_folder(inside, home):
    needs("apt-get")
    home.chmod(0o755)
    (home / "repository").mkdir()
    deb, root = package(home / "repository"), home / "root"
    shutil.rmtree(home / "repository/tree")
    admin(root)
    sums = {kind: subprocess.run([f"{kind}sum", deb], stdout=subprocess.PIPE).stdout.split()[0].decode() for kind in ("md5", "sha256")}
    control = subprocess.run(["dpkg-deb", "-f", deb], stdout=subprocess.PIPE).stdout.decode()
    (home / "repository/Packages").write_text(
        f"{control}Filename: ./{deb.name}\nSize: {deb.stat().st_size}\nMD5sum: {sums['md5']}\nSHA256: {sums['sha256']}\n")
    for name in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "etc/apt/trusted.gpg.d", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial",
                 "var/log/apt"):
        (root / name).mkdir(parents=True)
    (root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{home}/repository ./\n")
    options = ["-o", f"Dir={root}", "-o", f"Dir::State::status={root}/var/lib/dpkg/status", "-o", f"DPkg::Options::=--root={root}",
               "-o", "DPkg::Options::=--force-script-chrootless", "-o", "Dir::Bin::methods=/usr/lib/apt/methods", "-o", "Dir::Bin::dpkg=/usr/bin/dpkg"]
    for words in (["update"], ["install", "-y", "nonet-test"]):
        done = inside("apt-get", *options, *words, timeout=90)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (root / "usr/share/nonet-test/file").read_text() == "installed\n"


def test_debootstrap(inside, home):
    """From a tarball with one package, by a script of its own: devices are made, files unpacked, owners set."""
    needs("debootstrap")
    (home / "ball/debootstrap").mkdir(parents=True)
    (home / "ball/var/cache/apt/archives").mkdir(parents=True)
    (home / "ball/var/lib/apt/lists").mkdir(parents=True)
    deb = package(home)
    shutil.copy(deb, home / "ball/var/cache/apt/archives")
    (home / "ball/debootstrap/required").write_text("nonet-test\n")
    (home / "ball/debootstrap/base").write_text("")
    (home / "ball/debootstrap/debpaths").write_text(f"nonet-test {deb.name}\n")
    subprocess.run(["tar", "-C", home / "ball", "-czf", home / "ball.tgz", "."], check=True, timeout=30)
    (home / "script").write_text(textwrap.dedent("""\
        keyring /dev/null
        default_mirror file:///nowhere
        variants - fakechroot
        work_out_debs () { required=nonet-test; base=""; }
        first_stage_install () {
          mkdir -p "$TARGET/dev"; mknod -m 666 "$TARGET/dev/null" c 1 3; chown 0:5 "$TARGET/dev/null"
          dpkg-deb -x "$TARGET/var/cache/apt/archives/"*.deb "$TARGET"; exit 0
        }
    """))
    done = inside("debootstrap", "--no-check-gpg", "--foreign", f"--unpack-tarball={home}/ball.tgz", "sid", home / "target",
                  "file:///nowhere", home / "script", timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (home / "target/dev/null").is_char_device() and (home / "target/usr/share/nonet-test/file").exists()


def test_make_install(inside, home):
    needs("make")
    (home / "Makefile").write_text("install:\n\tinstall -D -o 1 -g 2 -m 4755 /bin/true $(DESTDIR)/usr/bin/it\n")
    done = inside("make", "install", f"DESTDIR={home}/root")
    status = os.stat(home / "root/usr/bin/it")
    assert done.returncode == 0 and (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1, 2, 0o4755)


@pytest.mark.parametrize("words, says", [
    (["su", "-s", "/bin/sh", "nobody", "-c", "id -u"], "65534"),
    (["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "id", "-u"], "65534"),
    (["chroot", "/", "sh", "-c", "echo inside"], "inside"),
    (["bwrap", "--unshare-user", "--unshare-pid", "--dev-bind", "/", "/", "--proc", "/proc", "sh", "-c", "echo inside"], "inside"),
    (["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt && echo mounted"], "mounted"),
    (["unshare", "-rmpf", "--mount-proc", "sh", "-c", "echo $$"], "1"),
    (["strace", "-f", "-o", "/dev/null", "su", "-s", "/bin/sh", "nobody", "-c", "echo traced"], "traced"),
    (["gdb", "-q", "-batch", "-nx", "-ex", "run", "--args", "sh", "-c", "exit 0"], None),
], ids=["su", "setpriv", "chroot", "bwrap", "mount", "unshare", "strace", "gdb"])
def test_what_builders_run(as_root, inside, words, says):
    needs(words[0])
    free, got = as_root(*words, timeout=60), inside(*words, timeout=60)
    assert got.returncode == free.returncode == 0, got.stderr
    if says is not None:
        assert got.stdout.decode().strip() == says == free.stdout.decode().strip()


# --- nothing stays behind ------------------------------------------------------------------------------


def test_a_device_that_was_inherited_is_named(as_root, nonet):
    tun = os.open("/dev/net/tun", os.O_RDWR)
    try:
        done = as_root(nonet, "-v", "--", "sh", "-c", f"test ! -e /proc/self/fd/{tun}", pass_fds=[tun])
        assert done.returncode == 0 and f"descriptor {tun} is a tun or tap device" in done.stderr.decode()
        done = as_root(nonet, "--", "touch", "ran", stdin=tun)
        assert done.returncode == 125 and b"descriptor 0 is a tun or tap device" in done.stderr
        assert not os.path.exists(f"{as_root.user.home}/ran")
    finally:
        os.close(tun)


def test_the_working_folder_in_the_settings(nonet, tmp_path):
    """Whoever stands in /proc/sys already has no way around what lies upon it then."""
    script = "cat core_pattern > $HOME/pattern; cat $HOME/pattern > core_pattern"
    words = lambda *prefix: [*prefix, "sh", "-c", script]
    options = {"cwd": "/proc/sys/kernel", "env": {**os.environ, "HOME": str(tmp_path)}, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    assert subprocess.run(words(), timeout=20, **options).returncode == 0
    for plan in ("strict", "loopback"):
        done = subprocess.run(words(nonet, "-q", *PLANS[plan], "--"), timeout=20, **options)
        assert done.returncode not in (0, 125) and b"Read-only" in done.stderr, (plan, done)


SET = """
import os, sys
def settable(path, **options):
    try: os.close(os.open(path, os.O_WRONLY, **options)); return True
    except OSError: return False
"""


def test_an_inherited_folder_leads_to_no_settings(nonet):
    """Whoever opened a folder did so in mounts where the settings can be written: its ".." leads there."""
    folder = os.open("/usr", os.O_RDONLY | os.O_DIRECTORY)
    try:
        words = [PYTHON, "-I", "-c", SET + f"print(settable('../proc/sys/kernel/core_pattern', dir_fd={folder}))"]
        options = {"pass_fds": [folder], "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 20}
        assert subprocess.run(words, **options).stdout == b"True\n", "the instrument"
        assert subprocess.run([nonet, "--", *words], **options).stdout == b"True\n"  # default leaves the settings
        for plan in ("strict", "loopback"):
            assert subprocess.run([nonet, *PLANS[plan], "--", *words], **options).stdout == b"False\n", plan
            done = subprocess.run([nonet, *PLANS[plan], "--", "true"], stdin=folder, stderr=subprocess.PIPE, timeout=20)
            assert done.returncode == 125 and b"descriptor 0 is a folder" in done.stderr, (plan, done)
    finally:
        os.close(folder)


def test_what_is_mounted_outside_later_stays_outside(nonet, tmp_path):
    """Where / is shared, as systemd makes it, a mount made outside comes into the mounts of others."""
    waiting = SET + f"""
sys.stdin.readline()
print(settable("{tmp_path}/sys/kernel/core_pattern"))
"""
    for plan, came in ((None, b"True\n"), ("strict", b"False\n"), ("loopback", b"False\n")):
        start = f"unshare -m" if plan is None else " ".join([nonet, "-q", *PLANS[plan], "--"])
        # The command has mounts of its own either way, and is told to look once the other mount is there.
        script = f"""mount --make-rshared /
mkfifo {tmp_path}.fifo; {start.replace('-m', '-m --propagation unchanged')} {PYTHON} -I -c '{waiting}' < {tmp_path}.fifo & exec 9> {tmp_path}.fifo
sleep 0.5; mount -t proc proc {tmp_path}; echo >&9; exec 9>&-; wait; umount {tmp_path}; rm {tmp_path}.fifo"""
        done = subprocess.run(["unshare", "-m", "--propagation", "private", "bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
        assert done.stdout == came, (plan, done)


def test_strict_where_something_lies_upon_the_settings(nonet):
    """systemd mounts binfmt_misc there; the cover hides it, and what it hid can be set by nobody."""
    script = f"mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc && {nonet} -q --policy strict -- sh -c ': >> /proc/sys/fs/binfmt_misc/register'"
    done = subprocess.run(["unshare", "-m", "bash", "-c", script], stderr=subprocess.PIPE, timeout=20)
    assert done.returncode not in (0, 125) and b"mount" not in done.stderr, done


def test_a_working_folder_of_other_mounts(nonet):
    """nsenter's --wd leaves it in the mounts outside, from where ".." would lead around the covers."""
    away = subprocess.Popen(["unshare", "-m", "sh", "-c", "echo; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    away.stdout.readline()
    enter = ["nsenter", "-t", str(away.pid), "-m", "--wd=/usr"]
    words = [PYTHON, "-I", "-c", SET + "print(settable('../proc/sys/kernel/core_pattern'))"]
    options = {"cwd": "/usr", "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "timeout": 20}
    try:
        assert subprocess.run([*enter, *words], **options).stdout == b"True\n", "the instrument"
        for plan in ("strict", "loopback"):
            done = subprocess.run([*enter, nonet, "-q", *PLANS[plan], "--", *words], **options)
            assert done.returncode == 125 and b"working folder" in done.stderr, (plan, done)
    finally:
        away.communicate(timeout=20)


HIDDEN = """mount -t tmpfs none {0}; mkdir -p {0}/a/proc {0}/a/dir; mount -t proc proc {0}/a/proc
cd {0}/a/dir; {1}
exec "$@"
"""


@pytest.mark.parametrize("hide", ["mount -t tmpfs none {0}", "rmdir {0}/a/dir; mount -t tmpfs none {0}", "rmdir {0}/a/dir"],
                         ids=["hidden", "removed and hidden", "removed"])
def test_a_working_folder_without_a_name(nonet, tmp_path, hide):
    """From below a later mount ".." leads to a procfs that no name leads to."""
    script = HIDDEN.format(tmp_path, hide.format(tmp_path))
    words = [PYTHON, "-I", "-c", SET + "print(settable('../proc/sys/kernel/core_pattern'))"]
    start = ["unshare", "-m", "sh", "-c", script, "sh"]
    bare = subprocess.run([*start, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
    assert bare.stdout == b"True\n", ("the instrument", bare)
    for plan in ("strict", "loopback", "namespace"):
        done = subprocess.run([*start, nonet, "-q", *PLANS[plan], "--", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        assert done.returncode == 125 and b"working folder" in done.stderr, (plan, done)


@pytest.mark.parametrize("cover", ["mount -t tmpfs none /proc", "mount -t proc -o subset=pid proc /proc"], ids=["no procfs", "part of one"])
def test_another_procfs_than_that_of_proc(nonet, tmp_path, cover):
    """What is not below /proc may be below another folder."""
    words = [PYTHON, "-I", "-c", SET + f"print(settable('{tmp_path}/sys/kernel/core_pattern'))"]
    start = ["unshare", "-m", "sh", "-c", f'mount -t proc proc {tmp_path}; {cover}; exec "$@"', "sh"]
    assert subprocess.run([*start, *words], stdout=subprocess.PIPE, timeout=20).stdout == b"True\n", "the instrument"
    for plan in ("strict", "loopback", "namespace"):
        done = subprocess.run([*start, nonet, "-q", *PLANS[plan], "--", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        assert done.stdout == b"False\n" or done.returncode == 125 and done.stdout == b"", (plan, done)


def test_no_root_is_left(as_root, nonet):
    """In a chroot nonet sees the mounts of that root alone."""
    for plan in ("strict", "loopback", "namespace"):
        done = subprocess.run([nonet, "-q", *PLANS[plan], "--", "chroot", "/", "true"], stderr=subprocess.PIPE, timeout=20)
        assert done.returncode == 125 and b"Operation not permitted" in done.stderr, (plan, done)  # chroot(1) ends so too


def test_settings_that_are_covered_in_part(nonet, tmp_path):
    """A container has /proc/sys read-only; another procfs there leads to the same settings."""
    cover = f"mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; mount -t proc proc {tmp_path}"
    words = f"{PYTHON} -I -c '{SET}print(settable(\"{tmp_path}/sys/kernel/core_pattern\"))'"
    for start, expected in (("", b"True\n"), (f"{nonet} -q --policy strict -- ", b"False\n")):
        done = subprocess.run(["unshare", "-m", "bash", "-c", f"{cover}; {start}{words}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=20)
        assert done.stdout == expected, (start, done)
