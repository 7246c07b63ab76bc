internal import CLinuxShims

/// What can be seen of the process and kernel as they are now.
enum Here {
  /// The kernel's name and release, as `uname -sr` prints them.
  static var kernel: String {
    var name = utsname()
    guard uname(&name) == 0 else { return "unknown kernel" }
    return text(of: &name.sysname) + " " + text(of: &name.release)
  }

  /// The kernel's release, as `uname -r` prints it; empty where it is not told.
  static var release: String {
    var name = utsname()
    return uname(&name) == 0 ? text(of: &name.release) : ""
  }

  /// Whether programs of the 32-bit ABI run here.
  static var runs32Bit: Bool { nonet_probe_32bit() == 1 }

  /// The errno of trying to make a socket of a family and a type; `nil` where it can be made.
  static func refusal(ofSocket family: CInt, _ type: UInt32 = SocketType.stream) -> CInt? {
    let number = socket(family, CInt(bitPattern: type), 0)
    if number < 0 { return nonet_errno() }
    closeQuietly(number)
    return nil
  }

  /// Whether connect(2) is refused before the kernel sees that there is no descriptor, which is EBADF.
  static var refusesConnect: Bool { connect(-1, nil, 0) != 0 && nonet_errno() != EBADF }

  /// The network interfaces of this namespace; `nil` where the kernel may not be asked.
  static var interfaces: [String]? {
    guard let list = if_nameindex() else { return nil }
    defer { if_freenameindex(list) }
    var names: [String] = []
    var next = list
    while let name = next.pointee.if_name {
      names.append(String(cString: name))
      next += 1
    }
    return names
  }

  /// The first file of that name along PATH that can be executed.
  static func executable(named name: String) -> String? {
    alongPath(name).first { isExecutable($0) && !isDirectory($0) }
  }

  /// The name in each folder of PATH, in their order.
  static func alongPath(_ name: String) -> [String] {
    guard let path = getenv("PATH") else { return [] }
    return String(cString: path).utf8.split(separator: UInt8(ascii: ":")).map {
      String(decoding: Array($0), as: UTF8.self) + "/" + name
    }
  }

  private static func text<Tuple>(of tuple: inout Tuple) -> String {
    withUnsafeBytes(of: &tuple) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
