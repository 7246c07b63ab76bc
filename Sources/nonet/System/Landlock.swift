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

/// Enters a Landlock domain that refuses what is handled and has no rule that allows any of it.
///
/// - Parameters:
///   - handledNet: LANDLOCK_ACCESS_NET_* bits, from ABI 4 on.
///   - scoped: LANDLOCK_SCOPE_* bits, from ABI 6 on.
/// - Throws: The step that failed.
func enterLandlockDomain(handledNet: UInt64, scoped: UInt64) throws(SystemError) {
  let ruleset = Descriptor(
    owning: try attempt("landlock_create_ruleset") {
      nonet_landlock_create_ruleset(handledNet, scoped)
    })
  _ = try attempt("landlock_restrict_self") { nonet_landlock_restrict_self(ruleset.number) }
}
