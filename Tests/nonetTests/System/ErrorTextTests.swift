import Glibc
import Testing

@testable import nonet

@Suite struct ErrorTextTests {
  /// The ordinary build has glibc, whose words they are; 41 and 58 are no errnos (errno.h).
  @Test func everyErrnoHasTheWordsOfGlibc() {
    for number in (1...133).map(CInt.init) where number != 41 && number != 58 {
      #expect(errorText(number) == String(cString: strerror(number)))
    }
  }
}
