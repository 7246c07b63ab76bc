import BPFAssembler

/// Texts for the assembler: what is assembled survives its own printing and its own bytes, what is
/// refused has a place in the text.
@c(LLVMFuzzerTestOneInput)
public func fuzzAssembler(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = input(bytes, count)
  do throws(TextError) {
    let program = try Program(text: text)
    if (try? Program(bytes: program.bytes)) != program { finding("other bytes") }
    if (try? Program(text: Array(program.text.utf8))) != program {
      finding("read back otherwise:\n\(program.text)")
    }
  } catch {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let place = error.place
    guard (1...lines.count).contains(place.line) else { finding("\(error)") }
    guard (1...lines[place.line - 1].count + 1).contains(place.column) else { finding("\(error)") }
    if error.message.isEmpty || !isHarmless(error.description) { finding("\(error)") }
  }
  return 0
}
