"""Sources of Debian's packages as their authors published them, by apt and its signatures.

Lists of sources are kept apart in `.build-suites`, so that the machine's own stay as they are.
"""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent / ".build-suites"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def _release():
    return re.search(r"^VERSION_CODENAME=(\w+)", pathlib.Path("/etc/os-release").read_text(), re.M)[1]


def _apt(*words):
    lists = ROOT / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    site = ROOT / "debian.sources"
    site.write_text(f"Types: deb-src\nURIs: http://deb.debian.org/debian\nSuites: {_release()}\nComponents: main\nSigned-By: {KEYRING}\n")
    own = {"Dir::Etc::sourcelist": site, "Dir::Etc::sourceparts": "-", "Dir::State::lists": lists, "Dir::Cache::srcpkgcache": "",
           "Dir::Cache::pkgcache": "", "APT::Sandbox::User": "root", "Acquire::Retries": "3"}
    options = [word for name, value in own.items() for word in ("-o", f"{name}={value}")]
    return subprocess.run(["apt-get", "-qq", *options, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)


def source(package, folder, *parts):
    """Unpacks the parts of a package's source into a folder; all of it where none is named."""
    ROOT.mkdir(exist_ok=True)
    for words in (("update",), ("source", "--download-only", "--tar-only", package)):
        if not list(ROOT.glob(f"{package}_*.orig.tar.*")):
            done = _apt(*words)
            if done.returncode:
                pytest.skip(f"NOT TESTED: the source of {package} cannot be downloaded: {done.stdout.decode(errors='replace')[-300:]}")
    (archive,) = ROOT.glob(f"{package}_*.orig.tar.*")
    wanted = ["--wildcards", *(f"*/{part}" for part in parts)] if parts else []
    subprocess.run(["tar", "-xf", archive, "-C", folder, "--no-same-owner", "--strip-components=1", *wanted], check=True, timeout=120)
