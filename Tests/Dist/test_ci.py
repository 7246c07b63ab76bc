"""The CI action, the workflow and the snippets: their syntax by their schemas, their shell parts by running them."""

import json
import os
import re
import shutil
import stat
import subprocess

import pytest

from conftest import DIST, MACHINE, ROOT, VERSION, made, run

HERE = ROOT / "Integrations"


@pytest.mark.parametrize("schema, file", [
    ("vendor.github-actions", "github-action/action.yml"),
    ("vendor.github-workflows", "github-action/example.yml"),
    ("vendor.gitlab-ci", "ci/gitlab.yml"),
])
def test_schemas(tools, schema, file):
    run(tools / "check-jsonschema", "--builtin-schema", schema, HERE / file)


def test_the_pre_commit_manifest(tools):
    run(tools / "pre-commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml")


def loaded(tools, path):
    """A file of YAML."""
    return json.loads(run(tools / "python", "-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))", path).stdout)


TESTS = """import socket
def test_plain(): assert 1 + 1 == 2
"""
TRIES = TESTS + """def test_swallows():
    try: socket.socket()
    except OSError: pass
"""


@pytest.fixture
def project(tmp_path, monkeypatch, installed, clean_environment):
    """A project with tests, and the wheel's programs on PATH; `pip` notes what it was to install."""
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub/pip").write_text(f"#!/bin/sh\necho pip $* >> {tmp_path}/installed\n")
    (tmp_path / "stub/python3").write_text(f"#!/bin/sh\n[ \"$2\" = pip ] && exec pip\nexec {installed}/python \"$@\"\n")
    for one in (tmp_path / "stub").iterdir():
        one.chmod(0o755)
    folder = tmp_path / "project"
    folder.mkdir()
    run("git", "init", "-q", folder)
    (folder / "test_it.py").write_text(TESTS)
    run("git", "-C", folder, "add", ".")
    monkeypatch.setenv("PATH", f"{tmp_path}/stub:{installed}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(folder)
    return folder


def test_the_jobs_of_gitlab_and_github(project, tools):
    """Their lines, as the runners' shells have them: they end at the first that fails."""
    gitlab = loaded(tools, HERE / "ci/gitlab.yml")["offline-tests"]["script"]
    steps = loaded(tools, HERE / "github-action/example.yml")["jobs"]["offline"]["steps"]
    github = [step["run"] for step in steps if "run" in step]
    assert any("--nonet" in line for line in gitlab) and any("--fail-on-attempt" in line for line in github)
    for lines, status in [(gitlab, 1), (github, 123)]:
        (project / "test_it.py").write_text(TESTS)
        run("bash", "-euo", "pipefail", "-c", "\n".join(lines))
        (project / "test_it.py").write_text(TRIES)
        done = run("bash", "-euo", "pipefail", "-c", "\n".join(lines), check=False)
        assert done.returncode == status, done.stdout
    assert "nonet_attempt" in (project / "report.xml").read_text() and "pip install nonet" in (project.parent / "installed").read_text()


def test_the_pre_commit_hooks(project, tools):
    """As pre-commit runs them; in a project the file names the repository, and here it is the definition itself."""
    hooks = loaded(tools, ROOT / ".pre-commit-hooks.yaml")
    assert [hook["id"] for hook in hooks] == ["nonet", "nonet-pytest"]
    hooks[0]["args"] = ["--fail-on-attempt", "--", "pytest", "-q"]
    (project / ".pre-commit-config.yaml").write_text(json.dumps({"repos": [{"repo": "local", "hooks": hooks}]}))
    run(tools / "pre-commit", "run", "--all-files")
    (project / "test_it.py").write_text(TRIES)
    done = run(tools / "pre-commit", "run", "--all-files", check=False)
    assert done.returncode == 1 and done.stdout.count("Failed") == 2, done.stdout
    assert "exit code: 123" in done.stdout and "test_it.py::test_swallows" in done.stdout, done.stdout


def test_under_bazel(project):
    """Bazel hands `PREFIX PROGRAM ARGUMENTS` to bash."""
    page = (ROOT / "Documentation/in-ci.md").read_text()
    (prefix,) = set(re.findall(r"--run_under='(nonet [^']*)'", page))
    words = [shutil.which("python3"), "-c", "import socket, sys; sys.argv[1:] and socket.socket()"]
    for more, ends in [([], (0,)), (["try"], (1,))]:
        done = run("bash", "-c", f'{prefix} "$@"', "bash", *words, *more, check=False)
        assert done.returncode in ends, done.stdout
    swallowed = run("bash", "-c", f'{prefix} "$@"', "bash", "bash", "-c", "(: > /dev/tcp/127.0.0.1/9) 2>&-; true", check=False)
    assert swallowed.returncode == 123, swallowed.stdout


GH = """#!/bin/bash
# In the place of GitHub's command: releases are files in a folder, and attestations their sums.
set -eu
echo "$*" >> "$STUB/calls"
case "$1 $2" in
"release download")
  test "$3" = "v$STUB_VERSION" -a "$4 $6 $8" = "--repo --pattern --dir"
  cp "$STUB/$7" "$9/" ;;
"attestation verify")
  test "$4 $5" = "--repo OWNER/nonet"
  grep -qx "$(sha256sum < "$3")" "$STUB/attested" || { echo "no attestation" >&2; exit 1; } ;;
*) exit 2 ;;
esac
"""


@pytest.fixture
def runner(tmp_path, monkeypatch):
    """A runner with a stub of gh, and a release that has been attested."""
    (binary,) = made(f"nonet-{VERSION}-linux-{MACHINE}")
    stub = tmp_path / "stub"
    stub.mkdir()
    (stub / "gh").write_text(GH)
    (stub / "gh").chmod(0o755)
    (stub / binary.name).write_bytes(binary.read_bytes())
    (stub / "attested").write_text(run("sh", "-c", f"sha256sum < {binary}").stdout)
    values = dict(STUB=stub, STUB_VERSION=VERSION, PATH=f"{stub}:{os.environ['PATH']}", GITHUB_PATH=tmp_path / "path", GITHUB_OUTPUT=tmp_path / "output",
                  NONET_VERSION=VERSION, NONET_REPOSITORY="OWNER/nonet", NONET_FOLDER=tmp_path / "bin")
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    return tmp_path


def test_the_action_installs_what_is_attested(runner):
    run(HERE / "github-action/install")
    program = runner / "bin/nonet"
    assert program.stat().st_mode & stat.S_IXUSR and (runner / "path").read_text() == f"{runner}/bin\n"
    assert (runner / "output").read_text() == f"path={program}\n"
    calls = (runner / "stub/calls").read_text().splitlines()
    assert [call.split()[:2] for call in calls] == [["release", "download"], ["attestation", "verify"]]
    # The second step, as the action has it.
    run("bash", "-c", '"$NONET_PROGRAM" --check', env={**os.environ, "NONET_PROGRAM": str(program)})


@pytest.mark.parametrize("change, words", [
    (lambda there: (there / f"stub/nonet-{VERSION}-linux-{MACHINE}").write_bytes(b"other"), "no attestation"),
    (lambda there: os.environ.update(NONET_VERSION="--clobber"), "is no version"),
    (lambda there: os.environ.update(NONET_VERSION=""), "the input version is empty"),
    (lambda there: (there / "stub/uname").write_text("#!/bin/sh\n[ $1 = -s ] && echo Darwin || echo arm64\n") and (there / "stub/uname").chmod(0o755), "this is Darwin on arm64"),
])
def test_the_action_installs_nothing_else(runner, change, words):
    change(runner)
    done = run(HERE / "github-action/install", check=False)
    assert done.returncode != 0 and words in done.stdout, done.stdout
    assert not (runner / "bin/nonet").exists() and not (runner / "path").exists()


def test_the_recipes_of_the_page(tmp_path):
    """The statuses and the jq of in-ci.md, run as they stand there."""
    page = (ROOT / "Documentation/in-ci.md").read_text()
    recipe = page.split("<!-- recipe -->")[1].split("```sh\n")[1].split("```")[0]
    (tmp_path / "tries").write_text("#!/usr/bin/env python3\nimport socket\ntry: socket.socket()\nexcept OSError: pass\n")
    (tmp_path / "asks").write_text("#!/bin/sh\nid -un > /dev/null\n")
    for name in ("tries", "asks"):
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{DIST / 'bin'}:{ROOT / 'bin'}:{os.environ['PATH']}"}
    for name, status, count in [("tries", 123, "1"), ("asks", 0, "0")]:
        text = recipe.replace("make test", name)
        done = subprocess.run(["bash", "-c", text], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=60)
        assert done.stdout.split() == [str(status), count], done
        (tmp_path / "attempts.jsonl").unlink()
