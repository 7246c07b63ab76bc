"""Where logs and reports go, when the command changes descriptors, paths and readers under them."""

import glob
import json
import os
import signal
import time

import pytest
from conftest import ROOT

from support.run import PYTHON, Launcher

ATTEMPT = ": > /dev/tcp/127.0.0.1/9"


@pytest.fixture
def dropped(user):
    """How the command becomes an ordinary user where nonet is root's, and that user's folder of its own."""
    folder = f"{user.home}/theirs"
    os.mkdir(folder)
    if ROOT and user.name == "root":
        os.chown(folder, 65534, 65534)
        return folder, ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    user.own(folder)
    return folder, ()


@pytest.fixture
def secret(user):
    """A file and a folder that the command may not write to, where it is not the same user."""
    folder = f"{user.home}/secret"
    os.mkdir(folder, 0o700)
    path = f"{folder}/page.html"
    with open(path, "w") as file:
        file.write("secret")
    os.chmod(path, 0o600)
    user.own(folder), user.own(path)
    return path


def text(path):
    with open(path) as file:
        return file.read()


def shell(user, script, *words, **options):
    return Launcher(user)("bash", "-c", script, "bash", *words, **options)


# --- descriptors ---------------------------------------------------------------------------------


def test_every_descriptor_that_a_log_may_be(me, nonet):
    """3 to 255: the log arrives, and the command has no way to add to it."""
    script = r"""
      for n in {3..255}; do
        eval "$1 -q --log /dev/fd/$n -- bash -c '$2; echo forged >&$n' $n>&1 >/dev/null 2>/dev/null" | cat >> got
      done"""
    shell(me, script, nonet, ATTEMPT, timeout=60)
    lines = text(f"{me.home}/got").splitlines()
    assert "forged" not in lines and sum("event_count" in line for line in lines) == 253
    shell(me, "bash -c 'echo forged >&7' 7>&1 >/dev/null | cat > bare")
    assert text(f"{me.home}/bare") == "forged\n", "the instrument"


@pytest.mark.parametrize("name", ["/dev/fd/8", "/proc/self/fd/8", "/proc/thread-self/fd/8", "link"])
@pytest.mark.parametrize("kind", ["pipe", "file", "fifo"])
def test_a_descriptor_by_any_name_and_its_duplicates(user, nonet, name, kind):
    """The end to read from too: who has it could take lines away."""
    script = r"""
      ln -s /dev/fd/8 link
      probe='for n in 3 8 9 12; do { true >&$n; } 2>/dev/null && echo open $n >> open; done'
      case $3 in
        pipe) exec 3< <(:); { "$1" -q --log "$2" -- bash -c "$probe; $4" 8>&1 9>&8 12<&3 3<&- >/dev/null 2>/dev/null; } | cat > got;;
        file) "$1" -q --log "$2" -- bash -c "$probe; $4" 8>>got 9>&8 12>>got 2>/dev/null;;
        fifo) mkfifo f; cat f > got & exec 7>f
              "$1" -q --log "$2" -- bash -c "$probe; $4" 8<>f 9>f 12<>f 7>&- 2>/dev/null; exec 7>&-; wait;;
      esac"""
    shell(user, script, nonet, name, kind, ATTEMPT)
    assert "event_count" in text(f"{user.home}/got")
    still = text(f"{user.home}/open").split() if os.path.exists(f"{user.home}/open") else []
    assert still == (["open", "12"] if kind == "pipe" else []), "descriptor 12 is another pipe there"


def test_a_process_substitution(user, nonet):
    shell(user, '"$1" -q --log >(cat > got) -- bash -c "$2; for n in {3..255}; do echo forged >&\\$n; done" 2>/dev/null; sleep 0.2',
          nonet, ATTEMPT)
    lines = text(f"{user.home}/got").splitlines()
    assert "forged" not in lines and "event_count" in lines[-1]


def test_descriptors_that_are_the_commands(user, nonet):
    """0 to 2 stay, and so does what is everybody's or another file."""
    probe = 'for n in 0 1 2 7 8; do { true >&$n; } 2>/dev/null && echo $n >> open; done'
    shell(user, '"$1" -q --log /dev/stderr -- bash -c "$2" 7>/dev/null 8>other 2>&1 >/dev/null | cat > got', nonet, probe)
    assert text(f"{user.home}/open").split() == ["0", "1", "2", "7", "8"] and "event_count" in text(f"{user.home}/got")
    os.unlink(f"{user.home}/open")
    shell(user, '"$1" -q --log /dev/null -- bash -c "$2" 7>/dev/null 8>other', nonet, probe)
    assert text(f"{user.home}/open").split() == ["0", "1", "2", "7", "8"]


def test_a_report_into_a_descriptor(user, nonet):
    """It takes one page, at the end, and nothing of the command's."""
    shell(user, '"$1" -q --report /dev/fd/8 -- bash -c "$2; echo forged >&8" 8>&1 >/dev/null 2>/dev/null | cat > got',
          nonet, ATTEMPT)
    page = text(f"{user.home}/got")
    assert page.count("<!doctype html>") + page.count("<!DOCTYPE html>") == 1 and "forged\n" not in page and "1 attempt" in page


# --- paths ---------------------------------------------------------------------------------------


def test_a_link_in_the_reports_place(user, nonet, dropped, secret):
    folder, drop = dropped
    script = f"rm page.html; ln -s {secret} page.html; {ATTEMPT}"
    done = Launcher(user)(nonet, "-q", "--report", f"{folder}/page.html", "--", *drop, "bash", "-c", script, cwd=folder)
    assert text(secret) == "secret", done
    assert not os.path.islink(f"{folder}/page.html") and "1 attempt" in text(f"{folder}/page.html")


def test_a_folder_that_is_exchanged(user, nonet, dropped, secret):
    """The page and the document stay in the folder that was there at the start."""
    folder, drop = dropped
    os.mkdir(f"{folder}/out", 0o777)
    os.chown(f"{folder}/out", os.stat(folder).st_uid, -1)
    script = (f"mv out old; ln -s {os.path.dirname(secret)} out; for i in $(seq 300); do "
              "( : > /dev/tcp/127.0.0.1/$i ) 2>/dev/null; done; ls -ld out")
    done = Launcher(user)(nonet, "-q", "--report", f"{folder}/out/page.html", "--log-dir", f"{folder}/out", "--",
                          *drop, "bash", "-c", script, cwd=folder)
    assert b" -> " in done.stdout, "the instrument: it is exchanged"
    assert text(secret) == "secret" and os.listdir(os.path.dirname(secret)) == ["page.html"]
    assert "300 attempts" in text(f"{folder}/old/page.html")
    (document,) = glob.glob(f"{folder}/old/nonet_*.json")
    assert json.loads(text(document))["status"] == "exited" and len(os.listdir(f"{folder}/old")) == 2


def test_a_fifo_in_the_reports_place(user, nonet, dropped):
    folder, drop = dropped
    script = "rm page.html; mkfifo page.html"
    done = Launcher(user)(nonet, "-q", "--report", f"{folder}/page.html", "--", *drop, "sh", "-c", script, cwd=folder, timeout=10)
    assert done.returncode == 0 and "attempted" in text(f"{folder}/page.html")


def test_names_of_what_is_half_written(user, nonet, dropped):
    """What takes a file's place is new: no link, no other name of a file, no FIFO that was there before."""
    folder, drop = dropped
    script = """echo mine > mine; set -- $(basename logs/nonet_*.json); ln mine "logs/.$1.new"
      mkfifo "page.html.$PPID.new" "page.html.$(cut -d' ' -f4 /proc/$PPID/stat).new"; ln -s mine link"""
    os.mkdir(f"{folder}/logs")
    os.chmod(f"{folder}/logs", 0o777)
    done = Launcher(user)(nonet, "--report", f"{folder}/page.html", "--log-dir", f"{folder}/logs", "--",
                          *drop, "sh", "-c", script, cwd=folder, timeout=10)
    assert text(f"{folder}/mine") == "mine\n"
    (document,) = glob.glob(f"{folder}/logs/nonet_*.json")
    assert json.loads(text(document))["status"] == "exited" and os.listdir(f"{folder}/logs") == [os.path.basename(document)]
    assert done.returncode == 0 and done.stderr.count(b"\n") == 1 and b"cannot write the report" in done.stderr


@pytest.mark.skipif(not ROOT, reason="only root meets links of other users")
def test_the_link_of_another_user(me, nonet):
    """A link that an earlier run has left is not followed to a file; one's own is."""
    secret = f"{me.home}/secret"
    with open(secret, "w") as file:
        file.write("secret")
    log = f"{me.home}/log"
    Launcher(me)(nonet, "-q", "--log", log, "--", "true")
    os.symlink(secret, f"{me.home}/page.html")
    os.chown(f"{me.home}/page.html", 65534, 65534, follow_symlinks=False)
    for words in (["--report", "page.html", "--from", log], ["--report", "page.html", "--", "touch", "ran"],
                  ["--log", "page.html", "--", "touch", "ran"]):
        done = Launcher(me)(nonet, *words)
        assert done.returncode == 125 and b"link of another user" in done.stderr and text(secret) == "secret"
    # Nor where one's own link leads to it.
    os.symlink("page.html", f"{me.home}/own")
    for words in (["--report", "own", "--from", log], ["--report", "own", "--", "touch", "ran"], ["--log", "own", "--", "touch", "ran"]):
        done = Launcher(me)(nonet, *words)
        assert done.returncode == 125 and b"link of another user" in done.stderr and text(secret) == "secret"
    assert not os.path.exists(f"{me.home}/ran")
    os.chown(f"{me.home}/page.html", 0, 0, follow_symlinks=False)
    assert Launcher(me)(nonet, "--report", "page.html", "--from", log).returncode == 0 and text(secret) != "secret"


# --- writes that fail ----------------------------------------------------------------------------

# Until the supervisor blocks these signals itself, its caller ignores them.
DEAF = ("env", "--ignore-signal=PIPE", "--ignore-signal=XFSZ")
TRIES = "for i in $(seq 40); do ( : > /dev/tcp/127.0.0.1/$i ) 2>/dev/null; done; echo went on >> went; exit 3"


@pytest.mark.parametrize("option", ["--log", "--log-dir", "--report"])
def test_a_folder_link_of_another_user(me, nonet, option):
    """Nobody's link on the way leads root nowhere; root's own leads on, and what is not there is made behind it."""
    if not ROOT:
        pytest.skip("only root writes through a folder of another user")
    for folder in ("theirs", "victim"):
        os.mkdir(f"{me.home}/{folder}")
    os.chown(f"{me.home}/theirs", 65534, 65534)
    os.chmod(me.home, 0o755)
    os.symlink(f"{me.home}/victim", f"{me.home}/theirs/link")
    os.lchown(f"{me.home}/theirs/link", 65534, 65534)
    os.symlink("victim", f"{me.home}/own")
    name = "a/b" if option == "--log-dir" else "x"
    done = Launcher(me)(nonet, "-q", option, f"{me.home}/theirs/link/{name}", "--", "true")
    assert done.returncode == 125 and b"following the link of another user" in done.stderr and done.stderr.count(b"\n") == 1, done
    assert os.listdir(f"{me.home}/victim") == []
    done = Launcher(me)(nonet, "-q", option, f"own/./../own/{name}", "--", "true")
    assert done.returncode == 0 and os.path.exists(f"{me.home}/victim/{name}"), done


@pytest.mark.parametrize("option", ["--log", "--report"])
def test_a_fifo_that_nobody_reads(user, nonet, option):
    """Whoever waits for its reader ends by TERM, and by INT."""
    os.mkfifo(f"{user.home}/pipe"), user.own(f"{user.home}/pipe")
    for number in (signal.SIGTERM, signal.SIGINT):
        child = Launcher(user).popen(nonet, "-q", option, "pipe", "--", "echo", "ran", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        time.sleep(0.3)
        child.send_signal(number)
        assert child.wait(5) == -number and child.stdout.read() == b""
        child.stdout.close(), child.stderr.close()


def test_a_reader_that_leaves(user, nonet):
    """The log's, or that of standard error: the command goes on, and its status is the status."""
    for words in ("-q --log -", "--log -", "--hint", "-v --hint", "--log lines", "--log-dir logs"):
        script = f'{{ {" ".join(DEAF)} "$1" {words} -- bash -c "$2"; echo $? > status; }} 2>&1 >/dev/null | {"head -n 1" if "--log -" in words else "true"}'
        shell(user, script, nonet, f"sleep 0.1; {TRIES}")
        assert text(f"{user.home}/status") == "3\n", words
    assert text(f"{user.home}/went") == "went on\n" * 6


def test_a_fifo_whose_reader_leaves(user, nonet):
    script = f'mkfifo f; head -n 1 f > got & {" ".join(DEAF)} "$1" --log f -- bash -c "wait; sleep 0.1; $2"; echo $?'
    done = shell(user, script, nonet, TRIES)
    assert done.stdout == b"3\n" and text(f"{user.home}/went") == "went on\n"
    assert done.stderr.count(b"warning: the log cannot be written (write: Broken pipe)") == 1


@pytest.mark.parametrize("option", ["--log log", "--log-dir logs", "--report page.html"])
def test_a_limit_on_the_size_of_files(user, nonet, option):
    """At the start a sentence and 125, in mid-run one warning; nothing half is left, nothing stops."""
    script = f'echo x > log; ulimit -f 0; exec {" ".join(DEAF)} "$1" {option} -- touch ran'
    done = shell(user, script, nonet)
    assert done.returncode == 125 and done.stderr.count(b"\n") == 1 and b"File too large" in done.stderr
    assert not os.path.exists(f"{user.home}/ran") and text(f"{user.home}/log") == "x\n"
    assert not os.path.exists(f"{user.home}/page.html") and glob.glob(f"{user.home}/logs/*") == []
    code = ("import socket, sys\nfor i in range(900):\n s = socket.socket(socket.AF_UNIX)\n"
            " try: s.connect('/no/such/%d/%s' % (i, 'x' * 80))\n except OSError: pass\nsys.exit(3)")
    script = f'rm log; ulimit -f 100; exec {" ".join(DEAF)} "$1" {option} -- "$2" -c "$3"'
    done = shell(user, script, nonet, PYTHON, code)
    assert done.returncode == 3
    warnings = [line for line in done.stderr.splitlines() if b"File too large" in line]
    assert len(warnings) == 1, done.stderr
    if option == "--log-dir logs":
        (path,) = glob.glob(f"{user.home}/logs/*")
        document = json.loads(text(path))
        told = sum(e["count"] for e in document["events"])
        assert (document["status"], document["event_count"], told + document["dropped"]) == ("exited", 900, 900)
        lines = done.stderr.decode().splitlines()
        assert lines[-2].endswith(f"; {told} of them: {os.path.relpath(path, user.home)}") and 100 < told < 900
        assert lines[-1] == f"nonet: {900 - told} of them are only counted, for the log could not be written"
    if option == "--log log":
        lines = [json.loads(line) for line in text(f"{user.home}/log").splitlines()]
        told = sum(line.get("count", 0) for line in lines)
        assert f"; {told} of them: log\n".encode() in done.stderr and 100 < told < 900
    if option == "--report page.html":
        assert "Nothing was attempted" in text(f"{user.home}/page.html"), "the page of the beginning stays"


@pytest.mark.skipif(not ROOT, reason="only root mounts a small file system")
def test_words_after_a_full_disk(me, nonet):
    os.mkdir(f"{me.home}/small")
    code = ("import socket\nfor i in range(600):\n s = socket.socket(socket.AF_UNIX)\n"
            " try: s.connect('/no/such/%d/%s' % (i, 'x' * 80))\n except OSError: pass")
    script = 'mount -t tmpfs -o size=100k none small && "$1" --log-dir small/logs -- "$2" -c "$3"; cat small/logs/*.json'
    done = Launcher(me)("unshare", "-m", "sh", "-c", script, "sh", nonet, PYTHON, code)
    document, words = json.loads(done.stdout), done.stderr.decode().splitlines()
    told = sum(e["count"] for e in document["events"])
    assert (document["event_count"], document["dropped"]) == (600, 600 - told) and 50 < told < 600
    assert f"; {told} of them: small/logs/" in words[-2] and "cannot be written" in words[0]
    assert words[-1] == f"nonet: {600 - told} of them are only counted, for the log could not be written"


# --- writers that are gone -----------------------------------------------------------------------


def killed(user, nonet):
    """A document whose nonet was killed."""
    child = Launcher(user, (nonet, "-q", "--log-dir", "logs", "--")).popen("bash", "-c", f"{ATTEMPT}; echo; exec sleep 30")
    child.stdout.readline()
    (path,) = [one for one in glob.glob(f"{user.home}/logs/*.json") if f"_{child.pid}.json" in one]
    until = time.monotonic() + 5
    while json.loads(text(path))["event_count"] == 0 and time.monotonic() < until:  # sums are a moment late
        time.sleep(0.05)
    return child, path


def kill_both(child):
    """SIGKILL for the supervisor and, before it can start another one, for the second holder, which would say what became of it."""
    child.send_signal(signal.SIGSTOP)
    with open(f"/proc/{child.pid}/task/{child.pid}/children") as file:
        for one in file.read().split():
            with open(f"/proc/{one}/comm") as name:
                if name.read().strip() == "nonet":
                    os.kill(int(one), signal.SIGKILL)
    child.kill()
    child.wait(10), child.stdout.close(), child.stderr.close()


GONE = b"says \"running\", but its nonet is gone"


def test_a_writer_that_is_gone(user, nonet):
    launch = Launcher(user)
    child, path = killed(user, nonet)

    def report(*words, log=path, **options):
        done = launch(nonet, "--report", "page.html", "--from", log, **options)
        assert done.returncode == 0
        return done.stderr, text(f"{user.home}/page.html")

    alive = report()
    assert alive[0] == b"" and "still running" in alive[1]
    assert launch(nonet, "--log-dir", "logs", "--", "true").stderr == b""
    kill_both(child)
    assert json.loads(text(path))["status"] == "running"
    for words, page in (report(), report(log="-", stdin=open(path, "rb"))):
        assert GONE in words and words.count(b"\n") == 1 and "its nonet is gone" in page
    piped = report(log="-", input=text(path).encode())
    assert piped[0] == b"" and "still running" in piped[1]
    # The next run in the same folder says so too, once, and the document does ever after.
    done = launch(nonet, "--log-dir", "logs", "--", "true")
    name = os.path.basename(path)
    assert (done.returncode, done.stderr.decode()) == (0, f"nonet: warning: the run of {name} was lost: its nonet was killed\n")
    document = json.loads(text(path))
    assert (document["status"], document["exit_code"], document["dropped"]) == ("lost", None, 0)
    assert document["event_count"] == sum(event["count"] for event in document["events"]) > 0
    assert launch(nonet, "--log-dir", "logs", "--", "true").stderr == b""
    words, page = report()
    assert words == b"" and "nonet did not see the end" in page and "not known" in page


def test_only_a_document_is_marked(user, nonet):
    """Links, FIFOs and what only looks like one stay as they are."""
    child, path = killed(user, nonet)
    kill_both(child)
    folder = os.path.dirname(path)
    os.rename(path, f"{user.home}/moved")
    os.symlink(f"{user.home}/moved", f"{folder}/nonet_9a.json")
    os.mkfifo(f"{folder}/nonet_9b.json")
    with open(f"{folder}/nonet_9c.json", "w") as file:
        file.write("{}")
    done = Launcher(user)(nonet, "--log-dir", "logs", "--", "true", timeout=5)
    assert (done.returncode, done.stderr) == (0, b"") and json.loads(text(f"{user.home}/moved"))["status"] == "running"


# --- who it was ----------------------------------------------------------------------------------


def test_a_program_that_hides(user, nonet):
    code = "import ctypes, socket\nctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\ntry: socket.socket()\nexcept OSError: pass"
    Launcher(user)(nonet, "-q", "--log", "log", "--", PYTHON, "-c", code)
    (event,) = [json.loads(line) for line in text(f"{user.home}/log").splitlines()][1:-1]
    hidden = None if user.uid >= 0 or not ROOT else os.path.realpath(PYTHON)
    assert event["exe"] == hidden and event["comm"].startswith("python")


@pytest.mark.skipif(not ROOT, reason="only root makes mounts without a user namespace")
def test_a_program_by_another_name(me, nonet):
    """A bind mount gives a file any path; that a program has mounts of its own is said."""
    script = 'mount --bind /bin/bash /usr/bin/true && exec /usr/bin/true -c ": > /dev/tcp/127.0.0.1/9"'
    Launcher(me)(nonet, "-q", "--log", "log", "--", "unshare", "-m", "/bin/sh", "-c", script)
    Launcher(me)(nonet, "-q", "--log", "log", "--", "bash", "-c", ATTEMPT)
    forged, plain = [line for line in map(json.loads, text(f"{me.home}/log").splitlines()) if "api" in line and "probe" not in line]
    assert forged["exe"] == "/usr/bin/true" and forged["foreign_mounts"] is True
    assert plain["exe"].endswith("/bash") and "foreign_mounts" not in plain
