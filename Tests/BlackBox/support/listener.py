"""A listener on loopback that counts who came, and speaks just enough HTTP."""

import random
import socket
import threading
import time


def unused_port():
    """A port of 127.0.0.1 that nobody has, below those that the kernel gives to sockets by itself.

    One of those, once it is free again, goes to any test that runs beside this one.
    """
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        first = int(file.read().split()[0])
    while True:
        port = random.randrange(1024, first)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def wait_for(port, seconds=20):
    """Returns when somebody listens on a port of 127.0.0.1."""
    end = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), 5).close()
        except ConnectionRefusedError:
            if time.monotonic() > end:
                raise
        time.sleep(0.02)


class Listener:
    """Each connection's first bytes land in `seen`; HTTP gets `hello`, anything else is closed."""

    def __init__(self, address="127.0.0.1"):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.seen = []
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.bind((address, 0))
        self._socket.listen(16)
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    first = connection.recv(4096)
                    # To close before all of a request was read would reset the connection.
                    while first.startswith((b"GET ", b"HEAD ")) and b"\r\n\r\n" not in first:
                        if not (more := connection.recv(4096)):
                            break
                        first += more
                except OSError:
                    first = b""
                self.seen.append(first)  # before the answer: who has that may look here at once
                try:
                    if first.startswith((b"GET ", b"HEAD ")):
                        connection.sendall(
                            b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n")
                except OSError:
                    pass

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        finally:
            self._socket.close()
        self._thread.join(3)
