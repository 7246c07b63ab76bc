"""The worked programs of the library's documentation, built in a package of their own and run.

A program is the first Swift block of its page in BPFAssembler.docc, so what is shown is what is tried.
"""

import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = ROOT / "Sources/BPFAssembler/BPFAssembler.docc"
# What was built stays for the next time.
PLACE = ROOT / ".build-library"
INSTALL = ".install()"

MANIFEST = """// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "stranger",
  dependencies: [.package(name: "nonet", path: "{root}")],
  targets: [
    .executableTarget(
      name: "print", dependencies: [.product(name: "BPFAssembler", package: "nonet")]),
{others}
  ]
)
"""
CONFINING = """    .executableTarget(
      name: "{name}",
      dependencies: [
        .product(name: "BPFAssembler", package: "nonet"), .product(name: "BPFInstaller", package: "nonet"),
      ]),"""


def program(page):
    return (PAGES / f"{page}.md").read_text().split("```swift\n")[1].split("```")[0]


@pytest.fixture(scope="module")
def built():
    """The folder with the programs `print`, `confine`, and `free`, which is `confine` without its filter."""
    confine = program("ConfineYourself")
    assert confine.count(INSTALL) == 1
    sources = {"print": program("PrintAFilter"), "confine": confine, "free": confine.replace("try " + "CheckedProgram", "_ = try CheckedProgram").replace(INSTALL, "")}
    package = PLACE / "package"
    manifest = MANIFEST.format(root=ROOT, others="\n".join(CONFINING.format(name=name) for name in ("confine", "free")))
    for path, text in [(package / "Package.swift", manifest),
                       *((package / "Sources" / name / "main.swift", text) for name, text in sources.items())]:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    done = subprocess.run(["swift", "build", "--package-path", package, "--scratch-path", PLACE / "build"],
                          capture_output=True, timeout=900, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-4000:]
    return PLACE / "build/debug"


def test_a_stranger_prints_what_nonet_prints(built, bare, me):
    done = subprocess.run([built / "print"], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    text = re.search(r'"""\n(.*)\n +"""', program("PrintAFilter"), re.S)[1]
    path = f"{me.home}/no-ip.policy"
    with open(path, "w") as file:
        file.write("\n".join(line.strip() for line in text.splitlines()) + "\n")
    ours = bare("-q", "--dump-bpf", "--arch", "all", "--policy", path).stdout
    instructions = [[line for line in output.splitlines() if not line.startswith(b";")] for output in (done.stdout, ours)]
    assert instructions[0] == instructions[1] + [b""] and len(instructions[1]) > 20
    assert b"no-ip.policy:2  deny socket" in done.stdout


def test_a_stranger_confines_itself(built):
    free, confined = (subprocess.run([built / name], capture_output=True, timeout=60) for name in ("free", "confine"))
    assert (free.returncode, free.stdout, free.stderr) == (0, b"", b"")
    assert (confined.returncode, confined.stdout, confined.stderr) == (0, b"socket: Network is unreachable\n", b"")


def test_the_readme_shows_the_same_program():
    assert f"```swift\n{program('ConfineYourself')}```" in (ROOT / "README.md").read_text()


@pytest.mark.skipif(not shutil.which("docc"), reason="this toolchain has no docc")
def test_the_pages_have_no_warning():
    done = subprocess.run(["make", "-C", ROOT, "docs"], capture_output=True, timeout=600, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()[-4000:]
    # Each type is described.
    assert re.search(rb"^Types +\| 100%", done.stdout, re.M), done.stdout.decode()
