"""The outside of root.py: a network made for the test, and ears in it.

    unshare -n python3 root_outside.py USER WAYS COMMAND...    prints a JSON object, way -> [said, heard]

COMMAND is what stands before the probe: nothing, or nonet and its options. USER runs it.
"""

import ctypes
import json
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import time

import root

user, ways, command = sys.argv[1], sys.argv[2].split(","), sys.argv[3:]
for line in ("link set lo up", "link add va type veth peer name vb", "addr add 10.98.0.1/24 dev va", "link set va up", "link set vb up",
             "tuntap add dev nt0 mode tun user 65534", "tuntap add dev nt1 mode tun", "addr add 10.99.0.1/24 dev nt0",
             "addr add 10.97.0.1/24 dev nt1", "link set nt0 up", "link set nt1 up"):
    subprocess.run(["ip", *line.split()], check=True)
for name in ("all", "nt0", "nt1"):
    pathlib.Path(f"/proc/sys/net/ipv4/conf/{name}/rp_filter").write_text("0")

ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ears.bind(("10.99.0.1", 9999))
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
frames.bind(("vb", 0))
# The kernel gives any number out; nobody else is in this namespace.
mail = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
mail.bind((777777, 0))

# Where distributions let everybody open it; here it may be root's alone.
tun = os.environ["HOME"] + "/tun"
os.mknod(tun, 0o20666, os.makedev(10, 200))
os.chmod(tun, 0o666)
device = root.attached("nt1", root.IFF_TUN)
map_ = root.call("bpf", 321, 0, ctypes.create_string_buffer(struct.pack("=IIII", 2, 4, 4, 1), 120), 120)
kept = [device, map_]
for number in kept:
    os.set_inheritable(number, True)
environment = {**os.environ, "TUN": tun, "FD_TUN": str(device), "FD_MAP": str(map_), "NETLINK_PORT": "777777", "OUT_PID": str(os.getpid()),
               "PYTHONDONTWRITEBYTECODE": "1"}
who = {"user": 65534, "group": 65534, "extra_groups": []} if user == "nobody" else {}
probe = [sys.executable, str(pathlib.Path(root.__file__).resolve())]
done = subprocess.run([*command, *probe, *ways], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                      env=environment, pass_fds=kept, **who)
os.unlink(tun)
heard, until = b"", time.monotonic() + 0.4
while time.monotonic() < until:
    for one in select.select([ears, frames, mail], [], [], 0.05)[0]:
        data = one.recv(2048)
        # An ARP request for 10.98.0.7: its target is the last field.
        heard += b" neighbour" if one is frames and data[20:22] == b"\0\1" and data[38:42] == bytes([10, 98, 0, 7]) else b" " + data
interfaces = subprocess.run(["ip", "-o", "link"], stdout=subprocess.PIPE).stdout + subprocess.run(["ip", "route"], stdout=subprocess.PIPE).stdout
print(json.dumps({"status": done.returncode, "said": done.stdout.decode(), "errors": done.stderr.decode(),
                  "heard": heard.decode(errors="replace").split(), "network": interfaces.decode()}))
