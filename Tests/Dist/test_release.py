"""What lies beside the packages: sums, the tarball, the SBOM; and whether all of it comes out the same twice."""

import hashlib
import json
import tarfile

from conftest import DIST, ROOT, VERSION, field, made, run, whole


@field
def test_sums():
    run("sha256sum", "--quiet", "-c", "SHA256SUMS", cwd=DIST)
    named = {line.split("  ")[1] for line in (DIST / "SHA256SUMS").read_text().splitlines()}
    assert named | {"SHA256SUMS"} == {path.name for path in DIST.iterdir()}


@field
def test_the_tarball_has_the_commit():
    (path,) = made(f"nonet-{VERSION}.tar.gz")
    names = {name.partition("/")[2] for name in tarfile.open(path).getnames()} - {""}
    tracked = run("git", "ls-files", cwd=ROOT).stdout.split()
    assert set(tracked) <= names and {name.partition("/")[0] for name in tarfile.open(path).getnames()} == {f"nonet-{VERSION}"}


@field
def test_the_sbom(tools):
    (path,) = made(f"nonet-{VERSION}.spdx.json")
    run(tools / "pyspdxtools", "-i", path)
    document = json.loads(path.read_text())
    sums = {c["checksumValue"] for one in document["files"] for c in one["checksums"] if c["algorithm"] == "SHA256"}
    binaries = made(f"nonet-{VERSION}-linux-*")
    assert len(binaries) == 2 and sums == {hashlib.sha256(one.read_bytes()).hexdigest() for one in binaries}
    assert {one["name"] for one in document["packages"]} == {"nonet", "swift-stdlib", "musl"}


@whole
def test_reproducible():
    assert "bit for bit" in run("make", "-s", "reproducible", cwd=ROOT, timeout=3600).stdout
