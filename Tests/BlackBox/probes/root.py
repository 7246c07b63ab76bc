"""What root may do to reach a network around sockets, tried one by one; test_root.py is the outside.

    root.py WAY...    prints `WAY done` or `WAY STEP ERRNO` for each

It runs in a network namespace that the test made, with a veth pair va-vb and a tun device `nt0` that belongs
to nobody. Whether something arrived, the outside knows.
"""

import array
import ctypes
import errno
import fcntl
import os
import socket
import struct
import subprocess
import sys

libc = ctypes.CDLL(None, use_errno=True)
TUNSETIFF, IFF_TUN, IFF_TAP, IFF_NO_PI = 0x400454CA, 1, 2, 0x1000
TIOCSETD, N_TTY = 0x5423, 0  # the one that every kernel has


class Step(Exception):
    pass


def call(name, number, *arguments):
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *wide)
    if result < 0:
        raise Step(name, ctypes.get_errno())
    return result


def run(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        text = done.stdout.decode(errors="replace")
        known = [n for n in errno.errorcode if os.strerror(n) in text]
        raise Step(words[0] + ":" + "_".join(text.split())[:60], known[0] if known else 0)


def attached(name, kind):
    device = os.open(os.environ.get("TUN", "/dev/net/tun"), os.O_RDWR)
    try:
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), kind | IFF_NO_PI))
    except OSError as error:
        raise Step("TUNSETIFF", error.errno)
    return device


def checksum(data):
    total = sum(array.array("H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~((total >> 16) + total) & 0xFFFF


def datagram(word):
    """An IPv4 datagram from 10.99.0.2 to port 9999 of 10.99.0.1; UDP may leave its checksum out."""
    udp = struct.pack("!HHHH", 9, 9999, 8 + len(word), 0) + word
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([10, 99, 0, 2]), bytes([10, 99, 0, 1]))
    return head[:10] + struct.pack("=H", checksum(head)) + head[12:] + udp


def route():
    run("ip", "route", "add", "198.51.100.0/24", "dev", "va")


def link():
    run("ip", "link", "add", "nx0", "type", "veth", "peer", "name", "nx1")


def neighbour():
    run("ip", "neigh", "replace", "10.98.0.7", "dev", "va", "use")


def tun():
    os.write(attached("nt0", IFF_TUN), datagram(b"tun"))


def tap():
    attached("nt%d", IFF_TAP)


def inherited_tun():
    os.write(int(os.environ["FD_TUN"]), datagram(b"inherited_tun"))


def inherited_map():
    os.readlink(f"/proc/self/fd/{os.environ['FD_MAP']}")


def packet():
    # Not through socket(2), which every preset refuses: to another socket's owner, by netlink.
    one = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    one.sendto(b"packet", (int(os.environ["NETLINK_PORT"]), 0))


def bpf():
    program = ctypes.create_string_buffer(struct.pack("=BBhi", 0xB7, 0, 0, 0) + struct.pack("=BBhi", 0x95, 0, 0, 0))
    text = ctypes.create_string_buffer(b"GPL")
    # BPF_PROG_TYPE_CGROUP_SKB, which sees and drops every packet of a group.
    load = struct.pack("=IIQQIIQII", 8, 2, ctypes.addressof(program), ctypes.addressof(text), 0, 0, 0, 0, 0)
    call("bpf", 321, 5, ctypes.create_string_buffer(load, 120), 120)


def module():
    """A module that does nothing is not one; who may not load any hears so first."""
    result = libc.syscall(ctypes.c_long(175), ctypes.create_string_buffer(64), ctypes.c_long(64), b"")
    if result and ctypes.get_errno() != errno.ENOEXEC:
        raise Step("init_module", ctypes.get_errno())


def discipline():
    master, slave = os.openpty()
    try:
        fcntl.ioctl(slave, TIOCSETD, struct.pack("=i", N_TTY))
    except OSError as error:
        raise Step("TIOCSETD", error.errno)


def written(path):
    """Writes what is there already: nothing changes."""
    with open(path, "rb") as file:
        there = file.read()
    with open(path, "r+b", buffering=0) as file:
        file.write(there)


def core_pattern():
    written("/proc/sys/kernel/core_pattern")


def modprobe():
    written("/proc/sys/kernel/modprobe")


def forwarding():
    with open("/proc/sys/net/ipv4/ip_forward", "w") as file:
        file.write("1")


def net_setting():
    written("/proc/sys/net/ipv4/conf/lo/rp_filter")


def remount():
    """What a namespace of its own could undo."""
    run("unshare", "-rmpf", "sh", "-c", "umount /proc/sys; mount -o remount,rw /proc/sys; mount -t proc p /proc;"
        " cat /proc/sys/kernel/core_pattern > $HOME/pattern; cat $HOME/pattern > /proc/sys/kernel/core_pattern")


def unmount():
    run("sh", "-c", "umount /proc/sys; mount -o remount,rw /proc/sys; mount -o remount,bind,rw /proc/sys;"
        " cat /proc/sys/kernel/core_pattern > $HOME/pattern; cat $HOME/pattern > /proc/sys/kernel/core_pattern")


def handle():
    """A file by its number, around folders and mounts."""
    mount, size = ctypes.c_int(), 128
    buffer = ctypes.create_string_buffer(struct.pack("=Ii", size, 0), 8 + size)
    folder = os.open("/", os.O_RDONLY)
    if libc.name_to_handle_at(folder, b"etc/passwd", buffer, ctypes.byref(mount), 0):
        raise Step("name_to_handle_at", ctypes.get_errno())
    if libc.open_by_handle_at(folder, buffer, os.O_RDONLY) < 0:
        raise Step("open_by_handle_at", ctypes.get_errno())


def node():
    os.mknod(os.environ["HOME"] + "/node", 0o20600, os.makedev(1, 1))


def outside_memory():
    """A process of root's outside with every capability."""
    os.close(os.open(f"/proc/{os.environ['OUT_PID']}/mem", os.O_RDWR))


def main(ways):
    for way in ways:
        try:
            globals()[way]()
            print(way, "done", flush=True)
        except Step as step:
            print(way, step.args[0], step.args[1], flush=True)
        except OSError as error:
            print(way, (error.filename or "call").replace(" ", "_"), error.errno, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
