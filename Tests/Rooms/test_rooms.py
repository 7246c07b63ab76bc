"""`Tests/Rooms/check` says what `Sources/rooms` forbids, and only that."""
import pathlib
import shutil
import subprocess

import pytest

CHECK = pathlib.Path(__file__).with_name("check")
SOURCES = {
    "lower/Lower.swift": "struct Lower { let number = 1 }\n",
    "upper/Upper.swift": "struct Upper { let lower = Lower() }\nextension Lower { var twice: Int { 2 } }\n",
    "Main.swift": "let upper = Upper()\n",
}
ROOMS = "# A comment.\nmodule house\nlower:\nupper: lower\n"
TABLE = "| `house/lower` | - | |\n| `house/upper` | lower | all of it |\n"

pytestmark = pytest.mark.skipif(not shutil.which("swiftc"), reason="there is no Swift here")


@pytest.fixture
def check(tmp_path):
    def run(files=(), rooms=ROOMS, table=TABLE):
        for name, text in {**SOURCES, **dict(files)}.items():
            path = tmp_path / "house" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "rooms").write_text(rooms)
        (tmp_path / "table.md").write_text(table)
        return subprocess.run(
            [CHECK, tmp_path / "rooms", "--table", tmp_path / "table.md", "--",
             "swiftc", "-parse-as-library"],
            capture_output=True, text=True, timeout=120)
    return run


def test_allowed_arrows_are_printed(check):
    done = check()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "house/lower: -\nhouse/upper: lower\n"


@pytest.mark.parametrize("text, name", [
    ("struct Lower { let number = 1; func up() -> Upper { Upper() } }\n", "Upper"),
    ("struct Lower { let number = 1 }\nfunc two() -> Int { Lower().twice }\n", "twice"),
])
def test_a_planted_arrow_is_an_error(check, text, name):
    done = check({"lower/Lower.swift": text})
    assert done.returncode == 1
    assert f"uses {name} of upper, which lower may not use" in done.stderr
    assert len(done.stderr.splitlines()) == 1, "only where it is"
    assert done.stdout == "house/upper: lower\n"


@pytest.mark.parametrize("rooms, words", [
    ("module house\nlower:\nupper: lower attic\n", "no room is called 'attic'"),
    (ROOMS + "attic:\n", "no room is called 'attic'"),
    ("module house\nlower:\n", "upper is no room: it has no line"),
    ("module house\nlower: upper\nupper: lower\n", "a circle of rooms: lower -> upper -> lower"),
    ("module house\nlower: lower\nupper:\n", "a circle of rooms: lower -> lower"),
    (ROOMS + "upper:\n", "upper has a line already"),
    ("lower:\n", "expected 'module NAME'"),
    ("module house\nlower\n", "or 'ROOM: ROOM...'"),
])
def test_a_file_of_rooms_that_makes_no_sense(check, rooms, words):
    done = check(rooms=rooms)
    assert done.returncode == 1 and words in done.stderr, done.stderr
    assert not done.stdout


def test_an_import_that_the_line_does_not_name(check):
    done = check({"lower/More.swift": "internal import Dispatch\n"})
    assert done.returncode == 1 and "imports Dispatch, which lower may not use" in done.stderr


@pytest.mark.parametrize("table", [
    TABLE.replace("| lower |", "| - |"), TABLE.splitlines()[0] + "\n",
    TABLE + "| `house/attic` | - | |\n"])
def test_a_document_that_says_otherwise(check, table):
    done = check(table=table)
    assert done.returncode == 1 and "table.md: " in done.stderr


def test_system_alone_may_call_c():
    rooms = (CHECK.parents[2] / "Sources/rooms").read_text().splitlines()
    lines = [line for line in rooms if "CLinuxShims" in line.partition("#")[0]]
    assert [line.split(":")[0] for line in lines] == ["System"]
