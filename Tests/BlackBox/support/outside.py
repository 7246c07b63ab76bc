"""The outside: everything that a command could reach if it got out, on this machine and made for it.

Listeners on 127.0.0.1 and [::1], sockets on a path and by an abstract name, a process of the same user,
a terminal, another network namespace. What arrives anywhere is heard: only that proves that a probe
of probes/escape.c came through.
"""

import errno
import os
import pathlib
import resource
import selectors
import shutil
import socket
import subprocess
import tempfile
import threading
import time

from support.run import Launcher, tool

HIGH, RING, RING_THREAD = 1500, 700, 701


def compiled_escape(folder):
    out = pathlib.Path(folder) / "escape"
    source = pathlib.Path(__file__).parent.parent / "probes/escape.c"
    subprocess.run([tool("cc"), "-O1", "-Wall", "-static", "-no-pie", "-pthread", "-o", out, source], check=True, timeout=60)
    return str(out)


class Ears:
    """One thread that accepts and reads whatever comes to any of its descriptors."""

    def __init__(self):
        self._heard = bytearray()
        self._selector = selectors.DefaultSelector()
        self._lock = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def on(self, thing):
        """Hears a socket (a listener too) or a descriptor from now on, and owns it."""
        if isinstance(thing, socket.socket):
            thing.setblocking(False)
        with self._lock:
            self._selector.register(thing, selectors.EVENT_READ)
        return thing

    def _listen(self):
        while self._open:
            for key, _ in self._selector.select(0.02):
                try:
                    self._take(key.fileobj)
                except (BlockingIOError, InterruptedError):
                    pass
                except OSError:
                    self._drop(key.fileobj)

    def _take(self, thing):
        if not isinstance(thing, socket.socket):
            data = os.read(thing, 4096)
        elif thing.type == socket.SOCK_STREAM and thing.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            self.on(thing.accept()[0])
            return
        else:
            data = thing.recv(4096)
        self._heard += data
        if not data:
            self._drop(thing)

    def _drop(self, thing):
        with self._lock:
            self._selector.unregister(thing)
        thing.close() if isinstance(thing, socket.socket) else os.close(thing)

    def heard(self, token, patience=0.0):
        """Whether the token arrived, waiting a while for it."""
        until = time.monotonic() + patience
        while token not in self._heard:
            if time.monotonic() > until:
                return False
            time.sleep(0.005)
        return True

    def close(self):
        self._open = False
        self._thread.join(2)
        for key in list(self._selector.get_map().values()):
            self._drop(key.fileobj)


class Outside:
    """The outside of one user, and the way to send a probe out from behind a tool."""

    def __init__(self, user, escape):
        self.user, self.escape, self._runs = user, escape, 0
        self.ears = Ears()
        self._folder = tempfile.mkdtemp(prefix="nonet-outside.")
        os.chmod(self._folder, 0o755)
        self._children = []
        self._environment = {**self._listeners(), **self._files()}
        self._environment.update(self._victim())
        self._environment.update(self._other_namespace())

    def _listeners(self):
        four = self.ears.on(socket.create_server(("127.0.0.1", 0), backlog=64))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        self.port, self._udp_port = four.getsockname()[1], self.ears.on(udp).getsockname()[1]
        found = {"OUT_TCP": self.port, "OUT_UDP": self._udp_port}
        try:
            found["OUT_TCP6"] = self.ears.on(socket.create_server(("::1", 0), family=socket.AF_INET6)).getsockname()[1]
        except OSError:
            found["OUT_TCP6"] = 1  # no IPv6 here: the probe says so
        path, dgram, abstract = f"{self._folder}/stream", f"{self._folder}/dgram", f"nonet-{os.getpid()}-{id(self):x}"
        for kind, address in ((socket.SOCK_STREAM, path), (socket.SOCK_DGRAM, dgram), (socket.SOCK_STREAM, "\0" + abstract)):
            one = socket.socket(socket.AF_UNIX, kind)
            one.bind(address)
            if address[0] != "\0":
                os.chmod(address, 0o777)
            if kind == socket.SOCK_STREAM:
                one.listen(64)
            self.ears.on(one)
        return {**found, "OUT_PATH": path, "OUT_DGRAM": dgram, "OUT_ABSTRACT": abstract}

    def _files(self):
        suid = f"{self._folder}/suid"
        shutil.copy(self.escape, suid)
        os.chmod(suid, 0o4755)
        mounts = f"{self._folder}/mount"
        os.mkdir(mounts)
        return {"OUT_SELF": self.escape, "OUT_SUID": suid, "OUT_FOLDER": mounts, "OUT_NETNS": os.stat("/proc/self/ns/net").st_ino}

    def _victim(self):
        child = Launcher(self.user).popen(self.escape, "victim", stdin=subprocess.PIPE, env={"OUT_TCP": str(self.port)})
        self._children.append(child)
        pid, address, descriptor = child.stdout.readline().split()
        return {"OUT_PID": int(pid), "OUT_ADDRESS": address.decode(), "OUT_FD": int(descriptor)}

    def _other_namespace(self):
        """A process in a network namespace that is neither ours nor the probe's; only root makes one."""
        if os.geteuid() != 0:
            return {"OUT_NETNS_PID": 0}
        child = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._children.append(child)
        child.stdin.write(b"\n")
        child.stdin.flush()
        child.stdout.readline()  # it is inside
        return {"OUT_NETNS_PID": child.pid}

    def close(self):
        for child in self._children:
            child.stdin.close()
            child.wait(5)
            child.stdout.close()
        self.ears.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def run(self, names, prefix=()):
        """Sends the probes through `prefix`; name -> (out or held, step, errno), or the tool's own failure."""
        self._runs += 1
        head = f"{os.getpid()}.{id(self):x}.{self._runs}"
        held = Held(self)
        environment = {**self._environment, **held.environment, "TOKEN_HEAD": head}
        done = Launcher(self.user)(
            self.escape, "hold", *prefix, self.escape, *names, pass_fds=held.descriptors,
            env={k: str(v) for k, v in environment.items()}, preexec_fn=many_descriptors, timeout=60)
        try:
            if done.returncode:
                return Refusal(done.returncode, done.stderr.decode(errors="replace"))
            return dict(self._verdict(line, head) for line in done.stdout.decode().splitlines())
        finally:
            held.close()

    def _verdict(self, line, head):
        name, what, rest = line.split(" ", 2)
        step, number = rest.rsplit(" ", 1)
        arrived = self.ears.heard(f"{head}.{name};".encode(), 0.4 if what == "sent" else 0)
        if arrived or what == "got":
            return name, ("out", "-", 0)
        return name, ("held", "nothing arrived" if what == "sent" else step, int(number))


class Refusal(dict):
    """The tool did not run the probes at all."""

    def __init__(self, status, text):
        super().__init__()
        self.status, self.text = status, text


class Held:
    """What one run inherits: sockets of each kind, a namespace, a terminal."""

    def __init__(self, outside):
        ears = outside.ears
        tcp = socket.create_connection(("127.0.0.1", outside.port))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.connect(("127.0.0.1", outside._udp_port))
        listener = socket.create_server(("127.0.0.1", 0))
        client = ears.on(socket.create_connection(listener.getsockname()))
        dgram, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        ears.on(far)
        self._kept = [tcp, udp, listener, dgram]
        many_descriptors()
        os.dup2(tcp.fileno(), HIGH)
        netns = os.open("/proc/self/ns/net", os.O_RDONLY)
        self._master, tty = os.openpty()
        ears.on(os.open(os.ttyname(tty), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK))
        self._numbers = [HIGH, netns, tty]
        self.descriptors = [one.fileno() for one in self._kept] + self._numbers
        self.environment = {
            "FD_TCP": tcp.fileno(), "FD_UDP": udp.fileno(), "FD_LISTENER": listener.fileno(), "FD_DGRAM": dgram.fileno(),
            "FD_TCP_HIGH": HIGH, "FD_NETNS": netns, "FD_TTY": tty, "FD_RING": RING, "FD_RING_THREAD": RING_THREAD}

    def close(self):
        for one in self._kept:
            one.close()
        for number in [*self._numbers, self._master]:
            os.close(number)


def many_descriptors():
    """The number HIGH must be a possible one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < 2 * HIGH:
        resource.setrlimit(resource.RLIMIT_NOFILE, (2 * HIGH, max(hard, 2 * HIGH) if hard != resource.RLIM_INFINITY else hard))


def reason(answer):
    """A verdict in words."""
    what, step, number = answer
    if what == "out":
        return "out"
    return f"{step}: {errno.errorcode.get(number, number)}" if number else step
