internal import CLinuxShims

/// Sets a variable in the environment of the command.
func setEnvironment(_ name: StaticString, _ value: String) throws(SystemError) {
  _ = try attempt("setenv") {
    value.withCString { value in
      UnsafeRawPointer(name.utf8Start).withMemoryRebound(to: CChar.self, capacity: 1) {
        setenv($0, value, 1)
      }
    }
  }
}

/// The names of all variables in the environment, in its order and as they are written there.
var environmentNames: [String] {
  guard var next = nonet_environment() else { return [] }
  var names: [String] = []
  while let entry = next.pointee {
    let name = String(cString: entry).utf8.prefix { $0 != UInt8(ascii: "=") }
    names.append(String(decoding: Array(name), as: UTF8.self))
    next += 1
  }
  return names
}

/// Becomes another program; comes back only to throw.
///
/// - Parameters:
///   - file: The program, found along PATH unless its name has a slash.
///   - arguments: A null-terminated vector, passed on untouched.
/// - Throws: The errno of execve(2), always.
func replaceProcess(
  with file: UnsafePointer<CChar>,
  arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
) throws(SystemError) -> Never {
  _ = try attempt("execve") { nonet_execute(file, arguments) }
  // It comes back with -1 and in no other way.
  throw SystemError(call: "execve", number: EINVAL)
}

/// Becomes another program with words of our own, at least one; comes back only to throw.
func replaceProcess(with words: [[UInt8]]) throws(SystemError) -> Never {
  // Nothing frees the copies: either the process is replaced or it ends.
  let arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    .allocate(capacity: words.count + 1)
  for (index, word) in words.enumerated() {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: word.count + 1)
    for (offset, byte) in word.enumerated() { copy[offset] = CChar(bitPattern: byte) }
    copy[word.count] = 0
    arguments[index] = copy
  }
  arguments[words.count] = nil
  guard let file = arguments[0] else { throw SystemError(call: "execve", number: EINVAL) }
  try replaceProcess(with: file, arguments: arguments)
}

/// From here on no `execve` gives this process privileges; seccomp(2) and landlock(7) ask for it.
func setNoNewPrivileges() throws(SystemError) {
  _ = try attempt("prctl(PR_SET_NO_NEW_PRIVS)") { nonet_set_no_new_privs() }
}

/// Installs a filter for this thread and all that it starts; it cannot be taken off again.
///
/// - Parameter filter: The bytes of a `struct sock_filter[]`, 8 for each instruction.
/// - Throws: The errno of seccomp(2).
func installFilter(_ filter: [UInt8]) throws(SystemError) {
  let count = UInt16(truncatingIfNeeded: filter.count / 8)
  _ = try attempt("seccomp(SECCOMP_SET_MODE_FILTER)") {
    filter.withUnsafeBytes { nonet_install_filter($0.baseAddress, count) }
  }
}

/// Asks whether filters can be installed and give an answer (`SeccompReturn`); installs nothing.
func probeSeccomp(_ action: UInt32) throws(SystemError) {
  _ = try attempt("seccomp(SECCOMP_GET_ACTION_AVAIL)") {
    nonet_probe_seccomp_action(action)
  }
}

/// Makes sure that whatever ends this process from now on, a signal included, ends it with a status
/// and words of ours.
///
/// - Parameters:
///   - status: The exit status.
///   - words: What is written to standard error.
///   - seconds: How long the process may take.
/// - Throws: The errno of sigaltstack(2), sigaction(2) or sigprocmask(2).
func endOnSignals(
  status: CInt, words: StaticString, after seconds: UInt32
) throws(SystemError) {
  _ = try attempt("sigaction") {
    UnsafeRawPointer(words.utf8Start).withMemoryRebound(
      to: CChar.self, capacity: words.utf8CodeUnitCount
    ) {
      nonet_end_on_signals(status, $0, words.utf8CodeUnitCount, seconds)
    }
  }
}

/// Whether a descriptor is open.
func isOpen(_ descriptor: CInt) -> Bool { nonet_is_open(descriptor) != 0 }
