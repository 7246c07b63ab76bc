"""Real programs under each option: the table of `Documentation/compatibility.md`, row by row.

A program stands here with a script and the last line that it prints where it works; without nonet it must. Where the
page says "refused", the line must not come.
"""

import os
import pathlib
import shutil
import tempfile

import pytest

from support.run import NOBODY, Launcher, User

PAGE = pathlib.Path(__file__).parent.parent.parent / "Documentation" / "compatibility.md"
OPTIONS = {"`nonet --`": (), "`--loopback`": ("--loopback",), "`--allow-unix inside`": ("--allow-unix", "inside")}
WAIT = "for i in $(seq 100); do {test} && break; sleep 0.1; done"
SERVED = "curl -s http://127.0.0.1:{port}/ | tail -1; kill $server"

# The page's first column: what the script needs, the script, what it prints last.
PROGRAMS = {
    "git clone, push, fetch by path": (
        "git", "git init -q --bare a.git; git clone -q a.git b 2>&-; cd b; git -c user.name=n -c user.email=e commit -q --allow-empty -m one;"
        " git push -q origin HEAD; git fetch -q; git log --oneline | wc -l", "1"),
    "make -j, ccache": (
        "make ccache cc", "export CCACHE_DIR=$PWD/cache; printf 'int main(){return 0;}' > a.c; cp a.c b.c; printf 'all: a b\\n%%: %%.c\\n\\tccache cc -o $@ $<\\n' > Makefile;"
        " make -s -j2 && ./a && ./b && echo built", "built"),
    "Python's multiprocessing by fork, asyncio": (
        "python3", "python3 -c 'import asyncio, multiprocessing as m; m.set_start_method(\"fork\")\nwith m.Pool(2) as p: print(p.map(abs, [-1, -2]))\nasyncio.run(asyncio.sleep(0)); print(\"ran\")'", "ran"),
    "Node: fork with messages, spawnSync": (
        "node", "echo 'process.on(\"message\", m => { process.send(m + 1); process.disconnect() })' > child.js;"
        " node -e 'const c = require(\"child_process\"), f = c.fork(\"./child.js\"); c.spawnSync(\"true\"); f.on(\"message\", m => console.log(\"got\", m)); f.send(1)'", "got 2"),
    "strace, gdb, debuggers": ("strace", "strace -o trace true; grep -c execve trace", "1"),
    "chromium on a file": (
        "chromium", "echo '<title>a page</title>' > a.html; chromium --headless=new --no-sandbox --disable-gpu --user-data-dir=$PWD/c --dump-dom file://$PWD/a.html 2>&- | grep -o 'a page'", "a page"),
    "a web server and its client: `python3 -m http.server`": (
        "python3 curl", "echo served > index.html; python3 -m http.server -b 127.0.0.1 8431 2>log & server=$!;"
        + WAIT.format(test="curl -s -o /dev/null http://127.0.0.1:8431/") + ";" + SERVED.format(port=8431), "served"),
    "`php -S`": (
        "php curl", "echo served > index.php; php -S 127.0.0.1:8432 2>&- & server=$!;"
        + WAIT.format(test="curl -s -o /dev/null http://127.0.0.1:8432/") + ";" + SERVED.format(port=8432), "served"),
    "Ruby's DRb by TCP": (
        "ruby", "ruby -rdrb -e 'DRb.start_service(\"druby://127.0.0.1:0\", \"words\"); puts DRbObject.new_with_uri(DRb.uri).to_s'", "words"),
    "redis by TCP": (
        "redis-server redis-cli", "redis-server --port 8434 --save '' > log & server=$!;" + WAIT.format(test="redis-cli -p 8434 ping 2>&- | grep -q PONG")
        + "; redis-cli -p 8434 ping; kill $server", "PONG"),
    "redis by a socket file": (
        "redis-server redis-cli", "redis-server --port 0 --unixsocket $PWD/r.sock --save '' > log & server=$!;" + WAIT.format(test="redis-cli -s r.sock ping 2>&- | grep -q PONG")
        + "; redis-cli -s r.sock ping; kill $server", "PONG"),
    "PostgreSQL by a socket file": (
        "psql", "b=$(echo /usr/lib/postgresql/*/bin); $b/initdb -A trust -U me -D data > log; $b/pg_ctl -D data -w -l log -o \"-c listen_addresses= -c unix_socket_directories='$PWD'\" start > log 2>&1;"
        " psql -h $PWD -U me -Atc 'select 40 + 2' postgres; $b/pg_ctl -D data -m immediate stop > log", "42"),
    "chromium and a server on 127.0.0.1": (
        "chromium python3", "echo '<title>a page</title>' > index.html; python3 -m http.server -b 127.0.0.1 8435 2>log & server=$!; sleep 1;"
        " chromium --headless=new --no-sandbox --disable-gpu --user-data-dir=$PWD/c --dump-dom http://127.0.0.1:8435/ 2>&- | grep -o 'a page'; kill $server", "a page"),
    "Xvfb": (
        "Xvfb xdpyinfo", "Xvfb -displayfd 3 -screen 0 64x64x8 -nolisten tcp 3>n 2>log & server=$!;" + WAIT.format(test="[ -s n ]")
        + "; DISPLAY=:$(cat n) xdpyinfo | grep -o '64x64 pixels'; kill $server", "64x64 pixels"),
    "tmux": (
        "tmux", "export TMUX_TMPDIR=$PWD SHELL=/bin/sh; tmux -L own new-session -d 'echo inside > said; sleep 5';" + WAIT.format(test="[ -s said ]") + "; tmux -L own kill-server; cat said", "inside"),
    "a D-Bus session": (
        "dbus-run-session dbus-send", "dbus-run-session -- dbus-send --session --dest=org.freedesktop.DBus --print-reply / org.freedesktop.DBus.GetId > /dev/null && echo answered", "answered"),
    "ssh-agent": ("ssh-agent", "eval $(ssh-agent) > log; ssh-add -l; kill $SSH_AGENT_PID", "The agent has no identities."),
    "gpg and its agent": (
        "gpg", "mkdir -m 700 g; export GNUPGHOME=$PWD/g; gpg -q --batch --passphrase '' --quick-gen-key me@x default default never 2>&-;"
        " echo words | gpg -q --batch --clearsign 2>&- | gpg -q --verify 2>&1 | grep -o 'Good signature'; gpgconf --kill all", "Good signature"),
    "emacs --daemon": (
        "emacs emacsclient", "emacs -Q --fg-daemon=$PWD/e 2>log & server=$!;" + WAIT.format(test="[ -S e ]") + "; timeout 10 emacsclient -s $PWD/e -e '(+ 40 2)'; kill $server", "42"),
    "mypy's daemon": ("dmypy", "echo 'a: int = 1' > a.py; dmypy run -- a.py | grep -o 'no issues found'; dmypy stop > log", "no issues found"),
    "Python's forkserver and managers": (
        "python3", "echo 'import multiprocessing as m\nif __name__ == \"__main__\":\n  m.set_start_method(\"forkserver\")\n  with m.Pool(2) as p, m.Manager() as s: print(s.list(p.map(abs, [-1, -2])))' > f.py; python3 f.py", "[1, 2]"),
    "sccache, which starts its server itself": (
        "sccache cc", "export SCCACHE_DIR=$PWD/s SCCACHE_SERVER_PORT=8436; echo 'int main(){return 0;}' > a.c; sccache cc -c a.c -o a.o 2>log && [ -s a.o ] && echo compiled; sccache --stop-server > log 2>&1", "compiled"),
    "`bwrap --unshare-net`": ("bwrap", "bwrap --ro-bind / / --unshare-net echo within", "within"),
    "uuidgen": ("uuidgen", "uuidgen -t | tr -d 0-9a-f", "----"),
}


def rows():
    """The page's table: the program, and for each option what is said."""
    lines = [line.strip("| \n").split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("|")]
    header, body = lines[0], lines[2:]
    return {line[0]: dict(zip(header[1:], line[1:])) for line in body}


def test_the_page_has_these_programs_and_no_others():
    assert list(rows()) == list(PROGRAMS)
    assert all(list(row) == [*OPTIONS, "what it needs"] for row in rows().values())


def ending(launcher, script, folder):
    """The last line, in a folder that is empty at the start."""
    home = tempfile.mkdtemp(dir=folder)
    os.chmod(home, 0o755)
    launcher.user.own(home)
    environment = {"HOME": home, "TMPDIR": home, "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"}
    done = launcher("sh", "-c", script, timeout=60, env=environment, cwd=home)
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "", done.stderr.decode(errors="replace")[-500:]


@pytest.fixture
def somebody():
    """`nobody` where the suite may become another: several of these do not run as root."""
    home = tempfile.mkdtemp(prefix="nonet-home.")
    who = User("nobody", NOBODY, home) if os.geteuid() == 0 else User("current", -1, home)
    who.own(home, 0o755)
    yield who
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_row_is_so(nonet, somebody, program):
    needed, script, last = PROGRAMS[program]
    missing = [one for one in needed.split() if not shutil.which(one, path="/usr/bin:/bin:/usr/sbin:/sbin")]
    if missing:
        pytest.skip(f"{' and '.join(missing)} is not installed: `.ci/install suites`")
    assert ending(Launcher(somebody), script, somebody.home)[0] == last, ending(Launcher(somebody), script, somebody.home)
    found = {}
    for name, words in OPTIONS.items():
        line, words_of_it = ending(Launcher(somebody, (nonet, "-q", *words, "--")), script, somebody.home)
        found[name] = "works" if line == last else "refused"
    said = {name: rows()[program][name].strip("*") for name in OPTIONS}
    assert found == said, (line, words_of_it)
