internal import CLinuxShims

/// Whether a process that descends from another one holds the AF_UNIX socket that listens under a path.
///
/// Only /proc is asked, and nothing of the command's own file systems, which could keep the caller waiting.
///
/// - Parameters:
///   - path: The name as it was bound, which another path to the same file is not.
///   - thread: In whose network it is looked for.
///   - ancestor: The process.
/// - Returns: `false` also where that cannot be found out, or takes too long.
func isListening(at path: [UInt8], near thread: pid_t, below ancestor: pid_t) -> Bool {
  guard let inode = inodeOfListener(at: path, near: thread) else { return false }
  guard let processes = numbers(in: "/proc") else { return false }
  var links = 0
  for process in processes where isDescendant(process, of: ancestor) {
    for number in numbers(in: "/proc/\(process)/fd") ?? [] {
      links += 1
      if links > mostLinks { return false }
      if socketNumber(behind: number, of: process) == inode { return true }
    }
  }
  return false
}

/// The number in sockfs of the socket behind a process's descriptor; `nil` for anything else.
func socketNumber(behind descriptor: CInt, of process: pid_t) -> UInt64? {
  let kind = "socket:["
  var link = [CChar](repeating: 0, count: 64)
  let length = readlink("/proc/\(process)/fd/\(descriptor)", &link, link.count)
  guard length > kind.utf8.count else { return nil }
  let text = link[..<length].map { UInt8(bitPattern: $0) }
  guard text.starts(with: kind.utf8) else { return nil }
  return UInt64(digits: text.dropFirst(kind.utf8.count).dropLast())
}

/// So many descriptors are looked at, which takes some ten milliseconds.
private let mostLinks = 16_384
private let mostNumbers = 16_384

/// The inode of the socket that listens under a path, or under an abstract name behind an `@` (proc(5), /proc/net/unix: the fourth field has the flag
/// __SO_ACCEPTCON).
func inodeOfListener(at path: [UInt8], near thread: pid_t) -> UInt64? {
  do throws(SystemError) {
    let text = try Descriptor(reading: "/proc/\(thread)/net/unix").contents(limit: 1 << 20)
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 7)
      if fields.count == 8, fields[3].elementsEqual("00010000".utf8),
        fields[7].elementsEqual(path)
      {
        return UInt64(digits: fields[6])
      }
    }
    return nil
  } catch {
    return nil
  }
}

/// Looks for AF_UNIX sockets that a program could reach by a name (proc(5), /proc/net/unix).
///
/// - Parameters:
///   - name: A path as it was bound, or an abstract name behind an `@`.
///   - thread: In whose network it is looked for.
/// - Returns: Their types: streams and packets that listen, and datagrams; empty also where that cannot be found out.
func unixSockets(named name: [UInt8], near thread: pid_t) -> [UInt32] {
  var types: [UInt32] = []
  do throws(SystemError) {
    let text = try Descriptor(reading: "/proc/\(thread)/net/unix").contents(limit: 1 << 20)
    for line in text.split(separator: UInt8(ascii: "\n")) {
      // Num RefCount Protocol Flags Type St Inode Path; a type is four digits.
      let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 7)
      guard fields.count == 8, fields[7].elementsEqual(name),
        let type = UInt32(String(decoding: Array(fields[4]), as: UTF8.self), radix: 16)
      else { continue }
      let isListening = fields[3].elementsEqual("00010000".utf8)
      if isListening || type == SocketType.datagram, !types.contains(type) { types.append(type) }
    }
  } catch {
    return types
  }
  return types
}

private func isDescendant(_ process: pid_t, of ancestor: pid_t) -> Bool {
  var process = process
  for _ in 0..<64 {
    guard let parent = beginning(of: process)?.parent, parent > 1 else { return false }
    if parent == ancestor { return true }
    process = parent
  }
  return false
}

/// The names in a folder of /proc that are numbers; `nil` where there are too many, or it cannot be read.
func numbers(in folder: String) -> [pid_t]? {
  do throws(SystemError) { return try allNumbers(in: folder) } catch { return nil }
}

/// The names in a folder of /proc that are numbers.
///
/// - Throws: E2BIG where there are too many, or the errno of opendir(3).
func allNumbers(in folder: String) throws(SystemError) -> [pid_t] {
  guard let list = opendir(folder) else {
    throw SystemError(call: "opendir", number: nonet_errno())
  }
  defer { closedir(list) }
  var numbers: [pid_t] = []
  while let entry = readdir(list) {
    if numbers.count == mostNumbers { throw SystemError(call: "readdir", number: E2BIG) }
    let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
    if let number = pid_t(String(decoding: name, as: UTF8.self)) { numbers.append(number) }
  }
  return numbers
}
