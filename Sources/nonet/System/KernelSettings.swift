internal import CLinuxShims

/// Whether this process may write settings of the kernel for which user id 0 is enough.
///
/// They are of one kind (test_perm in fs/proc/proc_sysctl.c), so `core_pattern` stands for all.
///
/// - Throws: The errno of access(2), but for those that say no.
func canWriteSettings() throws(SystemError) -> Bool {
  try attempt("access") { nonet_is_settable() } == 1
}

/// Gives this process mounts of its own, in which the kernel's settings are read-only.
///
/// - Returns: How many mounted file systems were made so.
/// - Throws: The step that failed; mounts of others are untouched then too.
func closeSettings() throws(SystemError) -> Int {
  _ = try attempt("unshare(CLONE_NEWNS)") { nonet_own_mounts() }
  let text = try mounts()
  guard text.count <= mostMounts else {
    throw SystemError(call: "reading /proc/self/mountinfo", number: E2BIG)
  }
  var count = 0
  for line in text.split(separator: UInt8(ascii: "\n")) {
    guard let path = settingsMount(line) else { continue }
    _ = try attempt("making the kernel's settings read-only") { nonet_close_settings(path) }
    count += 1
  }
  _ = try attempt("chdir to the working folder") { nonet_enter_working_folder() }
  return count
}

/// What mounts there are (proc_pid_mountinfo(5)).
///
/// - Throws: Also where /proc is not there: what is mounted elsewhere is not known then.
private func mounts() throws(SystemError) -> [UInt8] {
  let file = Descriptor(
    owning: try attempt("open of /proc/self/mountinfo") {
      nonet_open_for_reading("/proc/self/mountinfo")
    })
  return try file.contents(limit: mostMounts)
}

/// More text about mounts than this is refused, in bytes.
private let mostMounts = 1 << 22

/// The path of a mount by which the kernel is set, from its line in proc_pid_mountinfo(5); null-terminated.
private func settingsMount(_ line: ArraySlice<UInt8>) -> [CChar]? {
  let fields = line.split(separator: UInt8(ascii: " "))
  guard let dash = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }), dash >= 6,
    dash + 1 < fields.count,
    settingsTypes.contains(where: { fields[dash + 1].elementsEqual($0.utf8) })
  else { return nil }
  return nullTerminated(unescaped(fields[4]))
}

private let settingsTypes = [
  "proc", "sysfs", "cgroup", "cgroup2", "binfmt_misc", "debugfs", "tracefs", "configfs",
  "securityfs", "nfsd",
]

/// A path as the kernel writes it, with `\ooo` for blanks and backslashes.
private func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
  let bytes = Array(field)
  var path: [UInt8] = []
  var next = 0
  while next < bytes.count {
    let digits = bytes[next...].dropFirst().prefix(3)
    if bytes[next] == UInt8(ascii: "\\"), digits.count == 3,
      digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) })
    {
      path.append(digits.reduce(0) { $0 &* 8 &+ ($1 - UInt8(ascii: "0")) })
      next += 4
    } else {
      path.append(bytes[next])
      next += 1
    }
  }
  return path
}
