internal import BPFAssembler

/// The kernel's names of families, types and protocols, by number.
///
/// Read once from the table of constants, which is sorted by name and not by number.
struct SocketNames {
  private var families = [String?](repeating: nil, count: 64)
  private var types = [String?](repeating: nil, count: 16)
  private var protocols: [(UInt32, String)] = []
  private var netlink: [(UInt32, String)] = []

  init() {
    // Where a number has two names, the later one in this list is the less usual one.
    let aliases = ["AF_LOCAL", "AF_ROUTE", "SOCK_PACKET", "NETLINK_INET_DIAG", "AF_MAX"]
    for constant in NamedConstant.all {
      let name = constant.name
      guard !aliases.contains(name) else { continue }
      let value = UInt32(truncatingIfNeeded: constant.value(on: .x86_64))
      if name.utf8.starts(with: "AF_".utf8), value < 64 {
        if families[Int(value)] == nil { families[Int(value)] = name }
      } else if name.utf8.starts(with: "SOCK_".utf8), value < 15 {
        if types[Int(value)] == nil { types[Int(value)] = name }
      } else if name.utf8.starts(with: "IPPROTO_".utf8) {
        protocols.append((value, name))
      } else if name.utf8.starts(with: "NETLINK_".utf8) {
        netlink.append((value, name))
      }
    }
  }

  func family(_ number: UInt32) -> String {
    (number < 64 ? families[Int(number)] : nil) ?? "AF_\(number)"
  }

  func type(_ number: UInt32) -> String {
    (number < 16 ? types[Int(number)] : nil) ?? "SOCK_\(number)"
  }

  /// The name of a protocol, which depends on the family; `nil` where the number has none.
  func `protocol`(_ number: UInt32, family: UInt32) -> String? {
    let names: [(UInt32, String)]
    switch family {
    case 2, 10: names = protocols
    case 16: names = netlink
    case _: return nil
    }
    return names.first { $0.0 == number }?.1
  }
}
