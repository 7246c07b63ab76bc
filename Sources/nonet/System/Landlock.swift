internal import CLinuxShims

/// The Landlock ABI of the kernel, 0 where it has none, does not use it, or an outer sandbox says so.
///
/// - Returns: The ABI, from 1 (landlock(7)).
/// - Throws: Any other errno: what cannot be known is not taken for absent.
func probeLandlock() throws(SystemError) -> Int {
  do throws(SystemError) {
    return Int(try attempt("landlock_create_ruleset") { nonet_landlock_abi() })
  } catch {
    switch error.number {
    case ENOSYS, EOPNOTSUPP, EPERM: return 0
    case _: throw error
    }
  }
}

/// What a Landlock domain refuses where no rule allows it, as bits of include/uapi/linux/landlock.h.
struct LandlockRights: Equatable {
  /// LANDLOCK_ACCESS_FS_*.
  var files: UInt64 = 0
  /// LANDLOCK_ACCESS_NET_*, from ABI 4 on.
  var network: UInt64 = 0
  /// LANDLOCK_SCOPE_*, from ABI 6 on.
  var scopes: UInt64 = 0

  /// LANDLOCK_ACCESS_FS_RESOLVE_UNIX, from ABI 9 on: reaching an AF_UNIX socket by its path.
  static let resolvingUnix: UInt64 = 1 << 16
  /// LANDLOCK_ACCESS_FS_REFER: moving and linking files into other folders.
  ///
  /// A ruleset that handles any right of files refuses it unless a rule allows it.
  static let referring: UInt64 = 1 << 13
}

/// What a Landlock domain is made of.
final class LandlockRuleset {
  private let descriptor: Descriptor
  var number: CInt { descriptor.number }

  /// Makes a ruleset without rules: everything that it handles is refused.
  init(_ rights: LandlockRights) throws(SystemError) {
    descriptor = Descriptor(
      owning: try attempt("landlock_create_ruleset") {
        nonet_landlock_create_ruleset(rights.files, rights.network, rights.scopes)
      })
  }

  /// Allows rights on a file, and on all below it where it is a folder.
  func allow(_ rights: UInt64, on file: PinnedFile) throws(SystemError) {
    _ = try attempt("landlock_add_rule") {
      nonet_landlock_allow(descriptor.number, rights, file.number)
    }
  }

  /// Enters a domain of it, for which NO_NEW_PRIVS or CAP_SYS_ADMIN is needed.
  func enter() throws(SystemError) {
    _ = try attempt("landlock_restrict_self") { nonet_landlock_restrict_self(descriptor.number) }
  }
}

/// Whether landlock_restrict_self(2) refuses what is no ruleset: EBADF, or EPERM where NO_NEW_PRIVS is not set yet.
var refusesNoRuleset: Bool {
  nonet_landlock_restrict_self(-1) < 0 && [EBADF, EPERM].contains(nonet_errno())
}
