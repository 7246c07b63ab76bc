"""What `--allow-unix PATH` means stays the same in the next run, whatever a confined command does to the path."""

import os
import shutil
import socket
import subprocess
import tempfile

import pytest
from test_allow_unix import REFUSED, allowing, as_root, python  # noqa: F401

from support.run import NOBODY, PYTHON, Launcher, User
from support.unix import HEAD

SAY = """
try: one = fresh(); one.connect(sys.argv[1]); one.sendall(sys.argv[2].encode()); print("sent")
except OSError as error: print(error.errno)
"""

BIND = "import socket, sys; socket.socket(fileno=int(sys.argv[1])).bind(sys.argv[2])"


def at_home(user, outdoors, name):  # noqa: F811
    """A folder of the user with a listener of this process in it.

    The user binds it, with the mode that it keeps: a file that was given another owner or mode since is
    not trusted where the server cannot be asked, as root's by `nobody`.
    """
    folder = f"{user.home}/{name}"
    os.mkdir(folder)
    user.own(folder, 0o755)
    one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    words = [PYTHON, "-c", BIND, str(one.fileno()), f"{folder}/s"]
    subprocess.run(words, check=True, umask=0, pass_fds=[one.fileno()], **user.options())
    one.listen(64)
    outdoors.ears.on(one)
    return folder


def refused(done, *words):
    assert (done.returncode, done.stdout) == (125, b""), done
    for word in words:
        assert word.encode() in done.stderr, done


# --- links that the command may replace --------------------------------------------------------------


@pytest.mark.parametrize("what", ["folder", "socket", "above"])
def test_a_link_in_the_place_of_what_was_named(free, allowing, user, outdoors, what):  # noqa: F811
    """One run replaces it by a link; the next one with the same words must not follow."""
    mine, other = at_home(user, outdoors, "run"), at_home(user, outdoors, "other")
    word = {"folder": "./run", "socket": "run/s", "above": "run/../run/s"}[what]
    assert python(allowing(word), SAY, "run/s", f"first {what}") == ["sent"]
    swap = {"folder": "os.rename('run', 'was'); os.symlink('other', 'run')",
            "socket": "os.unlink('run/s'); os.symlink('../other/s', 'run/s')"}.get(what)
    swap = swap or "os.rename('run', 'was'); os.symlink(os.path.abspath('other'), 'run')"
    assert python(allowing("inside"), swap) == []
    # The instrument: over the link another server is reached.
    assert python(free, SAY, "run/s", f"free {what}") == ["sent"]
    assert outdoors.heard(f"free {what}".encode(), 2)
    done = allowing(word)(PYTHON, "-c", HEAD + SAY, "run/s", f"next {what}")
    real = f"{user.home}/other" + ("/s" if what != "folder" else "")
    refused(done, real, "link", "the command was not run")
    assert not outdoors.heard(f"next {what}".encode(), 0.1)
    # The path that is said may be written.
    assert python(allowing(real), SAY, f"{other}/s", f"real {what}") == ["sent"]
    assert mine


@as_root
def test_a_link_that_only_others_may_replace(nonet, me, outdoors):  # noqa: F811
    """As /var/run is for a user; and as soon as it lies in a folder of the user's, no more."""
    folder = tempfile.mkdtemp(prefix="nonet-links.")
    try:
        os.chmod(folder, 0o755)
        os.symlink(outdoors.folder, f"{folder}/link")
        nobody = User("nobody", NOBODY, me.home)
        os.chmod(me.home, 0o777)
        launcher = Launcher(nobody, (nonet, "-q", "--allow-unix", f"{folder}/link/docker.sock", "--"))
        assert python(launcher, SAY, outdoors.path, "over the link") == ["sent"]
        os.chown(folder, NOBODY, NOBODY)
        refused(launcher("true"), outdoors.path, f"{folder}/link")
        os.chown(folder, 0, 0)
        os.chmod(folder, 0o1777)
        assert launcher("true").returncode == 0  # a sticky folder, and root's link
        os.chmod(folder, 0o777)
        refused(launcher("true"), outdoors.path)
        os.mkdir(f"{folder}/sub")
        os.symlink(outdoors.folder, f"{folder}/sub/link")
        launcher = Launcher(nobody, (nonet, "-q", "--allow-unix", f"{folder}/sub/link", "--"))
        refused(launcher("true"), outdoors.folder)  # the folder above may be replaced as a whole
    finally:
        shutil.rmtree(folder)


def test_links_of_proc(allowing, user, outdoors):  # noqa: F811
    at_home(user, outdoors, "run")
    number = os.open(f"{user.home}/run/s", os.O_PATH)
    try:
        done = allowing(f"/proc/self/fd/{number}")("true", pass_fds=[number])
    finally:
        os.close(number)
    refused(done, "/proc")


def test_a_second_name_of_a_socket(free, allowing, user, outdoors):  # noqa: F811
    """A hard link is a link as well."""
    at_home(user, outdoors, "run"), at_home(user, outdoors, "other")
    assert python(allowing("inside"), "os.unlink('run/s'); os.link('other/s', 'run/s')") == []
    assert python(free, SAY, "run/s", "free") == ["sent"]
    assert outdoors.heard(b"free", 2)
    refused(allowing("run/s")("true"), f"{user.home}/run/s", "2 names")
    assert python(allowing("run"), SAY, "run/s", "next") == ["13"]
    assert not outdoors.heard(b"next", 0.1)


def test_what_is_allowed_is_shown(nonet, user, outdoors):  # noqa: F811
    folder = at_home(user, outdoors, "run")
    words = (nonet, "-v", "--allow-unix", "./run", "--allow-unix", "run/s", "--allow-unix", outdoors.path, "--", "true")
    said = Launcher(user)(*words).stderr.decode()
    uid = os.stat(folder).st_uid
    replaces = "; the command may put another one in its place"
    assert f"'./run' is the sockets in the folder {folder}, of user {uid}{replaces}\n" in said
    assert f"'run/s' is the socket {folder}/s, of user {uid}{replaces}\n" in said
    assert f"is the socket {outdoors.path}, of user {os.geteuid()}" + (replaces if uid == os.geteuid() else "\n") in said


# --- folders by the file, not by the spelling ---------------------------------------------------------


STAY = """
def stay(one):
    def run():
        while True:
            got, _ = one.accept()
            try: got.sendall(b"pong " + got.recv(100))
            except OSError: pass  # who found that it may not be here closes at once
            got.close()
    threading.Thread(target=run, daemon=True).start()
    print("ready", flush=True); sys.stdin.read()
"""
SERVE = STAY + """
os.umask(0)
stay(server(sys.argv[1]))
"""


def serving(launcher, *arguments, prefix=(), **options):
    child = launcher.popen(*prefix, PYTHON, "-c", HEAD + SERVE, *arguments, stdin=subprocess.PIPE, **options)
    assert child.stdout.readline() == b"ready\n", child.stderr.read()
    return child


SPELLINGS = {"relative": ("s", "run"), "relative below": ("run/s", "."), "absolute": ("{home}/run/s", "/"),
             "dots": ("././s", "run"), "slashes": ("//{home}//run/./s", "/")}
LOOSE = {"by a link": ("{home}/link/s", "/"), "up and down": ("../run/s", "run"), "past another": ("{home}/other/../run/s", "/")}


@pytest.mark.parametrize("how", [*SPELLINGS, *LOOSE])
def test_a_server_that_spells_it_otherwise(free, allowing, user, how):  # noqa: F811
    """What the command may lead elsewhere may have led elsewhere; there the socket itself has to be named."""
    for name in "run", "other":
        os.mkdir(f"{user.home}/{name}")
        user.own(f"{user.home}/{name}")
    os.symlink("run", f"{user.home}/link")
    name, where = {**SPELLINGS, **LOOSE}[how]
    child = serving(free, name.format(home=user.home), cwd=os.path.join(user.home, where))
    folder, text = f"{user.home}/run", "print(connect(sys.argv[1]))"
    try:
        assert python(allowing(folder), text, f"{folder}/s") == ["pong ping" if how in SPELLINGS else REFUSED]
        assert python(allowing(f"{folder}/s"), text, f"{folder}/s") == ["pong ping"]
    finally:
        child.communicate(timeout=10)


@as_root
def test_a_server_behind_a_link_that_only_others_may_replace(me, nonet):
    """As one that calls its folder /var/run/..., for a user who cannot change /var."""
    nobody = User("nobody", NOBODY, me.home)
    nobody.own(me.home, 0o755)
    os.mkdir(f"{me.home}/run")
    nobody.own(f"{me.home}/run")
    above = tempfile.mkdtemp(prefix="nonet-links.")
    os.chmod(above, 0o755)
    os.symlink(os.path.relpath(me.home, above), f"{above}/link")
    child = serving(Launcher(nobody), f"{above}/link/run/s", cwd="/")
    launcher = Launcher(nobody, (nonet, "-q", "--allow-unix", f"{me.home}/run", "--"))
    try:
        assert python(launcher, "print(connect('run/s'))") == ["pong ping"]
        os.chmod(above, 0o777)
        assert python(launcher, "print(connect('run/s'))") == [REFUSED]
    finally:
        child.communicate(timeout=10)
        shutil.rmtree(above)


def test_a_folder_that_takes_the_place_of_anothers(free, allowing, user):  # noqa: F811
    """The command moves its folder, or a link, to where another server was bound, and that one's socket into it."""
    text = """
home, how = sys.argv[1:]
os.rename(home + "/theirs", home + "/was")
if how == "folder": os.rename(home + "/run", home + "/theirs"); place = home + "/theirs"
else: os.symlink("run", home + "/theirs"); place = home + "/run"
os.rename(home + "/was/s", place + "/s")
print(connect(place + "/s"))
"""
    for how in "folder", "link":
        for name in "theirs", "run":
            os.mkdir(f"{user.home}/{name}")
            user.own(f"{user.home}/{name}")
        child = serving(free, f"{user.home}/theirs/s")
        try:
            assert python(allowing("run"), text, user.home, how) == [REFUSED]
            where = "theirs" if how == "folder" else "run"
            assert python(free, "print(connect(sys.argv[1]))", f"{user.home}/{where}/s") == ["pong ping"]
        finally:
            child.communicate(timeout=10)
        for name in os.listdir(user.home):
            path = f"{user.home}/{name}"
            os.unlink(path) if os.path.islink(path) else shutil.rmtree(path)


# Folders, what a server binds in which of them, what a command renames, and where the server's socket is then
# below a folder of a name that is allowed.
MOVES = {
    "its working folder": (["run", "srv"], "s", "srv", "srv/s run/s, run was, srv run", "was/s"),
    "a folder above": (["a/run", "b/run"], "run/s", "b", "b/run/s a/run/s, b/run was, a/run b/run, a gone, b a", "a/run/s"),
    "a folder with an old link": (["run", "srv/one", "old"], "{home}/srv/one/s", "/", "srv/one/s run/s, srv was, old srv",
                                  "run/s"),
}


@pytest.mark.parametrize("how", MOVES)
def test_a_name_that_comes_to_lead_into_the_folder(free, allowing, user, how):  # noqa: F811
    """The command moves another server's socket into its folder, and its folder to where that one was bound."""
    folders, name, where, moves, place = MOVES[how]
    for folder in folders:
        os.makedirs(f"{user.home}/{folder}")
        for part in folder.split("/")[0], folder:
            user.own(f"{user.home}/{part}")
    if "old" in folders:  # left by an earlier command
        os.symlink(f"{user.home}/run", f"{user.home}/old/one")
    text = "for pair in sys.argv[1].split(', '): os.rename(*pair.split())\nprint(connect(sys.argv[2]))"
    child = serving(free, name.format(home=user.home), cwd=os.path.join(user.home, where))
    try:
        assert python(allowing("a/run" if "a/run" in folders else "run"), text, moves, place) == [REFUSED]
        assert python(free, "print(connect(sys.argv[1]))", place) == ["pong ping"]
    finally:
        child.communicate(timeout=10)


@as_root
def test_a_read_only_view_of_a_folder(user, nonet, stage):  # noqa: F811
    """Who may write to a folder by another path may put sockets and links into it."""
    for name in "real", "real/run", "view", "other":
        os.mkdir(f"{user.home}/{name}")
        user.own(f"{user.home}/{name}")
    os.chown(user.home, 0, 0)
    (stage / "serve.py").write_text(HEAD + SERVE)
    (stage / "move.py").write_text(HEAD + """
print(connect("other/s"))
os.rename("other/s", "real/run/s")
print(connect("view/run/s"))
""")
    driver = r"""
import os, subprocess, sys
nonet, python, stage = sys.argv[1:4]
who = {"user": int(sys.argv[4]), "group": int(sys.argv[4]), "extra_groups": []} if int(sys.argv[4]) else {}
for words in "mount --bind real view", "mount -o remount,ro,bind view": subprocess.run(words.split(), check=True)
server = subprocess.Popen([python, stage + "/serve.py", os.path.abspath("other/s")], stdin=-1, stdout=-1, **who)
server.stdout.readline()
def run(word, *words): return subprocess.run([nonet, "-q", "--allow-unix", word, "--", *words], stdout=-1, stderr=-1, **who)
print(run("view/run", python, stage + "/move.py").stdout.decode().split("\n"))
os.symlink(os.path.abspath("other"), "real/link")
done = run("view/link", "true")
print(done.returncode, b"the link" in done.stderr)
os.link("real/run/s", "real/run/t")
done = run("view/run/t", "true")
print(done.returncode, b"2 names" in done.stderr)
server.communicate()
"""
    words = ["unshare", "-m", PYTHON, "-c", driver, nonet, PYTHON, str(stage), str(max(user.uid, 0))]
    done = subprocess.run(words, cwd=user.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    said = f"['{REFUSED}', '{REFUSED}', '']\n125 True\n125 True\n"
    assert (done.returncode, done.stdout.decode()) == (0, said), done


@as_root
def test_the_same_spelling_in_another_mount_namespace(me, nonet):
    """There the folder of that name is another one; its socket is moved into the one that was named."""
    for name in "run", "other":
        os.mkdir(f"{me.home}/{name}")
    mounts = ("unshare", "-m", "sh", "-c", 'mount --bind other run && exec "$@"', "-")
    child = serving(Launcher(me), f"{me.home}/run/s", prefix=mounts)
    try:
        launcher = Launcher(me, (nonet, "-q", "--allow-unix", "run", "--"))
        text = "os.rename('other/s', 'run/s'); print(connect('run/s'))"
        assert python(launcher, text) == [REFUSED]
        assert python(Launcher(me), "print(connect('run/s'))") == ["pong ping"]
    finally:
        child.communicate(timeout=10)
    child = serving(Launcher(me), f"{me.home}/run/t")
    try:
        assert python(launcher, "print(connect('run/t'))") == ["pong ping"]
    finally:
        child.communicate(timeout=10)


def test_a_server_that_forks_away(free, allowing, user):  # noqa: F811
    """Whoever called listen is gone and cannot be asked; its own name, and a file never moved, are enough."""
    os.mkdir(f"{user.home}/run")
    user.own(f"{user.home}/run")
    text = STAY + """
os.umask(0)
here = server(os.path.abspath("run/s"))
if os.fork(): os._exit(0)
stay(here)
"""
    child = free.popen(PYTHON, "-c", HEAD + text, stdin=subprocess.PIPE)
    assert child.stdout.readline() == b"ready\n"
    try:
        assert python(allowing("run"), "print(connect('run/s'))") == ["pong ping"]
        assert python(allowing("run"), "os.rename('run/s', 'run/t'); print(connect('run/t'))") == [REFUSED]
    finally:
        child.communicate(timeout=10)
