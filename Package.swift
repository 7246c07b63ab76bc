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
let embedded: [Resource] = presets.flatMap { preset in
  [
    .embedInCode("Policy/Presets/\(preset).policy"),
    .embedInCode("Compiler/Filters/\(preset).x86_64.raw"),
    .embedInCode("Compiler/Filters/\(preset).aarch64.raw"),
  ]
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
      swiftSettings: shipped),
    // Children that ask the kernel; see the header.
    .target(name: "CTestProbes", path: "Tests/CTestProbes"),
    .testTarget(
      name: "BPFAssemblerTests",
      dependencies: ["BPFAssembler", "CTestProbes"],
      swiftSettings: strict),
    .testTarget(
      name: "nonetTests",
      dependencies: ["nonet"],
      swiftSettings: strict),
  ]
)
