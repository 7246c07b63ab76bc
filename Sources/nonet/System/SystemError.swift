internal import CLinuxShims

/// A system call that failed, by the name in its manual page.
struct SystemError: Error, Equatable {
  let call: String
  let number: CInt

  /// What a person is told of it.
  var reason: String { errorText(number) }
}

/// Whether a call failed for want of descriptors or memory (socket(2), accept(2)).
func isLack(_ number: CInt) -> Bool { [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(number) }

/// The only place that knows -1, errno and EINTR.
///
/// - Parameters:
///   - name: The call, as its manual page has it.
///   - call: Makes the call once.
/// - Returns: What the call returned, when that is not negative.
/// - Throws: The errno of any failure but EINTR, after which the call is made again.
func attempt<Result: SignedInteger>(
  _ name: StaticString, _ call: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    let number = nonet_errno()
    if number != EINTR { throw SystemError(call: "\(name)", number: number) }
  }
}
