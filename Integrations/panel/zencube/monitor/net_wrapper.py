"""ZenCube's `monitor/net_wrapper.py` on nonet: runs a command without network and writes down what it tried.

    python3 -m monitor.net_wrapper [--log-dir DIR] [--] COMMAND [ARG...]

Two layers, where this machine has both: nonet's kernel filter around everything, with its own log, and in it, for
a Python command, nonet's Python wrapper, which knows the line of the program that asked. Without the filter a
Python command is held by the wrapper alone, which is advisory, and any other command is not run. The status is the
command's, a signal included; 2 for a wrong command line; 125 where nonet could not confine.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOG_DIR = Path(__file__).resolve().parent / "logs"
BLOCK_MESSAGE = "Network disabled by sandbox"
LONGEST = 120
LOOK_SECONDS = 0.2


class NetRestrictionLogger:
    """The host's document `net_restrict_*.json`: a whole one from the start on, replaced by every newer one."""

    def __init__(self, command, log_dir=LOG_DIR):
        log_dir = Path(log_dir)
        log_dir.mkdir(parents=True, exist_ok=True)
        now = stamp()
        self.path = log_dir / f"net_restrict_{now}_{os.getpid()}.json"
        self.document = {
            "timestamp": now,
            "pid": os.getpid(),
            "mode": "dev-safe",
            "command": list(command),
            "events": [],
            "event_count": 0,
            "status": "running",
            "exit_code": None,
        }
        self._write()

    def record(self, events):
        """Takes all events so far, in the place of those before."""
        if events != self.document["events"]:
            self.document["events"] = events
            self.document["event_count"] = sum(event["count"] for event in events)
            self._write()

    def finalize(self, exit_code):
        self.document["status"] = "completed"
        self.document["exit_code"] = exit_code
        self._write()

    def _write(self):
        new = self.path.with_name(f".{self.path.name}.new")
        new.write_text(json.dumps(self.document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        new.replace(self.path)


def stamp(text=None):
    """The host's form of a time, which has no fractions: 20251112T163000Z."""
    if text is None:
        return datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return text[:19].replace("-", "").replace(":", "") + "Z"


def parse_args(argv):
    parser = argparse.ArgumentParser(prog="net_wrapper", description="run a command without network", allow_abbrev=False)
    parser.add_argument("--log-dir", dest="log_dir", type=Path, default=LOG_DIR)
    parser.add_argument("cmd", nargs=argparse.REMAINDER, metavar="COMMAND")
    args = parser.parse_args(argv)
    if args.cmd[:1] == ["--"]:
        del args.cmd[0]
    if not args.cmd or not args.cmd[0]:
        parser.error("a command is needed")
    return args


def launched(command):
    """The words that start it: a module or a script may stand there without its interpreter."""
    first = command[0]
    script = first.endswith(".py") and os.path.isfile(first) and not os.access(first, os.X_OK)
    return [sys.executable, *command] if first == "-m" or script else list(command)


def is_python(words):
    """Whether the program is an interpreter of Python, or a script that names one in its first line."""
    path = shutil.which(words[0])
    if os.path.basename(words[0]).startswith("python"):
        return True
    try:
        with open(path or words[0], "rb") as file:
            start = file.readline(256)
    except OSError:
        return False
    return start.startswith(b"#!") and b"python" in start


def find_nonet():
    """What $NONET or $NONET_PROGRAM names, else beside this Python, else along PATH.

    Inside nonet, and so behind the shim of `sandbox`, the first one holds the policy instead.
    """
    named = next(filter(os.path.isabs, map(os.environ.get, ("NONET", "NONET_PROGRAM"), ("", ""))), "")
    beside = os.path.join(os.path.dirname(sys.executable or ""), "nonet")
    for path in (named,) if named else (beside, shutil.which("nonet") or ""):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.path.abspath(path)
    return None


def layers(nonet, words, folder):
    """nonet around the words, and the files that its layers will write: what works here is found out by trying."""

    def works(*options):
        return subprocess.run([nonet, "-q", *options, "--", "true"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    kernel_log = os.path.join(folder, "kernel.jsonl")
    python = [nonet, "-q", "--backend", "python", "--log-dir", os.path.join(folder, "python")]
    if works("--backend", "seccomp", "--log", os.path.join(folder, "tried.jsonl")):
        outer = [nonet, "-q", "--backend", "seccomp", "--log", kernel_log, "--"]
    elif works("--backend", "seccomp"):
        outer = [nonet, "-q", "--backend", "seccomp", "--"]
    else:
        # Alone, the Python wrapper refuses what it cannot hold; so does nonet where nothing works.
        return [*python, "--", *words]
    # In the filter the wrapper is there for its records; programs that it cannot hold are held by the filter.
    return [*outer, *python, "--best-effort", "--", *words] if is_python(words) else [*outer, *words]


def python_events(folder):
    """The refusals in the Python wrapper's document."""
    for path in sorted(Path(folder, "python").glob("net_restrict_*.json")):
        try:
            events = json.loads(path.read_bytes())["events"]
        except (OSError, ValueError, LookupError):
            continue
        for event in events:
            if event["verdict"] == "refused":
                yield {
                    "timestamp": stamp(event["timestamp"]),
                    "api": "socket.socket" if event["api"] == "socket.__new__" else event["api"],
                    "args": [short(arg) for arg in event["args"]],
                    "kwargs": {},
                    "stack": event["stack"],
                    "count": event["count"],
                }


def kernel_events(folder):
    """The refusals in nonet's own log, without what every program asks for and does well without."""
    found = {}
    try:
        lines = Path(folder, "kernel.jsonl").read_bytes().splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            # The last line may be half written at this moment.
            continue
        if event.get("verdict") != "refused" or event.get("probe"):
            continue
        args = [f"{key}={value}" for key, value in event["args"].items()]
        who = event["exe"] or event["comm"] or "?"
        key = (event["pid"], event["api"], *args)
        if key in found:
            found[key]["count"] += event["count"]
        else:
            found[key] = {
                "timestamp": stamp(event["timestamp"]),
                "api": event["api"],
                "args": [arg if len(arg) <= LONGEST else arg[:LONGEST] + "…" for arg in args],
                "kwargs": {},
                "stack": [f"{who}, process {event['pid']}"],
                "count": event["count"],
            }
    return list(found.values())


def short(value):
    text = repr(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def run(nonet, words, logger, folder):
    """Runs it to its end; returns its status, negative for a signal."""
    child = subprocess.Popen(layers(nonet, words, folder), env={**os.environ, "ZENCUBE_NET_DISABLED": "1"})

    def forward(number, _):
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, forward)
    # What a key on the terminal sends reaches the command by itself.
    signal.signal(signal.SIGINT, lambda *_: None)
    seen = None
    while True:
        try:
            status = child.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        now = [path.stat().st_mtime_ns for path in sorted(Path(folder).rglob("*.json*")) if path.exists()]
        if now != seen or status is not None:
            seen = now
            logger.record(list(python_events(folder)) + kernel_events(folder))
        if status is not None:
            return status


def main(argv=None):
    args = parse_args(sys.argv[1:] if argv is None else argv)
    nonet = find_nonet()
    if nonet is None:
        print(f"net_wrapper: {BLOCK_MESSAGE}: nonet was not found, and the command was not run", file=sys.stderr)
        return 125
    logger = NetRestrictionLogger(args.cmd, args.log_dir)
    with tempfile.TemporaryDirectory(prefix="net_wrapper-", ignore_cleanup_errors=True) as folder:
        status = run(nonet, launched(args.cmd), logger, folder)
    logger.finalize(status if status >= 0 else 128 - status)
    if status < 0:
        # Ends as the command ended.
        signal.signal(-status, signal.SIG_DFL) if -status not in (signal.SIGKILL, signal.SIGSTOP) else None
        os.kill(os.getpid(), -status)
        time.sleep(1)
        return 128 - status
    return status


if __name__ == "__main__":
    sys.exit(main())
