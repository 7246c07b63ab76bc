"""The Debian package: what is in it, lintian's word, and its life in a fresh Debian."""

import os
import re
import subprocess

import pytest

from conftest import DEBIAN, FIELD, MACHINE, ROOT, VERSION, entered, field, made, run

SOCKET = "import socket; socket.socket()"


def packages():
    return made(f"nonet_{VERSION}_*.deb") if FIELD else made(f"nonet_{VERSION}_{DEBIAN[MACHINE]}.deb")


def test_lintian_is_content():
    for package in packages():
        done = run("lintian", "--allow-root", "--fail-on=error,warning", "--tag-display-limit", "0", package, check=False)
        assert done.returncode == 0 and not re.search("^[EW]:", done.stdout, re.M), done.stdout


def listed(package):
    return set(re.findall(r" \./(\S*[^/\s])(?: -> \S+)?$", run("dpkg-deb", "-c", package).stdout, re.M))


def test_it_has_what_make_install_puts(tmp_path, package):
    run("make", "-s", "-o", "all", "install", f"DESTDIR={tmp_path}", "PREFIX=/usr", cwd=ROOT)
    put = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_symlink() or path.is_file()}
    assert {"usr/bin/nonet", "usr/bin/nonet-shell", "usr/share/man/man1/nonet.1", "usr/share/man/man5/nonet-policy.5"} <= put
    packed = {re.sub(r"(share/man/.*)\.gz$", r"\1", name) for name in listed(package)}
    added = {"usr/share/doc/nonet/copyright", "usr/share/doc/nonet/changelog.gz", "usr/share/lintian/overrides/nonet"}
    assert packed == put | added


def test_its_head():
    for package in packages():
        head = run("dpkg-deb", "-f", package).stdout
        assert f"Version: {VERSION}\n" in head and "Built-Using: " in head and not re.search("@[A-Z]+@", head), head
        owners = set(re.findall(r"^\S+ (\S+) ", run("dpkg-deb", "-c", package).stdout, re.M))
        assert owners == {"root/root"}


def test_the_page_is_the_reference_s(tmp_path):
    page = run(ROOT / "Integrations/dist/policy-page", stdin=open(ROOT / "Documentation/policy-language.md")).stdout
    assert page == (ROOT / "Documentation/nonet-policy.5").read_text(), "make policy-page"
    warned = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", ROOT / "Documentation/nonet-policy.5", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert warned.stderr == ""


@field
def test_its_life_in_a_fresh_debian(debian, package, tmp_path):
    inside = entered(debian)
    target = debian / "tmp/nonet.deb"
    target.write_bytes(package.read_bytes())
    before = everything(debian)
    run(*inside, "dpkg", "-i", "/tmp/nonet.deb")
    run(*inside, "python3", "-c", SOCKET)  # The instrument.
    for user in ([], ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]):
        done = run(*inside, *user, "nonet", "--", "python3", "-c", SOCKET, check=False)
        assert done.returncode == 1 and "Permission denied" in done.stdout, done.stdout
        done = run(*inside, *user, "nonet-shell", "-c", f"python3 -c '{SOCKET}'", check=False)
        assert done.returncode == 1 and "Permission denied" in done.stdout, done.stdout
    assert run(*inside, "nonet", "--version").stdout == f"nonet {VERSION}\n"
    assert run(*inside, "dpkg", "--verify", "nonet").stdout == ""
    # A newer one of the same contents is an upgrade.
    tree = tmp_path / "newer"
    run("dpkg-deb", "-R", package, tree)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub("^Version: .*", f"Version: {VERSION}+1", control.read_text(), flags=re.M))
    run("dpkg-deb", "--root-owner-group", "-b", tree, target)
    run(*inside, "dpkg", "-i", "/tmp/nonet.deb")
    assert f"{VERSION}+1" in run(*inside, "dpkg-query", "-W", "nonet").stdout
    assert run(*inside, "nonet", "--", "sh", "-c", "exit 7", check=False).returncode == 7
    run(*inside, "dpkg", "--purge", "nonet")
    assert run(*inside, "sh", "-c", "command -v nonet", check=False).returncode != 0
    assert everything(debian) == before


def everything(folder):
    found = set()
    for root in ("etc", "usr", "bin", "lib"):
        for path, _, names in os.walk(folder / root):
            found |= {os.path.join(path, name) for name in names if "__pycache__" not in path}
    return found
