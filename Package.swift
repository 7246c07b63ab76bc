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

// Text and bytes that become part of the library, so that no file is read at run time.
let presets = ["default", "loopback", "strict", "unix"]
let filters = presets + ["default-deny-debug", "loopback-deny-debug", "unix-deny-debug"]
let embedded: [Resource] =
  presets.map { .embedInCode("Policy/Presets/\($0).policy") }
  + filters.flatMap { filter in
    ["x86_64", "aarch64"].map { .embedInCode("Proof/Filters/\(filter).\($0).raw") }
  }

let package = Package(
  name: "nonet",
  products: [
    .library(name: "BPFAssembler", targets: ["BPFAssembler"]),
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
      ],
      resources: embedded,
      swiftSettings: shipped),
    .target(name: "CLinuxShims"),
    .executableTarget(
      name: "nonet",
      dependencies: ["BPFAssembler", "CLinuxShims"],
      exclude: ["Supervisor/supervision.policy", "CommandLine/Table"],
      resources: [
        .embedInCode("Confinement/net_restrict.py"),
        .embedInCode("Report/report.html"),
        .embedInCode("Report/report.css"),
        .embedInCode("Report/report.js"),
        .embedInCode("Supervisor/supervision.x86_64.raw"),
        .embedInCode("Supervisor/supervision.aarch64.raw"),
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
