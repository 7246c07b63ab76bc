"""The steps of "How to add" in Documentation/architecture.md, taken in a copy of the tree.

A file that a step changes by hand counts as a place to touch; what `make tables` and `make goldens` write does not,
and neither do documents. `make test` asks the compiler whether the changed tree is one; `make test-how-to-add` builds it
twice, as `make goldens` does, and uses what was added.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from support.hooks import question

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY, PROGRAM = "Sources/BPFAssembler", "Sources/nonet"
# The most places that a thing of each kind may take, documents included.
MOST = {"preset": 5, "architecture": 6, "host": 3, "format": 3, "option": 3}
# Of those the documents: README and manual page; the manual page; Integrations/README.md; the manual page; none, for the
# table of options has the manual's text.
DOCUMENTS = {"preset": 2, "architecture": 1, "host": 1, "format": 1, "option": 0}
TABLE = f"{PROGRAM}/CommandLine/Table/options.txt"
HAS_TABLE = (ROOT / TABLE).exists()
FIELD = os.environ.get("NONET_FIELD")


class Tree:
    """A copy of the tree that remembers which files were changed by hand."""

    def __init__(self, folder):
        self.folder = folder
        self.touched = set()
        skipped = shutil.ignore_patterns(".git", ".build*", "bin", "__pycache__", ".pytest_cache")
        shutil.copytree(ROOT, folder, symlinks=True, ignore=skipped)

    def read(self, name):
        return (self.folder / name).read_text()

    def write(self, name, text):
        assert "\n// Generated" not in text
        self.touched.add(name)
        (self.folder / name).write_text(text)

    def replace(self, name, old, new):
        text = self.read(name)
        assert text.count(old) == 1, f"{name} has {text.count(old)} times: {old}"
        self.write(name, text.replace(old, new))

    def run(self, *words, seconds=120):
        done = subprocess.run(words, cwd=self.folder, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, (words, (done.stdout + done.stderr).decode()[-4000:])
        return done.stdout

    def files(self, room):
        return sorted(str(path) for path in (self.folder / room).rglob("*.swift"))


def add_preset(tree):
    tree.write(f"{PROGRAM}/Presets/Policies/no-pairs.policy", "default allow\nlayers landlock, descriptors\n"
               "deny socket, socketpair\ndeny @io_uring with ENOSYS\ndeny socketcall\n")
    tree.write("Fixtures/policies/no-pairs.cases", "all socketpair AF_UNIX SOCK_STREAM -> EACCES\n")


def add_architecture(tree):
    """riscv64, whose numbers are those of aarch64 but for a few."""
    tables = f"{LIBRARY}/Architectures/Tables"
    rows = [line.split("\t") if line and not line.startswith("#") else line
            for line in tree.read(f"{tables}/syscalls.tsv").split("\n")]
    column = next(row for row in rows if isinstance(row, list)).index("aarch64")
    tree.write(f"{tables}/syscalls.tsv", "\n".join(
        row if isinstance(row, str) else "\t".join([*row, "riscv64" if row[0] == "name" else row[column]]) for row in rows))
    tree.write(f"{tables}/prototypes.tsv", re.sub(r"\taarch64$|,aarch64$|\taarch64,|,aarch64,", lambda m: m[0].replace("aarch64", "aarch64,riscv64"),
                                                  tree.read(f"{tables}/prototypes.tsv"), flags=re.M))
    row = f"{LIBRARY}/Architectures/Architecture.swift"
    tree.replace(row, "  case arm\n}", "  case arm\n  /// The 64-bit ABI of RISC-V.\n  case riscv64\n}")
    tree.replace(row, "    case .aarch64: Row(", '    case .riscv64: Row("riscv64", auditValue: 0xc000_00f3)\n    case .aarch64: Row(')
    tree.replace(row, "    #elseif arch(arm64)\n", "    #elseif arch(riscv64)\n      .riscv64\n    #elseif arch(arm64)\n")
    tree.replace("Sources/CLinuxShims/seccomp.c", "_Static_assert(AUDIT_ARCH_ARM ==",
                 '_Static_assert(AUDIT_ARCH_RISCV64 == 0xc00000f3, "Architecture.auditValue");\n_Static_assert(AUDIT_ARCH_ARM ==')


def add_host(tree):
    hosts = f"{PROGRAM}/Hooks/HookHosts.swift"
    tree.replace(hosts, ".kiro, .antigravity,\n", ".kiro, .antigravity, .another,\n")
    tree.replace(hosts, "  static var codex: HookHost {", """  static var another: HookHost {
    HookHost(
      name: "another",
      before: Moment(
        event: "PreToolUse", matcher: "Bash",
        subject: .command(Rewriting(before: #"{"run":""#, after: #""}"#, told: ["run"]), confined: "{}")),
      shellTools: ["Bash"], place: SettingsPlace(folder: ".another", file: "hooks.json"))
  }

  static var codex: HookHost {""")


def add_format(tree):
    tree.write(f"{LIBRARY}/Dump/Count.swift", """extension Dump.Format {
  /// How many instructions each program has.
  public static var count: Dump.Format {
    Dump.Format("count", holdsSeveral: true) { policies, _ in
      Array(policies.map { "\\($0.program.instructions.count)\\n" }.joined().utf8)
    }
  }
}
""")
    tree.replace(f"{LIBRARY}/Dump/Dump.swift", ".dot, .smt2]", ".dot, .smt2, .count]")


def add_option(tree):
    tree.replace(TABLE, "option --version\n", """option --twice
  case twice
  group printed
  help print what --dump-bpf prints a second time
  apply options.isTwice = true
  manual
    Print the filter a second time.

option --version
""")
    tree.replace(f"{PROGRAM}/CommandLine/Options.swift", "  var isQuiet = false\n", "  var isQuiet = false\n  var isTwice = false\n")
    printing = "      try printOut(Dump(filters, name: one.name).bytes(format))\n"
    tree.replace(f"{PROGRAM}/Commands/Show.swift", printing, printing + printing.replace("try", "if options.isTwice { try").replace("\n", " }\n"))


ADDITIONS = {"preset": add_preset, "architecture": add_architecture, "host": add_host, "format": add_format,
             **({"option": add_option} if HAS_TABLE else {})}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The tree with one more of each kind; what is generated is generated anew."""
    tree = Tree(tmp_path_factory.mktemp("how-to-add") / "nonet")
    for kind, add in ADDITIONS.items():
        tree.touched.clear()
        add(tree)
        # HookHosts.swift and the question that the tests ask are the places of a host.
        places = len(tree.touched) + DOCUMENTS[kind] + (kind == "host")
        assert places <= MOST[kind], (kind, tree.touched)
    tree.run("make", "tables", *(["options"] if HAS_TABLE else []))
    return tree


def test_the_compiler_takes_the_tree(tree):
    tree.run("make", f"{PROGRAM}/Presets/Preset.swift", ".build-embedded/nonet/PackageResources.swift")
    assert "case `no_pairs`" in tree.read(f"{PROGRAM}/Presets/Preset.swift")
    flags = ["swiftc", "-wmo", "-parse-as-library", "-swift-version", "6", "-package-name", "nonet", "-warnings-as-errors",
             *(word for name in ("ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault")
               for word in ("-enable-upcoming-feature", name))]
    module = tree.folder / "BPFAssembler.swiftmodule"
    tree.run(*flags, "-module-name", "BPFAssembler", "-emit-module", "-emit-module-path", module, *tree.files(LIBRARY), seconds=300)
    tree.run(*flags, "-module-name", "nonet", "-I", tree.folder, "-I", "Sources/CLinuxShims/include", "-typecheck",
             *tree.files(PROGRAM), ".build-embedded/nonet/PackageResources.swift", seconds=300)


@pytest.mark.skipif(not FIELD, reason="two builds take minutes: make test-how-to-add")
def test_what_was_added_works(tree):
    tree.run("make", "goldens", seconds=3600)
    nonet = tree.folder / "bin/nonet"
    count = int(tree.run(nonet, "--dump-bpf", "--arch", "riscv64", "--policy", "no-pairs", "--format", "count"))
    if HAS_TABLE:
        twice = tree.run(nonet, "--dump-bpf", "--arch", "riscv64", "--policy", "no-pairs", "--format", "count", "--twice")
        assert twice == b"%d\n" % count * 2
        assert "--twice" in tree.run(nonet, "--help").decode() and "twice" in tree.read("Documentation/nonet.1")
    raw = tree.folder / "Fixtures/golden/no-pairs.riscv64.raw"
    assert raw.stat().st_size == 8 * count > 50
    # The filter is built in now, and is what the text compiles to: `make` compares them.
    assert "(.no_pairs, .riscv64, false)" in tree.read(f"{PROGRAM}/Presets/Preset.swift")
    tree.run("make", "presets")
    code = "import socket\ntry: socket.socketpair()\nexcept PermissionError: print('refused')"
    assert tree.run(nonet, "--policy", "no-pairs", "--", "python3", "-c", code) == b"refused\n"
    asked = subprocess.run([nonet, "--hook", "another"], input=json.dumps(question("codex", "id -u")).encode(), capture_output=True, timeout=20)
    assert (asked.returncode, asked.stderr) == (0, b"") and "id -u" in json.loads(asked.stdout)["run"]
