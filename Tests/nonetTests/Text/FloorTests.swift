import Testing

@testable import nonet

@Suite struct FloorTests {
  @Test func bytesOfASCII() {
    for byte in UInt8.min...UInt8.max {
      let scalar = Unicode.Scalar(byte)
      let isASCII = byte < 0x80
      #expect(byte.isDigit == (isASCII && ("0"..."9").contains(scalar)))
      let lowercased = isASCII ? String(scalar).lowercased().utf8.first : byte
      #expect(byte.lowercased == lowercased)
      #expect(byte.hexadecimalValue == (isASCII ? UInt32(String(scalar), radix: 16) : nil))
      let digits = String(decoding: byte.hexadecimal, as: UTF8.self)
      #expect(digits.utf8.count == 2 && UInt8(digits, radix: 16) == byte)
    }
  }

  @Test func partsOfBytes() {
    let bytes = Array("one two".utf8)
    #expect(bytes.contains("one") && bytes.contains("e t") && bytes.contains("two"))
    #expect(!bytes.contains("two ") && !bytes.contains("One") && ![UInt8]().contains("a"))
  }

  @Test(arguments: [
    ("", ".", ""), ("a", ".", "a"), ("/", "/", ""), ("/a", "/", "a"), ("/a/", "/a", ""),
    ("a/b", "a", "b"), ("/a/b/c", "/a/b", "c"),
  ])
  func partsOfPaths(path: String, folder: String, last: String) {
    let bytes = Array(path.utf8)
    #expect(PathText.folder(bytes) == Array(folder.utf8))
    #expect(PathText.lastComponent(bytes).elementsEqual(last.utf8))
  }

  @Test func daysAndDates() {
    var before = Calendar.date(of: -800_001)
    for day in -800_000...800_000 {
      let date = Calendar.date(of: day)
      guard Calendar.day(of: date) == day else {
        Issue.record("\(date)")
        return
      }
      let isNext =
        date.day == before.day + 1
        || date.day == 1 && date.month == before.month % 12 + 1
      guard isNext else {
        Issue.record("\(before), \(date)")
        return
      }
      before = date
    }
    #expect(Calendar.date(of: 0) == Calendar.Date(year: 1970, month: 1, day: 1))
    #expect(Calendar.date(of: 11_016) == Calendar.Date(year: 2000, month: 2, day: 29))
  }

  @Test func stringsOfJSON() {
    var text: [UInt8] = []
    text.string(Array("a\"\\\u{1}\n漢".utf8))
    #expect(String(decoding: text, as: UTF8.self) == #""a\"\\\u0001\u000a漢""#)
  }
}
