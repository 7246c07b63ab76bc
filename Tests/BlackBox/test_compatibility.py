"""What needs no network runs under nonet as it did before: same status, same output.

Each program runs free first. Its output must be the same inside, and what it must say is given here,
so that "both failed alike" cannot pass.
"""

import pytest

from support.run import PYTHON, tool

PYTHON_PROGRAMS = {
    "asyncio-wake-up": ("""
import asyncio, threading
async def answer(): return 42
loop = asyncio.new_event_loop()
thread = threading.Thread(target=loop.run_forever); thread.start()
print(asyncio.run_coroutine_threadsafe(answer(), loop).result(5))
loop.call_soon_threadsafe(loop.stop); thread.join(5); print(thread.is_alive())
""", "42\nFalse\n"),
    "asyncio-subprocess": ("""
import asyncio
async def main():
    child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    out, _ = await child.communicate(b"x" * 300000); print(len(out), child.returncode)
    print(await asyncio.to_thread(sum, range(10)))
asyncio.run(main())
""", "300000 0\n45\n"),
    "subprocess-pipes": ("""
import subprocess as s
a = s.Popen(["printf", "b\\\\na\\\\n"], stdout=s.PIPE); b = s.run(["sort"], stdin=a.stdout, capture_output=True, text=True)
print(b.stdout, a.wait(), b.returncode)
""", "a\nb\n 0 0\n"),
    "socketpair": ("""
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    one, other = socket.socketpair(socket.AF_UNIX, kind)
    one.sendall(b"ping"); print(other.recv(9)); one.shutdown(socket.SHUT_WR); print(other.recv(9))
""", "b'ping'\nb''\n" * 2),
    "unix-listener": ("""
import os, socket
s = socket.socket(socket.AF_UNIX); s.bind("own"); s.listen(1); s.setblocking(False)
try: s.accept()
except BlockingIOError: print("listening", os.path.exists("own"))
""", "listening True\n"),
    "interfaces": ("""
import socket; print("lo" in [name for _, name in socket.if_nameindex()])
""", "True\n"),
    "sqlite": ("""
import sqlite3
c = sqlite3.connect("data.db"); c.execute("pragma journal_mode=wal"); c.execute("create table if not exists t(x)")
c.executemany("insert into t values(?)", [(i,) for i in range(1000)]); c.commit(); print(c.execute("select sum(x) from t").fetchone()); c.execute("drop table t")
""", "(499500,)\n"),
    "locale": ("import locale; print(locale.setlocale(locale.LC_ALL, 'C.UTF-8'))", "C.UTF-8\n"),
    "threads": ("""
from concurrent.futures import ThreadPoolExecutor as T
print(sum(T(8).map(lambda n: n * n, range(100))))
""", "328350\n"),
    "inotify-epoll-eventfd": ("""
import ctypes, os, select
fd = ctypes.CDLL(None).eventfd(1, 0); e = select.epoll(); e.register(fd); print(e.poll(1)[0][1] & select.EPOLLIN, len(os.read(fd, 8)))
""", "1 8\n"),
}

POOL = """
import multiprocessing as m, os
def square(n): return n * n
if __name__ == "__main__":
    with m.get_context({method!r}).Pool(2) as pool: print(sum(pool.map(square, range(50))))
    q = m.get_context({method!r}).Queue(); q.put("through"); print(q.get(timeout=5))
"""


def same(free, confined, *argv, says, reset=(), **options):
    """Runs free, then inside; both must end with 0 and say the same, `says` among it."""
    outputs = []
    for launcher in (free, confined):
        if reset:
            free("rm", "-rf", *reset)
        done = launcher(*argv, **options)
        assert done.returncode == 0, (argv[0], done.returncode, done.stderr.decode(errors="replace")[-2000:])
        outputs.append(done.stdout.decode())
    assert outputs[0] == outputs[1]
    assert says in outputs[0]


def write(user, name, text, mode=0o644):
    path = f"{user.home}/{name}"
    with open(path, "w") as file:
        file.write(text)
    user.own(path, mode)
    return path


@pytest.mark.parametrize("code, says", PYTHON_PROGRAMS.values(), ids=PYTHON_PROGRAMS)
def test_python(free, confined, code, says):
    same(free, confined, PYTHON, "-c", code, says=says, reset=["own"])


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(free, confined, user, method):
    path = write(user, "pool.py", POOL.format(method=method))
    same(free, confined, PYTHON, path, says="40425\nthrough\n", timeout=30)


def test_make_with_jobs(free, confined, user):
    """Eight jobs, four at a time, and a recursive make that shares the job server's pipe."""
    text = "all: j1 j2 j3 j4 j5 j6 j7 j8\n\t@$(MAKE) -s deep\n\t@cat out.*\n"
    text += "j%:\n\t@sleep 0.05; echo $@ > out.$*\ndeep: j9\n.PHONY: all deep\n"
    write(user, "Makefile", text)
    same(free, confined, tool("make"), "-j4", "--no-print-directory", says="".join(f"j{n}\n" for n in range(1, 10)))


def test_git_on_paths(free, confined, user):
    tool("git")
    script = write(user, "story.sh", """set -e
git init -q --initial-branch=main one; cd one
git config user.name n; git config user.email n@example.invalid
for n in 1 2 3; do echo $n > file; git add file; git commit -q -m "step $n"; done
git gc -q; cd ..; git clone -q one two; git -C two log --format=%s; git -C two fsck; git -C two status --short
""")
    same(free, confined, "sh", script, says="step 3\nstep 2\nstep 1\n", reset=["one", "two"])


@pytest.mark.parametrize("link", [[], ["-static"]], ids=["dynamic", "static"])
def test_compiled_c(free, confined, user, link):
    """The compiler runs inside, and so does what it made."""
    write(user, "hello.c", '#include <stdio.h>\nint main(void) { puts("hello from C"); return 0; }\n')
    same(free, confined, tool("cc"), *link, "-o", "hello", "hello.c", says="", timeout=30)
    same(free, confined, "./hello", says="hello from C\n")


def test_compiled_swift(free, confined, user):
    write(user, "hello.swift", 'print("hello from Swift")\n')
    build = free(tool("swiftc", optional=True), "hello.swift", "-o", "hello", timeout=60)
    assert build.returncode == 0, build.stderr
    same(free, confined, "./hello", says="hello from Swift\n")


def test_32_bit_program(free, confined, probe32):
    same(free, confined, probe32, "close:6:99", "write:4:99:z:0", says="close -1 9\nwrite -1 9\n")


NODE_PROGRAMS = {
    "spawn": ("""const c = require('child_process').spawn('cat'); let n = 0
c.stdout.on('data', d => n += d.length); c.on('close', s => console.log(n, s)); c.stdin.end('x'.repeat(300000))""", "300000 0\n"),
    "spawnSync": ("""const r = require('child_process').spawnSync('cat', { input: 'through' })
console.log(r.status, String(r.stdout), r.error)""", "0 through undefined\n"),
    "execSync": ("console.log(String(require('child_process').execSync('echo a | tr a b')))", "b\n"),
    "networkInterfaces": ("console.log(Object.keys(require('os').networkInterfaces()).includes('lo'))", "true\n"),
    "workers": ("""const w = require('worker_threads')
new w.Worker("require('worker_threads').parentPort.postMessage(7)", { eval: true }).on('message', m => console.log(m))""", "7\n"),
}


@pytest.mark.parametrize("code, says", NODE_PROGRAMS.values(), ids=NODE_PROGRAMS)
def test_node(free, confined, code, says):
    same(free, confined, tool("node", optional=True), "-e", code, says=says)


def test_node_fork(free, confined, user):
    tool("node", optional=True)
    path = write(user, "fork.js", """
if (process.argv[2]) process.on('message', m => { process.send(m + 1); process.disconnect() })
else { const c = require('child_process').fork(__filename, ['child']); c.on('message', m => console.log(m)); c.send(41) }
""")
    same(free, confined, "node", path, says="42\n")


def test_java(free, confined, user):
    java = tool("java", optional=True)
    tool("javac", optional=True)
    write(user, "Hello.java", """
public class Hello { public static void main(String[] a) throws Exception {
  Process p = new ProcessBuilder("echo", "from a child").start();
  System.out.println("hello from Java " + new String(p.getInputStream().readAllBytes())); } }
""")
    build = free("javac", "Hello.java", timeout=60)
    assert build.returncode == 0, build.stderr
    same(free, confined, java, "-Xshare:auto", "-cp", ".", "Hello", says="hello from Java from a child\n", timeout=30)


SHELL_PROGRAMS = {
    "big-pipe-sort": ("seq 300000 | tac | sort -n | tail -1", "300000\n"),
    "id": ("id -u; id -un || true", "\n"),
    "getent": ("getent passwd root | cut -d: -f1; getent hosts localhost >/dev/null; echo $?", "root\n"),
    "tar": ("mkdir -p t && echo x > t/f && tar c t | tar t", "t/\nt/f\n"),
    "process-substitution": ("bash -c 'cat <(echo one) <(echo two)'", "one\ntwo\n"),
    "fifo": ("rm -f p; mkfifo p; (echo fifo > p &); cat p", "fifo\n"),
    "interfaces": ("ls /sys/class/net | grep -x lo", "lo\n"),
    "unshare": ("unshare -rm sh -c 'mount -t tmpfs none /mnt 2>/dev/null; id -u' 2>/dev/null || echo no user namespaces", "\n"),
}


@pytest.mark.parametrize("script, says", SHELL_PROGRAMS.values(), ids=SHELL_PROGRAMS)
def test_shell(free, confined, script, says):
    same(free, confined, "sh", "-c", script, says=says)


def test_getifaddrs(free, confined, user):
    """glibc's getifaddrs talks netlink with a `sendto` that has an address."""
    write(user, "list.c", """#include <ifaddrs.h>
#include <stdio.h>
int main(void) { struct ifaddrs *all, *i; if (getifaddrs(&all)) { perror("getifaddrs"); return 1; }
  for (i = all; i; i = i->ifa_next) puts(i->ifa_name); return 0; }
""")
    assert free(tool("cc"), "-o", "list", "list.c", timeout=30).returncode == 0
    same(free, confined, "./list", says="lo\n")
