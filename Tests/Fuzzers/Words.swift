/// Command lines, their words divided by NUL: understood the same way twice, or refused with 125
/// and a sentence that a terminal only prints.
///
/// Compiled together with the sources of nonet, whose parser it asks.
@c(LLVMFuzzerTestOneInput)
public func fuzzWords(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = input(bytes, count)
  let words =
    [Array("nonet".utf8)]
    + bytes.split(separator: 0, omittingEmptySubsequences: false)
    .map { Array($0) }
  switch (parsed(words), parsed(words)) {
  case (.success(let first), .success(let second)):
    checkMode(first, second, words)
  case (.failure(let first), .failure(let second)):
    guard first.status == 125, !first.message.isEmpty, first.message == second.message else {
      finding("refused with \(first.status): \(first.message)")
    }
    if !isHarmless(first.message) { finding("control characters in: \(first.message)") }
  case (.success, .failure), (.failure, .success):
    finding("understood once")
  }
  return 0
}

private func parsed(_ words: [[UInt8]]) -> Result<Options.Mode, Failure> {
  // The parser keeps pointers, as into the memory that the kernel hands a program.
  let storage = words.map { word in
    let memory = UnsafeMutablePointer<CChar>.allocate(capacity: word.count + 1)
    for (index, byte) in word.enumerated() { memory[index] = CChar(bitPattern: byte) }
    memory[word.count] = 0
    return memory
  }
  defer { for memory in storage { memory.deallocate() } }
  do throws(Failure) {
    return .success(try OptionParser.parse(storage.map(Word.init(pointer:))).mode)
  } catch {
    return .failure(error)
  }
}

/// The command begins where the options end: a '--' there changes nothing but its place.
private func checkMode(_ first: Options.Mode, _ second: Options.Mode, _ words: [[UInt8]]) {
  guard case .run(let argument) = first else { return }
  guard case .run(let again) = second, again == argument else { finding("understood twice") }
  guard words.indices.contains(argument) else { finding("no command at \(argument)") }
  let divider = Array("--".utf8)
  if words[argument - 1] == divider { return }
  var divided = words
  divided.insert(divider, at: argument)
  guard case .success(.run(argument + 1)) = parsed(divided) else { finding("'--' changes it") }
}
