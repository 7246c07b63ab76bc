internal import CLinuxShims

/// The shell that passwd(5) has for the real user; `nil` where it has none.
///
/// Read here and not by getpwuid(3), which a static program cannot use without loading libraries.
func shellOfUser() -> [UInt8]? {
  let text: [UInt8]
  do throws(SystemError) {
    text = try Descriptor(reading: "/etc/passwd").contents(limit: 1 << 22)
  } catch {
    return nil
  }
  let user = Array("\(getuid())".utf8)
  for line in text.split(separator: UInt8(ascii: "\n")) {
    let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    guard fields.count == 7, fields[2].elementsEqual(user) else { continue }
    return fields[6].isEmpty ? nil : Array(fields[6])
  }
  return nil
}
