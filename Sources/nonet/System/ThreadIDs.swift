internal import CLinuxShims

/// The ids by which the kernel decides what a thread may do (credentials(7)).
struct ThreadIDs: Equatable {
  /// The effective ones, which the other end of a socket is told.
  var user: uid_t = 0
  var group: gid_t = 0
  /// Those by which files are opened; the same but for who calls setfsuid(2).
  var fileUser: uid_t = 0
  var fileGroup: gid_t = 0
  /// The supplementary groups, sorted.
  var groups: [gid_t] = []
  var capabilities: UInt64 = 0

  /// Whether CAP_NET_BIND_SERVICE is among the capabilities, without which ports below 1024 are not to be had.
  var mayBindLowPorts: Bool { capabilities & 1 << 10 != 0 }

  /// Whether one of the ids is this number.
  func contains(_ number: UInt32) -> Bool {
    user == number || fileUser == number || group == number || fileGroup == number
      || groups.contains(number)
  }
}

/// The ids of this process, and the way to those of another process and back.
struct OwnIDs {
  let ids: ThreadIDs
  /// Whether one of the ids may be without a number in this user namespace, so that /proc tells the
  /// number that stands for all such.
  private let isHidden: Bool
  /// Whether that is the number of somebody here too, who might be meant.
  private let isAmbiguous: Bool

  /// Notes the ids of this process, to which `act` goes back.
  ///
  /// - Parameter ids: What /proc tells of them.
  /// - Throws: The errno of getgroups(2).
  init(_ ids: ThreadIDs) throws(SystemError) {
    _ = try attempt("getgroups") { nonet_remember_ids() }
    self.ids = ids
    guard ids.contains(IDMap.overflow) else {
      (isHidden, isAmbiguous) = (false, false)
      return
    }
    let maps = ["/proc/self/uid_map", "/proc/self/gid_map"].map { IDMap(reading: $0) }
    isHidden = !maps.allSatisfy { $0.isWhole }
    // Where one id alone has a number and groups cannot be set, nobody here ever becomes anybody else: a
    // program with the mark of another user does not either (PR_SET_NO_NEW_PRIVS).
    let isAlone = maps.allSatisfy { $0.isSingle } && Self.cannotSetGroups
    isAmbiguous = !isAlone && maps.contains { $0.contains(IDMap.overflow) }
  }

  private static var cannotSetGroups: Bool {
    do throws(SystemError) {
      return try Descriptor(reading: "/proc/self/setgroups").start(16).starts(with: "deny".utf8)
    } catch {
      return false
    }
  }

  /// Does something with a thread's ids, and goes back to this process's own.
  ///
  /// - Parameters:
  ///   - other: The ids.
  ///   - action: What is done; throws what it throws.
  /// - Returns: What that answers.
  /// - Throws: EPERM where this process may not take the ids, or cannot know which they are.
  func act<Result: ~Copyable>(
    as other: ThreadIDs, _ action: () throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    var others = other
    others.capabilities = ids.capabilities
    if isHidden, isAmbiguous || others != ids {
      // An id without a number may be any, and cannot be taken back.
      throw SystemError(call: "setgroups", number: EPERM)
    }
    if other == ids { return try action() }
    var numbers = nonet_ids(
      user: other.user, group: other.group, file_user: other.fileUser,
      file_group: other.fileGroup)
    _ = try attempt("setresuid") {
      nonet_take_ids(&numbers, other.groups, CInt(other.groups.count), other.capabilities)
    }
    defer { nonet_restore_ids() }
    return try action()
  }
}

/// Which ids have a number in this user namespace (user_namespaces(7)); none where that is not known.
private struct IDMap {
  /// The number that stands for all others, unless somebody changed it
  /// (/proc/sys/kernel/overflowuid).
  static let overflow: UInt32 = 65534

  private var ranges: [(first: UInt64, count: UInt64)] = []

  init(reading path: String) {
    do throws(SystemError) {
      let text = try Descriptor(reading: path).contents(limit: 1 << 16)
      for line in text.split(separator: UInt8(ascii: "\n")) {
        let words = line.split(separator: UInt8(ascii: " ")).map {
          UInt64(String(decoding: $0, as: UTF8.self)) ?? 0
        }
        if words.count == 3 { ranges.append((words[0], words[2])) }
      }
    } catch {}
  }

  /// Whether every id has a number, as in the first user namespace.
  var isWhole: Bool { ranges.contains { $0.first == 0 && $0.count == UInt64(UInt32.max) } }

  var isSingle: Bool { ranges.count == 1 && ranges[0].count == 1 }

  func contains(_ number: UInt32) -> Bool {
    ranges.contains { $0.first <= number && UInt64(number) - $0.first < $0.count }
  }
}
