"""How sessions are started by programs and in surroundings that are not the usual ones."""

import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import has, heed, until

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


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


# Notes who runs it.
RUNS = """
import os, pytest, signal, time
def test_slow():
    IGNORES
    open("new", "w").write(f"{os.getpid()} {os.getppid()}"); os.rename("new", "pids")
    time.sleep(60)
@pytest.mark.network
def test_outside(): open("outside", "w").close()
"""
IGNORES = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
ENDS = {
    "SIGTERM": (signal.SIGTERM, "", [], -15), "SIGHUP": (signal.SIGHUP, "", [], -1), "SIGKILL": (signal.SIGKILL, "", [], -9),
    "SIGKILL, and SIGTERM is ignored inside": (signal.SIGKILL, IGNORES, [], -9),
    "SIGTERM, which a test handles": (signal.SIGTERM, "signal.signal(signal.SIGTERM, lambda *_: (open('heard', 'w').close(), os._exit(5)))", [], -15),
    "workers": (signal.SIGTERM, "", ["-n1"], -15), "workers, killed": (signal.SIGKILL, "", ["-n1"], -9),
}


@pytest.mark.parametrize("way", ENDS)
def test_the_part_inside_ends_with_the_session(pytester, way):
    number, ignores, options, status = ENDS[way]
    if options and not has("xdist"):
        pytest.skip("pytest-xdist is not installed")
    pytester.makepyfile(test_it=RUNS.replace("IGNORES", ignores))
    for program in ([], ["--nonet", "--nonet-marked=outside"]):
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(["-p", "no:randomly"] if has("pytest_randomly") else []), *options]
        child = subprocess.Popen([*words, *program], stdout=subprocess.DEVNULL, preexec_fn=heed)
        try:
            assert until(lambda: (pytester.path / "pids").exists())
            pids = list(map(int, (pytester.path / "pids").read_text().split()))
            assert all(map(is_alive, pids))  # The instrument.
            child.send_signal(number)
            # Bare it ends as its test has it.
            assert child.wait(20) == status or (not program and "handles" in way)
            assert until(lambda: not is_alive(pids[0])) and not (pytester.path / "outside").exists()
            assert (pytester.path / "heard").exists() == ("handles" in way)
        finally:
            child.kill()
            child.wait()
            (pytester.path / "pids").unlink()


@pytest.mark.parametrize("options", [[], pytest.param(["-n1"], marks=xdist), ["--nonet-marked=outside"]], ids=["one", "workers", "outside"])
def test_closed_standard_input_stays_closed(session, pytester, options):
    """Without standard output, or standard error, pytest itself does not run."""
    text = "def test_it():\n  attempt()\n  open('ran', 'a').write('x')\nimport pytest\n@pytest.mark.network\ndef test_outside(): pass\n"
    program = ["/bin/sh", "-c", f'{sys.executable} -m pytest "$@" <&-', "sh"]
    assert session(text, *[one for one in options if one == "-n1"], program=program).returncode == 0  # The instrument.
    done = session(text, "--nonet", "--junitxml=it.xml", *options, program=program)
    assert (done.returncode, (pytester.path / "ran").read_text()) == (0, "xx"), done.stdout
    assert "nonet_attempt" in (pytester.path / "it.xml").read_text()


def test_the_module_takes_no_closed_descriptor(session, pytester):
    program = ["/bin/sh", "-c", f'{sys.executable} -m nonet pytest "$@" <&-', "sh"]
    done = session(PASSES, program=program)
    assert done.returncode == 0 and "1 attempt refused" in done.network, done.stdout


LOSES = {
    "the variable": "os.environ.pop('NONET_PYTEST', None)", "the environment": "[os.environ.pop(name) for name in list(os.environ) if name not in ('PYTHONPATH', 'TMPDIR')]", "the descriptors": "os.closerange(3, 256)",
}


@pytest.mark.parametrize("marked", ["inside", "outside"])
@pytest.mark.parametrize("way", LOSES)
def test_a_session_is_started_again_once(session, pytester, monkeypatch, tmp_path, way, marked):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(f"import os\nopen({str(pytester.path / 'starts')!r}, 'a').write('x')\n{LOSES[way]}\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep))
    for words in (f"pytest --nonet --nonet-marked={marked}", "nonet pytest"):
        # Nobody is left who knows of the log.
        program = ["/bin/sh", "-c", f'{sys.executable} -m {words} "$@"; status=$?; rm -f "$TMPDIR"/nonet-pytest-*; exit $status', "sh"]
        done = session(PASSES, program=program)
        assert done.returncode == 4 and done.stdout.count("was started again already, and what it was told then is lost") == 1, done.stdout
        assert "passed" not in done.stdout and "Traceback" not in done.stdout and (pytester.path / "starts").read_text() == "xx"
        (pytester.path / "starts").unlink()


@xdist
@pytest.mark.parametrize("words", [["pytest", "--nonet"], ["nonet", "pytest"]])
def test_sessions_that_loop_are_refused(session, words):
    done = session(PASSES, "-f", program=[sys.executable, "-m", *words])
    assert done.returncode == 4 and "-f of pytest-xdist" in done.stdout and "Traceback" not in done.stdout, done.stdout


def test_a_session_in_place_takes_the_policy_of_the_environment(session, pytester, monkeypatch):
    """As one that starts again; around root's process strict cannot be put, which is said."""
    pytester.makepyfile(own="import sys, pytest; sys.exit(pytest.main(['-q', '--nonet']))")
    monkeypatch.setenv("NONET_OPTIONS", "--policy strict")
    text = "import pytest, socket\ndef test_it():\n  with pytest.raises(OSError): socket.socketpair()\n"
    done = session(text, program=[sys.executable, "own.py"])
    assert "1 passed" in done.stdout if done.returncode == 0 else "policy strict wants" in done.stdout, done.stdout
