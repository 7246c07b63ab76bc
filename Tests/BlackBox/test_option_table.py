"""The table of options: refused where it makes no sense, and one block in it is enough for a new option."""

import pathlib
import re
import subprocess

import pytest

from support.run import tool

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Sources/nonet/CommandLine/Table"
TABLE = (FOLDER / "options.txt").read_text()
TEMPLATES = {"names": [], "apply": [], "help": [FOLDER / "short.txt", FOLDER / "help.txt"], "manual": [ROOT / "Documentation/nonet.1"],
             "bash": [FOLDER / "bash.txt"], "zsh": [FOLDER / "zsh.txt"], "fish": [FOLDER / "fish.txt"]}


def write(folder, table, what):
    (folder / "options.txt").write_text(table)
    words = [tool("awk"), "-v", f"make={what}", "-v", "version=1.2.3", "-f", FOLDER / "options.awk", "options.txt", *TEMPLATES[what]]
    return subprocess.run(words, cwd=folder, capture_output=True, timeout=20)


BROKEN = [
    ("  case quiet\n", "  case verbose\n", "'verbose' is the case of"),
    ("option --quiet\n", "option --verbose\n", "there are two of 'option --verbose'"),
    ("  help nothing but errors\n", "", "'--quiet' has no help"),
    ("  help nothing but errors\n", "  help\n", "'help' needs a value"),
    ("  short -q\n", "  short -v\n", "'-v' is the short of"),
    ("  short -q\n", "  short -h\n", "'-h' is an option itself"),
    ("  group printed\n", "  group nowhere\n", "no group is called 'nowhere'"),
    ("kind arch\n  completes names\n", "kind arch\n", "nothing completes the kind 'arch'"),
    ("  kind errno\n", "  kind what\n", "no kind is called 'what'"),
    ("  modes dump explain\n", "  modes dump fly\n", "no mode is called 'fly'"),
    ("  weakens always\n", "  weakens perhaps\n", "weakens is always or by-value"),
    ("  excludes policy\n", "  excludes polcy\n", "no option has the case 'polcy'"),
    ("  repeats\n", "  repeat\n", "no field 'repeat'"),
    ("  repeats\n", "  repeats often\n", "'repeats' stands alone"),
    ("option --quiet\n", "options --quiet\n", "no block is called 'options'"),
    ("    Print nothing but errors; warnings about a policy are left out.\n", "", "'--quiet' has no manual"),
    ("  apply options.isQuiet = true\n", "", "'--quiet' has no apply"),
]


@pytest.mark.parametrize("old, new, says", BROKEN, ids=lambda text: text.strip().replace("\n", ",")[:24])
def test_a_table_that_makes_no_sense(tmp_path, old, new, says):
    """Refused with its line before anything is written from it, whichever file that is."""
    what = list(TEMPLATES)[len(says) % len(TEMPLATES)]
    assert write(tmp_path, TABLE, what).returncode == 0 and old in TABLE
    done = write(tmp_path, TABLE.replace(old, new, 1), what)
    assert done.returncode == 1 and done.stdout == b""
    assert re.search(r"^options\.txt:\d+: ", done.stderr.decode()) and says in done.stderr.decode(), done.stderr


NEW = """option --brand-new CALL[,CALL]
  case brandNew
  kind call
  group how
  modes run explain
  repeats
  every-command
  weakens always
  excludes quiet
  because it would be too loud
  brief
  help what nobody has had before; it's 'new' at 100%
  more
    the second line
  apply options.brandNew = value
  manual
    What nobody has had
    .IR before .

"""


def test_one_block_is_an_option_everywhere(tmp_path):
    """A new option needs its block, a field and what uses the field: parser, help, manual and completions have it from there."""
    table = TABLE.replace("option --offline\n", NEW + "option --offline\n")
    texts = {what: write(tmp_path, table, what).stdout.decode() for what in TEMPLATES}
    before = {what: write(tmp_path, TABLE, what).stdout.decode() for what in TEMPLATES}
    assert "  case brandNew = \"--brand-new\"\n" in texts["names"]
    for line in (r"\.deny, \.allow, \.brandNew: \.call\b", r"\.brandNew.*: true", r"\.brandNew.*: \.always",
                 r"\.brandNew: \(\[\.quiet\], \"it would be too loud\"\)", r"\.brandNew: \[\.run, \.explain\]"):
        assert re.search(rf"case .*{line}", texts["names"]), line
    assert "case .brandNew: options.brandNew = value\n" in texts["apply"]
    assert texts["help"].count("what nobody has had before; it's 'new' at 100%\n") == 2 and "the second line\n" in texts["help"]
    assert ".BI \\-\\-brand\\-new\\~ CALL" in texts["manual"] and ".IR before .\n" in texts["manual"]
    assert "--brand-new) _nonet_offer call list" in texts["bash"]
    assert "--brand-new=[what nobody has had before; it'\\''s" in texts["zsh"]
    assert "-l brand-new -x -a '(__nonet_offer call list)'" in texts["fish"]
    for what, text in texts.items():  # and nothing that was there is gone
        assert set(re.findall(r"--[a-z-]+", before[what])) <= set(re.findall(r"--[a-z-]+", text)), what


def test_what_is_checked_in_is_what_would_be_written(tmp_path):
    """`make regenerated` compares too; this needs no build."""
    version = (ROOT / "VERSION").read_text().strip()
    written = {"names": "Sources/nonet/CommandLine/OptionName.swift", "apply": "Sources/nonet/CommandLine/OptionParser+Table.swift",
               "help": "Sources/nonet/CommandLine/HelpText.swift", "manual": "Documentation/nonet.1", "bash": "Completions/nonet.bash",
               "zsh": "Completions/_nonet", "fish": "Completions/nonet.fish"}
    for what, path in written.items():
        made = write(tmp_path, TABLE, what).stdout.decode().replace("nonet 1.2.3", f"nonet {version}")
        assert made == (ROOT / path).read_text(), f"{path}: run make options"
