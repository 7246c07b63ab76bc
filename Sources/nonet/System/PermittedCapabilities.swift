internal import CLinuxShims

/// The capabilities that this process may use, a bit for each (capget(2)).
///
/// - Throws: The errno of capget(2).
func permittedCapabilities() throws(SystemError) -> UInt64 {
  var permitted: UInt64 = 0
  _ = try attempt("capget") { nonet_permitted_capabilities(&permitted) }
  return permitted
}

/// Gives capabilities up, in all sets but the bounding one.
///
/// With NO_NEW_PRIVS no `execve` gives one back that is not permitted before it
/// (cap_bprm_creds_from_file in security/commoncap.c), so the bounding set need not be touched.
///
/// - Parameter dropped: A bit for each.
/// - Throws: The errno of capget(2) or capset(2).
func dropCapabilities(_ dropped: UInt64) throws(SystemError) {
  _ = try attempt("capset") { nonet_drop_capabilities(dropped) }
}

/// Whether this process began as user 0 of its user namespace, by what the kernel told it at its start
/// (getauxval(3)), which costs no system call.
var isUserZero: Bool { nonet_is_user_zero() != 0 }
