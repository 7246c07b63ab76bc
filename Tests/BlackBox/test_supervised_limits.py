"""Writes that fail and memory that is missing end neither the command nor its confinement.

A reader that leaves, a closed standard error, RLIMIT_FSIZE, a full disk: one warning where it can be said, and the
command's own status. Little memory: a sentence and 125 at the start, or events that are only counted.
"""

import glob
import json
import os
import re
import resource
import subprocess

import pytest
from conftest import HERE, ROOT

from support.run import PYTHON, Launcher, tool

KIB = 1024
# Ten attempts of different kinds and in time, whose answers go to a file; status 3.
COMMAND = """
import signal, socket, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
answers = []
for i in range(10):
    for family in (socket.AF_INET, socket.AF_INET6):
        try: socket.socket(family, socket.SOCK_STREAM if i % 2 else socket.SOCK_DGRAM); answers.append("out")
        except OSError as error: answers.append(str(error.errno))
    time.sleep(0.03)
open("answers", "w").write(" ".join(answers))
raise SystemExit(3)
"""
REFUSED = " ".join(["13"] * 20)


@pytest.fixture(scope="module")
def attempts(stage):
    out = stage / "attempts"
    if not out.exists():
        build = [tool("cc"), "-O1", "-Wall", "-static", "-pthread", "-o", out, HERE / "probes/attempts.c"]
        subprocess.run(build, check=True, timeout=60)
    return str(out)


def answers_of(user):
    with open(f"{user.home}/answers") as file:
        return file.read()


# --- readers that leave ----------------------------------------------------------------------------


def test_a_reader_of_standard_error_that_leaves(user, nonet, free):
    script = f'"$0" -q --log - -- {PYTHON} -c "$1" 2>&1 | head -1; echo "${{PIPESTATUS[0]}}"'
    done = free("bash", "-c", script, nonet, COMMAND)
    assert done.stdout.splitlines()[-1] == b"3", f"the status is not the command's: {done}"
    assert done.stdout.startswith(b'{"timestamp"') and answers_of(user) == REFUSED


@pytest.mark.parametrize("how", ["fifo", "descriptor"])
def test_a_reader_of_the_log_that_leaves(user, nonet, free, how):
    if how == "fifo":
        script = 'mkfifo log; (head -1 > first < log) & "$0" -q --log log -- "$1" -c "$2"; echo $?; wait'
    else:
        script = '"$0" -q --log /dev/fd/3 -- "$1" -c "$2" 3> >(head -1 > first); echo $?; wait'
    done = free("bash", "-c", script, nonet, PYTHON, COMMAND)
    assert done.stdout == b"3\n", f"the status is not the command's: {done}"
    assert answers_of(user) == REFUSED


@pytest.mark.parametrize("options", [["--hint"], ["--log", "log"], ["--log-dir", "logs"], ["--report", "page.html"], ["--log", "-"]], ids=" ".join)
@pytest.mark.parametrize("ending", ["gone", "closed"])
def test_a_standard_error_that_is_not_there(user, nonet, free, options, ending):
    if options == ["--log", "-"] and ending == "closed":
        pytest.skip("there is no log to write then: 125")
    redirect = "2>&-" if ending == "closed" else "2> >(:)"
    done = free("bash", "-c", f'sleep 0.1; "$0" {" ".join(options)} -- "$1" -c "$2" {redirect}; echo $?', nonet, PYTHON, COMMAND)
    if options == ["--log", "-"] and done.stdout == b"125\n":
        # The log could not begin, for its reader had gone by then.
        assert not os.path.exists(f"{user.home}/answers")
        return
    assert done.stdout == b"3\n", f"the status is not the command's: {done}"
    assert answers_of(user) == REFUSED


# --- files that may not grow -----------------------------------------------------------------------


@pytest.mark.parametrize("options", [["--log-dir", "logs"], ["--report", "page.html"], ["--log", "log"]], ids=" ".join)
@pytest.mark.parametrize("most", [0, 1, 4 * KIB, 64 * KIB])
def test_a_limit_on_the_size_of_files(user, nonet, free, options, most):
    """At the start: a run, or a sentence and 125; never SIGXFSZ."""

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    ran = free("sh", "-c", "exit 3", preexec_fn=limited)
    assert ran.returncode == 3
    done = free(nonet, *options, "--", "sh", "-c", "echo ran; exit 3", preexec_fn=limited)
    if done.returncode == 125:
        assert done.stdout == b"" and done.stderr.count(b"\n") == 1 and done.stderr.startswith(b"nonet: "), done
    else:
        assert (done.returncode, done.stdout) == (3, b"ran\n"), done


@pytest.mark.parametrize("options", [["--log-dir", "logs"], ["--log", "log"], ["--report", "page.html"]], ids=" ".join)
def test_a_limit_that_is_met_in_mid_run(user, nonet, free, attempts, options):
    most = 150 * KIB

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    done = free(nonet, *options, "--", attempts, "different", "3000", preexec_fn=limited, timeout=60)
    if done.returncode == 125 and options[0] == "--report":
        assert done.stderr.startswith(b"nonet: ")  # its page is larger than that from the start
        return
    assert done.returncode == 0 and done.stdout == b"13 3000\n", f"status {done.returncode}: {done.stdout} {done.stderr[-400:]}"
    if options[0] == "--log-dir":
        (path,) = glob.glob(f"{user.home}/logs/nonet_*.json")
        with open(path) as file:
            document = json.load(file)
        assert document["status"] != "running" or b"cannot" in done.stderr, f"a document that says running for ever: {done.stderr}"


@pytest.mark.skipif(not ROOT, reason="only root mounts a file system")
def test_the_words_after_a_full_disk_agree_with_the_document(me, nonet, attempts):
    script = ('mount -t tmpfs -o size=100k none "$1" && cd "$1" && "$0" --log-dir . -- "$2" different 3000; echo "status $?" >&2; '
              'cat nonet_*.json')
    folder = f"{me.home}/full"
    os.mkdir(folder)
    done = Launcher(me)("unshare", "-m", "sh", "-c", script, nonet, folder, attempts, timeout=60)
    text = done.stderr.decode()
    assert "status 0" in text, text
    out = done.stdout.decode()
    document = json.loads(out[out.index("{"):])
    assert document["event_count"] == 3000 or document["status"] == "running", document["status"]
    told = re.search(r"(\d+) of them are only counted", text)
    claims_all = re.search(r"all of them: ", text)
    dropped = document["dropped"]
    assert not (claims_all and dropped), f"'all of them', and the document dropped {dropped}: {text}"
    assert not told or int(told.group(1)) == dropped, f"the words count {told.group(1)}, the document {dropped}: {text}"


# --- memory ----------------------------------------------------------------------------------------

FIELD = os.environ.get("NONET_FIELD")  # `make test-field` looks more closely
SIZES = {"-v": range(1000, 13001, 250 if FIELD else 1000), "-d": [*range(100, 3101, 100 if FIELD else 300), 4000, 6000, 9000]}
KINDS = [["--log", "log"], ["--allow-unix", "inside"], *([["--hint"], ["--log-dir", "logs"], ["--report", "p.html"]] if FIELD else [])]


@pytest.fixture(scope="module")
def bare_answers(nonet):
    """By limit: whether nonet's program can be loaded at all, and how the command alone ends."""
    known = {}

    def get(launch, kind, size):
        if (kind, size) not in known:
            loaded = launch("sh", "-c", f'ulimit {kind} {size} && exec "$0" --version', nonet).returncode == 0
            alone = launch("sh", "-c", f"ulimit {kind} {size} && exec /bin/sh -c 'exit 3'").returncode
            known[kind, size] = loaded, alone
        return known[kind, size]

    return get


@pytest.mark.parametrize("kind", SIZES)
@pytest.mark.parametrize("options", KINDS, ids=" ".join)
def test_little_memory_at_the_start(me, nonet, bare_answers, options, kind):
    """The command's status, or a sentence and 125 (126 where exec itself finds no room), never a signal."""
    launch, wrong, ran = Launcher(me), [], 0
    for size in SIZES[kind]:
        is_loaded, alone = bare_answers(launch, kind, size)
        if not is_loaded:
            continue
        done = launch("sh", "-c", f'ulimit {kind} {size} && exec "$0" {" ".join(options)} -- /bin/sh -c "exit 3"', nonet)
        is_said = done.returncode in (125, 126) and done.stderr.startswith(b"nonet: ")
        ran += done.returncode == 3
        if not (done.returncode == 3 or is_said or done.returncode == alone):
            wrong.append((size, done.returncode, done.stderr[-100:]))
    assert not wrong, f"ulimit {kind} (KiB), status, words: {wrong}"
    assert ran, "no size was enough"


@pytest.mark.parametrize("options", [["--log-dir", "logs"], ["--log", "log"], *([["--hint"], ["--report", "p.html"]] if FIELD else [])], ids=" ".join)
def test_little_memory_in_mid_run(me, nonet, attempts, options):
    """Attempts beyond what memory holds are counted, and refused as ever."""
    launch, wrong, ran = Launcher(me), [], 0
    for size in range(2500, 13001, 500 if FIELD else 2100):
        # Where the C library itself finds no room to begin, no program says anything.
        if launch("sh", "-c", f'ulimit -v {size} && exec "$0" --version', nonet).returncode != 0:
            continue
        done = launch("sh", "-c", f'rm -rf logs log; ulimit -v {size} && exec "$0" -q {" ".join(options)} -- "$1" different 5000', nonet,
                      attempts, timeout=60)
        if done.returncode == 125 and done.stderr.startswith(b"nonet: "):
            continue
        ran += 1
        if (done.returncode, done.stdout) != (0, b"13 5000\n"):
            wrong.append((size, done.returncode, done.stdout, done.stderr[-100:]))
            continue
        for path in glob.glob(f"{me.home}/logs/*.json"):
            with open(path) as file:
                document = json.load(file)
            if document["event_count"] != 5000 or document["status"] != "exited":
                wrong.append((size, document["event_count"], document["status"]))
    assert not wrong, f"ulimit -v (KiB) and what came of it: {wrong}"
    assert ran, "no size was enough"
