internal import BPFAssembler
internal import CLinuxShims

/// Lets nonet's own interpreter judge calls by any filter, for programs that are not Swift.
///
/// Standard input is a 32-bit number of instructions, that many `struct sock_filter`, and any number
/// of `struct seccomp_data`; standard output gets a 32-bit answer for each. Little-endian. Status 1
/// and a sentence where the bytes are no program.
@c(nonet_main)
public func entry(_ argc: CInt, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt
{
  let bytes = standardInput()
  let count = bytes.count < 4 ? 0 : Int(word(bytes, 0))
  let calls = 4 + count * RawInstruction.size
  guard bytes.count >= calls, (bytes.count - calls) % Int(SeccompData.size) == 0 else {
    print("judge: the input ends inside something")
    return 1
  }
  do throws(ProgramError) {
    let program = try Program(bytes: Array(bytes[4..<calls]))
    var answers: [UInt8] = []
    for place in stride(from: calls, to: bytes.count, by: Int(SeccompData.size)) {
      let answer = program.run(call(bytes, place))
      for shift in [0, 8, 16, 24] as [UInt32] { answers.append(UInt8(answer >> shift & 0xff)) }
    }
    return write(1, answers, answers.count) == answers.count ? 0 : 1
  } catch {
    print("judge: \(error.description)")
    return 1
  }
}

private func call(_ bytes: [UInt8], _ place: Int) -> SeccompData {
  var data = SeccompData(nr: 0, arch: 0)
  for each in SeccompData.Word.all { data[each] = word(bytes, place + Int(each.offset)) }
  return data
}

private func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
  UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
    | UInt32(bytes[place + 3]) << 24
}

private func standardInput() -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = read(0, &buffer, buffer.count)
    guard count > 0 else { return bytes }
    bytes += buffer[..<count]
  }
}
