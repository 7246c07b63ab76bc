"""The ground of the suite: where the binary is, who runs it, and the compiled probes.

Everything that a test starts lies in one world-readable folder, because `nobody` cannot look into
the repository of a developer.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

from support.calls import NATIVE, X86
from support.listener import Listener
from support.outside import Outside, compiled_escape
from support.run import NOBODY, Launcher, User, tool
from support.unix import Outdoors

HERE = pathlib.Path(__file__).parent
BINARY = pathlib.Path(os.environ.get("NONET", HERE.parent.parent / "bin" / "nonet")).resolve()
ROOT = os.geteuid() == 0
USERS = ["root", "nobody"] if ROOT else ["current"]


# A suite under nohup, or in the background of a script, ignores these, and its children would too.
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

# What takes longest is begun first, so that no process of `pytest -n` is left alone with it at the end.
LONG = ("fault_injection", "hooks", "root", "allow_connect", "session", "how_to_add", "split", "profiles_libseccomp", "presets", "library")
# By itself xdist begins with the files that have most tests, which are not those that take long.
BY_NUMBER = "loadscopereorder"


def pytest_configure(config):
    if hasattr(config.option, BY_NUMBER):
        setattr(config.option, BY_NUMBER, False)


def pytest_collection_modifyitems(items):
    def place(item):
        name = item.path.stem.removeprefix("test_")
        return LONG.index(name) if name in LONG else len(LONG)

    items.sort(key=place)


UNSUPPORTED = {}  # user -> way -> why; filled by test_escapes


def pytest_terminal_summary(terminalreporter):
    """Instruments that do not work on this kernel prove nothing, so they are named."""
    for user, ways in UNSUPPORTED.items():
        words = "; ".join(f"{way} ({why})" for way, why in ways.items()) or "none"
        terminalreporter.write_line(f"ways out that {user} cannot show here even without nonet: {words}")


def pytest_sessionfinish(session):
    """Hands them over where pytest-xdist runs this part of the suite in a process of its own."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["unsupported"] = UNSUPPORTED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    UNSUPPORTED.update(getattr(node, "workeroutput", {}).get("unsupported", {}))


def pytest_report_header(config):
    who = "root and nobody" if ROOT else "this user only: the suite is not root, so it cannot become another"
    return [f"nonet: {BINARY}{'' if BINARY.exists() else ' (missing)'}", f"users: {who}"]


@pytest.fixture(scope="session")
def stage():
    """A folder that everybody may read, gone afterwards."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="nonet-blackbox."))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def nonet(stage):
    """The binary under test, where every user can run it."""
    if not BINARY.exists():
        pytest.fail(f"{BINARY} does not exist: run `make`, or set NONET", pytrace=False)
    shutil.copy(BINARY, stage / "nonet")
    (stage / "nonet").chmod(0o755)
    return str(stage / "nonet")


@pytest.fixture(scope="session")
def probe(stage):
    out = stage / "probe"
    build = [tool("cc"), "-O1", "-Wall", "-static", "-no-pie", "-o", out, HERE / "probes/probe.c"]
    subprocess.run(build, check=True, timeout=60)
    return str(out)


@pytest.fixture(scope="session")
def escape(stage):
    """The program that tries every way out; static and with fixed addresses, as its first lines say."""
    return compiled_escape(stage)


@pytest.fixture(scope="session")
def outsides(escape):
    """An outside for each user, made when it is asked for."""
    made = {}

    def get(user):
        if user not in made:
            home = tempfile.mkdtemp(prefix="nonet-home.")
            someone = User(user, NOBODY if user == "nobody" else -1, home)
            someone.own(home, 0o755)
            made[user] = Outside(someone, escape)
        return made[user]

    yield get
    for outside in made.values():
        outside.close()
        shutil.rmtree(outside.user.home, ignore_errors=True)


@pytest.fixture(scope="session")
def tracer(stage):
    if not X86:
        pytest.skip("the tracer is written for x86_64")
    out = stage / "tracer"
    subprocess.run([tool("cc"), "-O1", "-Wall", "-static", "-o", out, HERE / "probes/tracer.c"], check=True, timeout=60)
    return str(out)


@pytest.fixture(scope="session")
def probe32(stage):
    """A 32-bit ELF program; clang and lld come with the Swift toolchain."""
    if not X86:
        pytest.skip("the 32-bit program is written for i386")
    swiftc = shutil.which("swiftc")
    beside = pathlib.Path(os.path.realpath(swiftc)).parent / "clang" if swiftc else None
    clang = str(beside) if beside and beside.exists() else shutil.which("clang")
    if clang is None:
        pytest.skip("no clang: it comes with the Swift toolchain")
    out = stage / "probe32"
    build = [clang, "-m32", "-nostdlib", "-static", "-fuse-ld=lld", "-O1", "-fno-stack-protector",
             "-fno-builtin", "-o", out, HERE / "probes/probe32.c"]
    subprocess.run(build, check=True, timeout=60)
    return str(out)


@pytest.fixture(params=USERS)
def user(request):
    """root, and nobody where the suite can become nobody; each with a home of its own."""
    home = tempfile.mkdtemp(prefix="nonet-home.")
    someone = User(request.param, NOBODY if request.param == "nobody" else -1, home)
    someone.own(home, 0o755)
    yield someone
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def free(user):
    """Runs a command without nonet: shows that the instrument works."""
    return Launcher(user)


@pytest.fixture
def confined(user, nonet):
    """Runs `nonet -- command`."""
    return Launcher(user, (nonet, "--"))


@pytest.fixture
def me():
    """Whoever runs the suite; for what does not depend on the user."""
    home = tempfile.mkdtemp(prefix="nonet-home.")
    yield User("current", -1, home)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def bare(me, nonet):
    """The binary itself, options and all."""
    return Launcher(me, (nonet,))


@pytest.fixture
def listener():
    one = Listener()
    yield one
    one.close()


@pytest.fixture(scope="session")
def dump(nonet):
    """The dump of a preset, remembered; `--errno` is always the mark."""
    known = {}

    def get(preset="default", arch=NATIVE, form="raw", *more):
        key = (preset, arch, form, more)
        if key not in known:
            words = [nonet, "--dump-bpf", "--policy", preset, "--arch", arch, "--format", form, "--errno=EHOSTDOWN", *more]
            done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=10)
            assert (done.returncode, done.stderr) == (0, b""), done
            known[key] = done.stdout
        return known[key]

    return get


@pytest.fixture
def outdoors():
    """AF_UNIX sockets of somebody outside, in a folder that everybody may look into."""
    folder = tempfile.mkdtemp(prefix="nonet-outdoors.")
    os.chmod(folder, 0o755)
    one = Outdoors(folder)
    yield one
    one.close()
    shutil.rmtree(folder, ignore_errors=True)
