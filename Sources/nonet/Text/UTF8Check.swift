/// Where bytes stop being UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above
/// U+10FFFF.
///
/// - Returns: The offset of the first sequence that is none; `nil` when all of it is UTF-8.
func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
  var offset = 0
  while offset < bytes.count {
    let lead = bytes[offset]
    if lead < 0x80 {
      offset += 1
      continue
    }
    // How many bytes follow, and what the first of them may be.
    let (more, second): (Int, ClosedRange<UInt8>)
    switch lead {
    case 0xc2...0xdf: (more, second) = (1, 0x80...0xbf)
    case 0xe0: (more, second) = (2, 0xa0...0xbf)
    case 0xed: (more, second) = (2, 0x80...0x9f)
    case 0xe1...0xef: (more, second) = (2, 0x80...0xbf)
    case 0xf0: (more, second) = (3, 0x90...0xbf)
    case 0xf1...0xf3: (more, second) = (3, 0x80...0xbf)
    case 0xf4: (more, second) = (3, 0x80...0x8f)
    case _: return offset
    }
    guard offset + more < bytes.count, second.contains(bytes[offset + 1]),
      bytes[(offset + 1)...(offset + more)].allSatisfy({ 0x80...0xbf ~= $0 })
    else { return offset }
    offset += more + 1
  }
  return nil
}
