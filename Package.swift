// swift-tools-version: 6.2
import PackageDescription

// The binary that ships is built by the Makefile from the same sources as Embedded Swift;
// this manifest is the ordinary build: tests, sanitizers, coverage and users of the library.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]
let shipped = strict + [.treatWarning("EmbeddedRestrictions", as: .error)]

let package = Package(
  name: "nonet",
  products: [
    .library(name: "BPFAssembler", targets: ["BPFAssembler"]),
    .library(name: "BPFInstaller", targets: ["BPFInstaller"]),
    .executable(name: "nonet", targets: ["nonet"]),
  ],
  targets: [
    .target(
      name: "BPFAssembler",
      exclude: [
        "Architectures/Tables/generate.awk",
        "Text/generate.awk",
        "Architectures/Tables/syscalls.tsv",
        "Architectures/Tables/prototypes.tsv",
        "Architectures/Tables/constants.tsv",
        "Architectures/Tables/errnos.tsv",
        "Architectures/Tables/sets.tsv",
        "Architectures/Tables/systemd-sets",
      ],
      swiftSettings: shipped),
    .target(name: "CLinuxShims"),
    .target(
      name: "BPFInstaller",
      dependencies: ["BPFAssembler", "CLinuxShims"],
      swiftSettings: strict),
    .executableTarget(
      name: "nonet",
      dependencies: ["BPFAssembler", "CLinuxShims"],
      exclude: [
        "CommandLine/Table", "Presets/Policies", "Presets/generate",
        "Supervisor/supervision.policy",
      ],
      resources: [
        .embedInCode("Confinement/net_restrict.py"),
        .embedInCode("Report/report.html"),
        .embedInCode("Report/report.css"),
        .embedInCode("Report/report.js"),
      ],
      swiftSettings: shipped),
    // Children that ask the kernel; see the header.
    .target(name: "CTestProbes", path: "Tests/CTestProbes"),
    .testTarget(
      name: "BPFAssemblerTests",
      dependencies: ["BPFAssembler", "CTestProbes"],
      swiftSettings: strict),
    .testTarget(
      name: "nonetTests",
      dependencies: ["nonet", "BPFAssembler", "CTestProbes"],
      swiftSettings: strict),
  ]
)
