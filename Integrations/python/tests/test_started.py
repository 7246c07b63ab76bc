"""How sessions are started by programs and in surroundings that are not the usual ones."""

import os
import sys

import pytest
from conftest import has

xdist = pytest.mark.skipif(not has("xdist"), reason="pytest-xdist is not installed")
PASSES = "def test_it(): attempt()\n"


def test_a_failure_counts_where_nobody_is_told_how_children_end(session, pytester):
    pytester.makepyfile(ignoring="import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])")
    program = [sys.executable, "ignoring.py", sys.executable, "-m", "pytest"]
    text = "import pytest\n@pytest.mark.network\ndef test_outside(): pass\ndef test_fails(): assert 0\n"
    done = session(text, "--nonet", "--nonet-marked=outside", program=program)
    assert done.returncode == 1 and "1 failed" in done.stdout and "1 passed" in done.stdout, done.stdout
    done = session(PASSES, "--nonet", "--nonet-best-effort", program=program)
    assert done.returncode == 0 and "1 passed" in done.stdout and "1 attempt refused" in done.network, done.stdout


@pytest.mark.parametrize("way", ["script", "module"])
def test_a_program_that_has_changed_its_folder_is_not_another_one(session, pytester, way):
    """The words that started it would start what lies there."""
    name = "runs.py" if way == "script" else "runs/__main__.py"
    for folder, text in ((".", "import os, sys, pytest\nos.chdir('x')\nsys.exit(pytest.main(sys.argv[1:]))\n"), ("x", "print('ANOTHER')\n")):
        path = pytester.path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    program = [sys.executable, *(["runs.py"] if way == "script" else ["-m", "runs"])]
    for options in ([], ["--nonet"]):
        done = session(PASSES, *options, os.path.join("..", "test_it.py"), program=program)
        assert done.returncode == 0 and "1 passed" in done.stdout and "ANOTHER" not in done.stdout, done.stdout


def test_a_session_in_a_thread_goes_on_in_place_or_says_why(session, pytester):
    pytester.makepyfile(threaded="""
        import sys, threading, pytest
        status = []
        one = threading.Thread(target=lambda: status.append(pytest.main(sys.argv[1:])))
        one.start(); one.join()
        sys.exit(status[0])
    """)
    program = [sys.executable, "threaded.py"]
    assert "1 passed" in session(PASSES, program=program).stdout
    done = session(PASSES, "--nonet", program=program)
    assert "Traceback" not in done.stdout, done.stdout
    # Root's threads keep capabilities, which each of them can only give up itself.
    assert done.returncode == (4 if os.geteuid() == 0 else 0), done.stdout


@xdist
def test_no_workers_beside_a_session_in_place(session, pytester):
    pytester.makepyfile(own="import sys, pytest; sys.exit(pytest.main(['-q', '--nonet', '-d', '--tx', '2*popen']))")
    done = session(PASSES, program=[sys.executable, "own.py"], timeout=30)
    assert done.returncode == 4 and "can neither have workers" in done.stdout, done.stdout


@xdist
def test_a_test_of_a_session_starts_workers(session, pytester):
    inner = pytester.path / "inner"
    inner.mkdir()
    (inner / "test_in.py").write_text("def test_in(): pass\n")
    text = f"import pytest\ndef test_it(): assert pytest.main(['-q', '--nonet', '-n2', '-p', 'no:cacheprovider', {str(inner)!r}]) == 0\n"
    done = session(text, "--nonet", "-s")
    assert done.returncode == 0, done.stdout


@xdist
def test_a_worker_that_dies_accuses_nobody(session):
    text = """
import os, time
def test_innocent(): time.sleep(1.2)
def test_guilty():
    time.sleep(0.4)
    attempt()
    os._exit(3)
"""
    done = session(text, "--nonet", "-n2")
    assert "test_it.py::test_guilty" in done.network and "test_innocent" not in done.network, done.stdout


def test_the_module_is_not_run_by_another_program(session, pytester):
    pytester.makepyfile(other="import runpy, sys; sys.argv = ['nonet', *sys.argv[1:]]; runpy.run_module('nonet', run_name='__main__', alter_sys=True)")
    done = session(PASSES, program=[sys.executable, "other.py", "pytest"])
    assert done.returncode == 125 and "another program runs nonet as a module" in done.stdout, done.stdout
