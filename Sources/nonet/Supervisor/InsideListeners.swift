/// The processes under the filter that called listen, by their numbers in pidfs.
///
/// The kernel keeps with a listening socket which process called listen, and tells the one that connects
/// (unix_listen and copy_peercred in net/unix/af_unix.c). No process behind the filter calls listen
/// without being noted here, and no number is ever given twice.
struct InsideListeners {
  /// Sorted; a later process has a larger number, so that new ones come at the end.
  private var numbers: [UInt64] = []
  private let most: Int

  /// - Parameter most: So many processes are noted, and none beyond.
  init(most: Int = 16_384) {
    self.most = most
  }

  /// Notes a process.
  ///
  /// - Returns: Whether it is noted now; otherwise there was no room.
  mutating func insert(_ number: UInt64) -> Bool {
    let place = place(of: number)
    if place < numbers.count, numbers[place] == number { return true }
    guard numbers.count < most else { return false }
    numbers.insert(number, at: place)
    return true
  }

  func contains(_ number: UInt64) -> Bool {
    let place = place(of: number)
    return place < numbers.count && numbers[place] == number
  }

  /// The first place whose number is not smaller.
  private func place(of number: UInt64) -> Int {
    var (low, high) = (0, numbers.count)
    while low < high {
      let middle = (low + high) / 2
      if numbers[middle] < number { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
