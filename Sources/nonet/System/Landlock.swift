internal import CLinuxShims

/// The Landlock ABI of the kernel (landlock(7)), 0 where it has none or does not use it.
func probeLandlock() -> Int { max(0, Int(nonet_landlock_abi())) }

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
