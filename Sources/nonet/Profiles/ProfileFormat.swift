internal import BPFAssembler

/// The words of another tool that a policy can be written in.
enum ProfileFormat: CaseIterable {
  /// `linux.seccomp` of the OCI runtime specification.
  case oci
  /// A profile as Docker and Podman take it by `--security-opt seccomp=FILE`.
  case docker
  /// A `SeccompProfile` of the Security Profiles Operator.
  case kubernetes
  /// A drop-in for a unit.
  case systemd

  /// The name by which users ask for it.
  var name: String {
    switch self {
    case .oci: "oci"
    case .docker: "docker"
    case .kubernetes: "kubernetes"
    case .systemd: "systemd"
    }
  }
}

/// Why a policy cannot be said in the words of another tool.
struct ExportError: Error {
  let message: String

  init(_ message: String) { self.message = message }
}
