"""AF_UNIX sockets inside and outside of a command, and short programs that connect to them."""

import os
import socket

from support.outside import Ears

# What each short program below begins with: `at` turns '@name' into an abstract address.
HEAD = """
import os, select, socket, struct, subprocess, sys, threading, time
UNIX, STREAM, SEQPACKET = socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_SEQPACKET
def at(name): return "\\0" + name[1:] if name.startswith("@") else name
def fresh(kind=STREAM): return socket.socket(UNIX, kind)
def server(name, backlog=16, kind=STREAM):
    one = fresh(kind)
    one.bind(at(name))
    one.listen(backlog)
    return one
def answer(one, count=1):
    def run():
        for _ in range(count):
            got, _ = one.accept()
            got.sendall(b"pong " + got.recv(100))
            got.close()
    threading.Thread(target=run, daemon=True).start()
def ping(one, word=b"ping"):
    one.sendall(word)
    return one.recv(100).decode()
def connect(name, kind=STREAM, one=None):
    one = one or fresh(kind)
    try:
        one.connect(at(name))
    except OSError as error:
        return os.strerror(error.errno) if error.errno is None else error.__class__.__name__ + " " + str(error.errno)
    return ping(one)
"""


class Outdoors:
    """Listeners of this process, which is outside: by a path and by an abstract name."""

    def __init__(self, folder):
        self.ears = Ears()
        self.folder = folder
        self.path = self.listen("docker.sock")
        self.abstract = f"@nonet-outside-{os.getpid()}-{id(self):x}"
        self._bind("\0" + self.abstract[1:])

    def listen(self, name):
        """One more listener, by a path that everybody may use."""
        path = os.path.join(self.folder, name)
        self._bind(path)
        os.chmod(path, 0o777)
        return path

    def _bind(self, address):
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.bind(address)
        one.listen(4096)
        self.ears.on(one)

    def heard(self, token, patience=0.0):
        return self.ears.heard(token, patience)

    def heard_behind_all(self, token, path):
        """Whether the token came to a listener, once all that came before this call has been accepted."""
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        one.connect(path)
        one.sendall(b"the last one")
        one.close()
        assert self.heard(b"the last one", 10)
        return self.heard(token, 0.2)

    def close(self):
        self.ears.close()
