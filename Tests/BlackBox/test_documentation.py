"""Do the documents say what the binary does: examples, options, commands, links."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "Documentation").glob("*.md")), *sorted((ROOT / ".github").glob("*.md")),
         *sorted(ROOT.glob("*/README.md")),
         *sorted(ROOT.glob("*/*/README.md"))]
MANUAL = ROOT / "Documentation/nonet.1"
MANUALS = [MANUAL, ROOT / "Documentation/nonet-shell.1"]
PROMPT = re.compile(r"^\$ ", re.MULTILINE)


def blocks(page, kind):
    """Fenced blocks as `(words after the kind, text)`, for parameters with their line as name."""
    text = page.read_text()
    for found in re.finditer(rf"^```{kind}\b *(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE):
        line = text.count("\n", 0, found.start()) + 1
        yield pytest.param(found[1], found[2], id=f"{page.name}:{line}")


@pytest.mark.parametrize("kind, text", blocks(ROOT / "Documentation/policy-language.md", "policy"))
def test_examples_of_policies(bare, kind, text):
    """Plain ones are taken in silence, the others are refused or warned about, as their kind says."""
    done = bare("--explain", "--policy", "-", input=text.encode())
    said = done.stderr.decode()
    assert done.returncode == (125 if kind == "error" else 0), said
    assert {"": said == "", "error": ": error: " in said, "warning": ": warning: " in said}[kind], said


def sessions():
    """Each command of README's console blocks, with the output and the status that it shows."""
    for block in blocks(ROOT / "README.md", "console"):
        for part in PROMPT.split(block.values[1])[1:]:
            command, *shown = part.splitlines()
            status = int(shown.pop()[len("(exit status "):-1]) if shown and shown[-1].startswith("(exit") else 0
            yield command, shown, status


def test_commands_of_the_readme(bare, nonet, me):
    """In the order of the page and in one folder, since one makes what the next one uses."""
    os.mkdir(f"{me.home}/bin")
    shutil.copy(nonet, f"{me.home}/bin/nonet")
    commands = list(sessions())
    assert len(commands) >= 5
    for command, shown, status in commands:
        done = subprocess.run(["bash", "-c", command], **{**bare.defaults(None), "stderr": subprocess.STDOUT},
                              stdin=subprocess.DEVNULL, timeout=20)
        assert done.returncode == status, (command, done.stdout)
        # Versions of bash differ in whether they name the line.
        lines = iter(re.sub(r"line \d+: ", "", done.stdout.decode()).splitlines())
        missing = [line for line in shown if line != "..." and line not in lines]
        assert not missing, (command, done.stdout)


def test_figures_of_the_readme(bare):
    text = (ROOT / "README.md").read_text()
    count = len(bare("--dump-bpf", "--arch", "x86_64", "--format", "hex").stdout.splitlines())
    assert f"has {count} instructions on x86_64" in text


def test_targets_of_the_makefile():
    files = ("Makefile", "Integrations/dist.mk", "Integrations/panel.mk", "Tests/Independent/prove.mk")
    rules = "".join((ROOT / name).read_text() for name in files)
    targets = set(re.findall(r"^([a-z0-9-]+):", rules, re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:^ +|`)make ([a-z0-9-]+)\b", page.read_text(), re.MULTILINE))
        assert named <= targets, page.name


def options(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text))


def test_the_manual_names_every_option(bare):
    """What --help and the manual offer is the same, and all of it is understood."""
    done = bare("--help")
    helped = options(done.stdout.decode().partition("\nexamples\n")[0]) - {"--opt"}
    section = MANUAL.read_text().partition(".SH OPTIONS\n")[2].partition("\n.SH ")[0]
    heads = "\n".join(re.findall(r"^\.TP\n(.*)$", section, re.MULTILINE))
    assert options(heads.replace(r"\~", " ").replace("\\", "")) == helped
    for option in helped:
        said = bare(option, "--help").stderr.decode()
        assert "no option is called" not in said, option


@pytest.mark.parametrize("manual", MANUALS, ids=lambda page: page.name)
def test_the_manual_is_well_formed(manual):
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed; the manual's macros were not checked")
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", manual], capture_output=True, timeout=20)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_resolve(page):
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose)]
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    assert not missing


def test_the_version(bare):
    """It stands in one file, and everywhere else by `make options`."""
    version = "nonet " + (ROOT / "VERSION").read_text().strip()
    assert bare("--version").stdout.decode() == version + "\n"
    for manual in MANUALS:
        assert f'"{version}"' in manual.read_text().partition("\n.SH")[0], manual.name


def test_files_that_the_architecture_names():
    """The route through the sources leads somewhere."""
    text = (ROOT / "Documentation/architecture.md").read_text()
    named = re.findall(r"^\| `([^`]+)` \| \d+ \|", text, re.MULTILINE)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / "Sources/BPFAssembler" / path).exists()] == []


def test_the_figures_of_the_readme():
    """They are those of `make figures`, in the form that Benchmarks/run has now."""
    shown = (ROOT / "README.md").read_text().partition("<!-- Benchmarks/start.md -->\n")[2].partition("<!-- end -->")[0].strip()
    assert shown == (ROOT / "Benchmarks/start.md").read_text().strip()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown.splitlines() if line.startswith("| ")]
    named = re.findall(r'also "([^"]+)"', (ROOT / "Benchmarks/run").read_text())
    assert len(named) > 8 and {"/bin/true alone", *named} >= {row[0] for row in rows if len(row) == 8} - {rows[0][0]}
    assert {"C, musl, the same layers hard-coded", "nonet -- /bin/true", "nonet --loopback", "unshare -rn"} <= {row[0] for row in rows}
    heads = re.findall(r'printf\("(\|.*?)\\n"', (ROOT / "Benchmarks/startup.c").read_text())
    assert [cell.strip() for cell in heads[0].strip("|").split("|")][1:] == rows[0][1:]
    assert re.search(r" bytes; .*, \d+ cores, Linux \S+, \d{4}-\d\d-\d\d\.$", shown, re.MULTILINE)
