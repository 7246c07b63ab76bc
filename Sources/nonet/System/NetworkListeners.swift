internal import CLinuxShims

/// A TCP socket that listens, as a process's /proc/PID/net tells (proc_pid_net(5)).
struct NetworkListener {
  /// The socket's number in sockfs.
  let socket: UInt64
  let port: UInt16

  var description: String { "\(port)" }

  /// A table that is longer is read so far.
  private static let mostBytes = 1 << 20
  /// TCP_LISTEN of include/net/tcp_states.h.
  private static let listens = "0A"

  /// All in the network of a process; none where it is gone.
  static func all(seenBy process: pid_t) -> [NetworkListener] {
    read("/proc/\(process)/net/tcp") + read("/proc/\(process)/net/tcp6")
  }

  private static func read(_ path: String) -> [NetworkListener] {
    do throws(SystemError) {
      let text = try Descriptor(reading: path).contents(limit: mostBytes)
      return text.split(separator: UInt8(ascii: "\n")).compactMap { NetworkListener($0) }
    } catch {
      return []
    }
  }

  /// Reads a line: number, local address, remote address, state, ..., and the tenth word is the socket's number.
  private init?(_ line: ArraySlice<UInt8>) {
    let words = line.split(separator: UInt8(ascii: " "))
    guard words.count > 9, words[3].elementsEqual(Self.listens.utf8),
      let colon = words[1].lastIndex(of: UInt8(ascii: ":")),
      let port = UInt16(String(decoding: words[1][(colon + 1)...], as: UTF8.self), radix: 16),
      let socket = UInt64(String(decoding: words[9], as: UTF8.self))
    else { return nil }
    (self.port, self.socket) = (port, socket)
  }
}

/// The numbers in sockfs of the sockets that a process has open.
func socketNumbers(of process: pid_t) -> [UInt64] {
  (numbers(in: "/proc/\(process)/fd") ?? []).compactMap { socketNumber(behind: $0, of: process) }
}

/// The first words of a process, parted by blanks.
func commandLine(of process: pid_t) -> [UInt8] {
  do throws(SystemError) {
    let text = try Descriptor(reading: "/proc/\(process)/cmdline").start(512)
    return Array(text.split(separator: 0).joined(separator: [UInt8(ascii: " ")]))
  } catch {
    return []
  }
}
