"""`--report FILE --from LOG`: the page in a real browser, and the file on the disk."""

import base64
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from support.browser import Browser
from support.run import PYTHON, tool

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / "Fixtures/logs"
# In names, paths, calls and arguments; `owned` would show that one of them was more than text.
HOSTILE = ["</script><script>document.title='owned'</script>", "\"><img src=x onerror=\"document.title='owned'\">",
           "' onmouseover='document.title=1", "<svg/onload=document.title='owned'>", "]]></style><style>*{display:none}",
           "\u202egnp.exe", "nul\u0000name", "{{script}}", "<!--", "javascript:document.title='owned'", "\x1b[31m",
           "&lt;b&gt;", "\ud800", "A" * (1 << 20), "שלום", "e" + "\u0301" * 50]


@pytest.fixture(scope="module")
def browser():
    one = Browser(tool("chromium"))
    yield one
    one.close()


@pytest.fixture
def report(bare, me):
    """Makes a page of a log and gives its path."""
    def make(log):
        path = f"{me.home}/page.html"
        if isinstance(log, list):
            log = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in log)
        data = log.read_bytes() if isinstance(log, pathlib.Path) else log.encode()
        done = bare("--report", path, "--from", "-", input=data)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        return path

    return make


@pytest.fixture
def shown(browser, report):
    """Opens the page of a log."""
    pages = []

    def show(log, **view):
        pages.append(browser.open(report(log), **view))
        return pages[-1]

    yield show
    for page in pages:
        page.close()


def head(*command):
    return {"timestamp": "2026-11-22T12:00:00.000000Z", "pid": 7, "backend": "seccomp", "policy": "default",
            "layers": ["seccomp"], "command": command, "version": "nonet 0"}


def event(name, address, index=0, **more):
    moment = datetime.datetime(2026, 11, 22, 12) + datetime.timedelta(milliseconds=index)
    return {"timestamp": f"{moment.isoformat(timespec='microseconds')}Z", "pid": 100 + index, "tid": 100 + index,
            "comm": name, "exe": f"/usr/bin/{name}", "abi": "x86_64", "api": "connect",
            "args": {"fd": 3, "family": "AF_INET", "address": address, "port": 443}, "verdict": "refused", "errno": 13,
            "count": 1 + index % 5, **more}


MANY = [head("cargo", "build"), *(event(["cargo", "git", "curl"][i % 3], f"10.0.{i // 256}.{i % 256}", i) for i in range(4096))]


def rows(page, table, column):
    """The first line of each cell of a column, of the rows that are shown."""
    return page.run(f"[...document.querySelectorAll('table')[{table}].tBodies[0].rows].filter(row => row.offsetParent)"
                    f".map(row => row.cells[{column}].firstChild.textContent)")


def press(page, table, column):
    """By keyboard, as somebody without a mouse."""
    page.run(f"document.querySelectorAll('table')[{table}].tHead.rows[0].cells[{column}].firstChild.focus()")
    for kind in ("rawKeyDown", "char", "keyUp"):
        page.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r")
    return page.run(f"document.querySelectorAll('table')[{table}].tHead.rows[0].cells[{column}].getAttribute('aria-sort')")


def test_what_the_page_says(shown):
    page = shown(LOGS / "three.jsonl")
    assert page.run("document.querySelector('h1').textContent") == "45 attempts, all refused"
    text = page.run("document.body.innerText")
    for words in ("npm install; curl -sS https://example.org/install.sh | sh", "2026-11-22 12:00:00 UTC", "status 6",
                  "seccomp, landlock, descriptors", "AF_INET SOCK_STREAM", "/var/run/nscd/socket", "EACCES"):
        assert words in text, words
    assert page.complaints == [] and len(page.requests) == 1
    # Its parts have names for those who do not see it.
    assert page.run("[...document.querySelectorAll('table')].every(t => t.caption && t.querySelector('th[scope=col]')"
                    " && t.querySelector('[aria-sort]'))")
    assert page.run("document.querySelector('svg title').textContent").startswith("Attempts of each program")
    assert page.run("document.querySelectorAll('h1').length") == 1


def test_sorting(shown):
    page = shown(LOGS / "three.jsonl")
    assert rows(page, 0, 0) == ["AF_INET SOCK_STREAM", "/var/run/nscd/socket", "AF_INET6 SOCK_DGRAM"]
    assert press(page, 0, 0) == "ascending"
    assert rows(page, 0, 0) == ["/var/run/nscd/socket", "AF_INET SOCK_STREAM", "AF_INET6 SOCK_DGRAM"]
    assert press(page, 0, 0) == "descending"
    assert rows(page, 0, 0)[2] == "/var/run/nscd/socket"
    assert press(page, 0, 2) == "descending" and rows(page, 0, 2) == ["42", "2", "1"]
    assert press(page, 0, 2) == "ascending" and rows(page, 0, 2) == ["1", "2", "42"]
    # The other tables stay as they were; numbers are sorted as numbers.
    assert rows(page, 1, 0) == ["node", "curl"]
    assert press(page, 2, 5) == "descending" and rows(page, 2, 5) == ["42", "2", "1"]  # a probe has no row


def test_filtering(shown):
    page = shown(LOGS / "three.jsonl")

    def type_in(text):
        page.run("document.getElementById('filter').value = ''; document.getElementById('filter').focus()")
        page.call("Input.insertText", text=text)
        page.run("document.getElementById('filter').dispatchEvent(new Event('input'))")
        return page.run("document.querySelector('output').textContent")

    assert type_in("CURL") == "destinations: 2 of 3, programs: 1 of 2, rows of attempts: 2 of 3"
    assert rows(page, 0, 0) == ["/var/run/nscd/socket", "AF_INET6 SOCK_DGRAM"] and rows(page, 1, 0) == ["curl"]
    assert type_in("curl nscd").endswith("rows of attempts: 1 of 3")
    assert type_in("<b>nothing").endswith("0 of 3") and rows(page, 2, 0) == []
    assert type_in("") == "" and len(rows(page, 2, 0)) == 3


def test_without_script(shown):
    page = shown(LOGS / "three.jsonl", script=False)
    page.call("Emulation.setScriptExecutionDisabled", value=False)
    assert len(rows(page, 2, 0)) == 3
    assert page.run("document.querySelector('.filter').offsetParent === null && !document.querySelector('button')")


@pytest.mark.parametrize("name", ["none.jsonl", "three.jsonl", "observed.jsonl", "python.json", "many", "hostile"])
@pytest.mark.parametrize("width", [360, 700, 1200])
def test_nothing_is_wider_than_the_screen(shown, name, width):
    logs = {"many": MANY[:200], "hostile": hostile()}
    page = shown(logs.get(name) or LOGS / name, width=width, height=800)
    assert page.run("document.documentElement.scrollWidth") == width
    # Nor is anything cut off within it.
    assert page.run("[...document.querySelectorAll('body *')].filter(e => !e.closest('svg, .command') && e.offsetParent"
                    f" && e.getBoundingClientRect().right > {width} + 0.5).map(e => e.outerHTML.slice(0, 80))") == []


def test_a_full_log(shown):
    page = shown(MANY)
    assert len(rows(page, 2, 0)) == 4096
    assert page.run("document.querySelectorAll('svg line.bar').length") <= 3 * 121
    assert press(page, 2, 2) == "ascending" and rows(page, 2, 2)[:2] == ["10.0.0.0:443", "10.0.0.1:443"]


def hostile():
    lines = [head("sh", "-c", HOSTILE[0] + HOSTILE[1])]
    for index, text in enumerate(HOSTILE):
        lines.append(event(text, text, index))
        lines.append(event(text, text, index, api=text, args={text: text}, stack=[text], verdict=text))
    # Bytes that are no UTF-8, as a foreign writer might leave them.
    return [json.dumps(line) + "\n" for line in lines]


def test_hostile_names_stay_text(shown):
    page = shown(hostile())
    assert page.run("document.title").startswith("nonet report: sh -c </script><script>")
    assert page.complaints == [] and len(page.requests) == 1
    assert page.run("document.querySelectorAll('script').length") == 1
    assert page.run("document.querySelectorAll('img, iframe, object, link, [onerror], [onload], [onmouseover], [style]').length") == 0
    assert page.run("document.querySelectorAll('style').length") == 1
    names = rows(page, 2, 1)
    assert HOSTILE[0] in names and HOSTILE[1] in names and "\\u{202e}gnp.exe" in names and "nul\\u{0}name" in names
    assert max(map(len, names)) < 300
    assert not re.search("[\u202a-\u202e\u2066-\u2069\0\x1b]", page.run("document.documentElement.outerHTML"))
    page.run("document.querySelectorAll('summary').forEach(s => s.click())")
    assert page.run("document.title").startswith("nonet report")


def test_the_page_lets_nothing_else_run_or_load(browser, report, me):
    """Even if something hostile came into the page; the same without the policy shows that it would run."""

    class Server(BaseHTTPRequestHandler):
        asked = []

        def do_GET(self):
            self.asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words):
            pass

    server = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    text = pathlib.Path(report(LOGS / "three.jsonl")).read_text()
    evil = (f"<img src='{url}/img'><script>document.title='owned'</script><style>h1{{display:none}}</style>"
            f"<link rel=stylesheet href='{url}/css'><p style='color:red' id=p onclick=\"document.title='owned'\">x</p></body>")
    results = {}
    for kind in ("with", "without"):
        changed = text.replace("</body>", evil)
        if kind == "without":
            changed = re.sub("<meta http-equiv.*\n", "", changed)
        path = pathlib.Path(f"{me.home}/{kind}.html")
        path.write_text(changed)
        Server.asked.clear()
        page = browser.open(path)
        page.run("document.getElementById('p').click()")
        results[kind] = (page.run("document.title === 'owned'"), sorted(Server.asked),
                         page.run("getComputedStyle(document.querySelector('h1')).display"))
        page.close()
    server.shutdown()
    server.server_close()
    thread.join(10)
    assert results["without"] == (True, ["/css", "/img"], "none")
    assert results["with"] == (False, [], "block")


def test_the_policy_names_the_parts_as_they_are():
    page = (ROOT / "Sources/nonet/Report/report.html").read_text()
    for kind, name in (("style", "report.css"), ("script", "report.js")):
        data = (ROOT / "Sources/nonet/Report" / name).read_bytes()
        wanted = "sha256-" + base64.b64encode(hashlib.sha256(data).digest()).decode()
        assert f"{kind}-src '{wanted}'" in page, f"report.html must say {kind}-src '{wanted}'"


def test_light_dark_and_contrast(shown):
    seen = {}
    for dark in (False, True):
        page = shown(LOGS / "observed.jsonl", dark=dark)
        colours = page.run("""['body', '.lead', '.answer.observed', '.answer.allowed', 'thead th', '.notes li'].map(s => {
            const e = document.querySelector(s); let b = e;
            while (getComputedStyle(b).backgroundColor === 'rgba(0, 0, 0, 0)') b = b.parentElement;
            return [getComputedStyle(e).color, getComputedStyle(b).backgroundColor] })""")
        for front, back in colours:
            assert contrast(front, back) >= 4.5, (dark, front, back)
        seen[dark] = colours[0]
    assert seen[False] != seen[True]


def contrast(one, other):
    """As WCAG 2 defines it."""
    def light(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_on_paper(shown):
    few = shown(LOGS / "three.jsonl").pdf()
    many = shown([MANY[0], *MANY[1:151]]).pdf()
    count = [len(re.findall(rb"/Type /Page\b", pdf)) for pdf in (few, many)]
    assert few.startswith(b"%PDF") and 1 <= count[0] <= 3 and 6 <= count[1] <= 30, count


def test_a_torn_log(shown):
    page = shown(LOGS / "torn.jsonl")
    assert "The last line of the log breaks off" in page.run("document.querySelector('.notes').innerText")
    assert rows(page, 2, 0) == ["1.25 s"]


def test_the_wrappers_own_log(shown, bare, me):
    """From a run of this machine to the page."""
    program = "import socket\ntry: socket.create_connection(('example.org', 443))\nexcept OSError: pass"
    done = bare("-q", "--backend", "python", "--log-dir", f"{me.home}/log", "--", PYTHON, "-c", program)
    assert done.returncode == 0, done.stderr
    (log,) = pathlib.Path(me.home, "log").iterdir()
    page = shown(log)
    assert "example.org:443" in rows(page, 0, 0)
    assert "advisory" in page.run("document.querySelector('.notes').innerText")


@pytest.fixture
def three(me):
    shutil.copy(LOGS / "three.jsonl", f"{me.home}/log")
    return f"{me.home}/log"


def test_files(bare, me, three):
    page = f"{me.home}/new.html"
    done = bare("--report", page, "--from", three)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    data = pathlib.Path(page).read_bytes()
    assert bare("--report=-", f"--from={three}").stdout == data
    os.chmod(page, 0o600)
    os.symlink("new.html", f"{me.home}/link")
    assert bare("--report", "link", "--from", "-", input=pathlib.Path(three).read_bytes()).returncode == 0
    assert os.stat(page).st_mode & 0o777 == 0o600 and os.path.islink(f"{me.home}/link")
    assert sorted(os.listdir(me.home)) == ["link", "log", "new.html"]


def test_a_page_of_a_run(bare, me, browser):
    """Written before the command runs, and again with what it tried."""
    name = f"{me.home}/run.html"
    script = "grep -c running run.html; python3 -c 'import socket; socket.socket()'; exit 7"
    done = bare("-q", "--report", name, "--", "sh", "-c", script)
    assert done.returncode == 7 and int(done.stdout) > 0
    assert os.listdir(me.home) == ["run.html"]
    page = browser.open(name)
    assert page.run("document.querySelector('h1').innerText") == "1 attempt, refused"
    assert any("AF_INET SOCK_STREAM" in row for row in rows(page, 0, 0))
    page.close()


@pytest.mark.parametrize("words, said", [
    (["--report", "x.html"], "--report needs a command, or --from LOG"),
    (["--from", "log"], "--from is for --report FILE.html"),
    (["--report", "-", "--", "echo", "no"], "standard output belongs to the command"),
    (["--report", "none/x.html", "--", "echo", "no"], "cannot write the report 'none/x.html': open: No such file"),
    (["--report", "x.html", "--from", "log", "--", "true"], "takes no command"),
    (["--report", "x.html", "--from", "log", "--check"], "exclude each other"),
    (["--report", "x.html", "--from", "none"], "cannot read the log 'none': No such file"),
    (["--report", "x.html", "--from", "."], "cannot read the log '.': Is a directory"),
    (["--report", "x.html", "--from", "/dev/null"], "is no log of nonet: it is empty"),
    (["--report", "x.html", "--from", "/proc/self/exe"], "is no log of nonet: byte 0: expected a value"),
    (["--report", "none/x.html", "--from", "log"], "cannot write the report 'none/x.html': open: No such file"),
    (["--report", ".", "--from", "log"], "cannot write the report '.': open: Is a directory"),
    (["--report", "/dev/full", "--from", "log"], "cannot write the report '/dev/full': write: No space left"),
    (["--report", "-", "--from", "/dev/zero"], "has more than"),
])
def test_what_is_refused(bare, me, three, words, said):
    done = bare(*words)
    assert done.returncode == 125 and not done.stdout
    assert done.stderr.decode().startswith("nonet: ") and said in done.stderr.decode()
    assert os.listdir(me.home) == ["log"]


def test_a_full_disk_loses_nothing(nonet, three, me):
    """A tmpfs of one page in namespaces of the test's own."""
    script = ("mount -t tmpfs -o size=8k none \"$1\" && echo old > \"$1/page.html\" && "
              "{ \"$0\" --report \"$1/page.html\" --from \"$2\"; echo \"status $?\"; cat \"$1/page.html\"; ls -A \"$1\"; }")
    os.mkdir(f"{me.home}/disk")
    words = [tool("unshare"), "-rm", "sh", "-c", script, nonet, f"{me.home}/disk", three]
    done = subprocess.run(words, capture_output=True, timeout=20)
    if b"unshare" in done.stderr or b"mount" in done.stderr:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    assert done.stdout == b"status 125\nold\npage.html\n", done
    assert b"No space left on device" in done.stderr
