/// Where a fuzzer ends the process: libFuzzer keeps the input that led here.
///
/// A trap ends it too, so that a target says only what must hold beyond "nothing traps".
func finding(_ text: String) -> Never { fatalError(text) }

/// The bytes that libFuzzer tries.
func input(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
  Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// Whether a terminal only prints a text: it has lines, and no other control character.
func isHarmless(_ text: String) -> Bool {
  text.unicodeScalars.allSatisfy { scalar in
    scalar == "\n" || scalar == "\t" || scalar.properties.generalCategory != .control
  }
}
