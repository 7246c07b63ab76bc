/// The longest input that a nearest name is looked for; longer ones are not slips of the hand.
private let longestTypo = 64

/// The candidate that `name` most likely meant to be, or nil when none is close.
///
/// "Close" is a third of the longer length in edits, at least one but never all of it: insert,
/// delete, replace a byte, swap two neighbours. Case does not count, so that `socket` is nearest
/// to `SOCKET`. Of equally close candidates the first wins, so the answer is the same everywhere.
/// The cost is bounded for any input: at most 64 x 64 steps for each candidate.
package func nearestName(
  to name: some Collection<UInt8>, among candidates: some Sequence<String>
) -> String? {
  guard !name.isEmpty, name.count <= longestTypo else { return nil }
  let wanted = name.map(lowercased)
  var best: String?
  var bestDistance = Int.max
  for candidate in candidates {
    let bytes = candidate.utf8.map(lowercased)
    guard !bytes.isEmpty, bytes.count <= longestTypo else { continue }
    let longer = max(wanted.count, bytes.count)
    let cutoff = min(max(1, longer / 3), longer - 1)
    // The lengths alone demand that many edits.
    guard abs(wanted.count - bytes.count) <= min(cutoff, bestDistance - 1) else { continue }
    let distance = editDistance(wanted, bytes)
    if distance <= cutoff, distance < bestDistance {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/// Edits from one to the other, where no stretch is edited twice ("optimal string alignment").
///
/// Three rows of the usual table are enough: a swap looks two rows back.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
  var beforePrevious: [Int] = []
  var previous = Array(0...right.count)
  for row in left.indices {
    var current = [row + 1]
    for column in right.indices {
      let replace = previous[column] + (left[row] == right[column] ? 0 : 1)
      var least = min(replace, previous[column + 1] + 1, current[column] + 1)
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        least = min(least, beforePrevious[column - 1] + 1)
      }
      current.append(least)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.count]
}

private func lowercased(_ byte: UInt8) -> UInt8 {
  switch byte {
  case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte | 0x20
  default: byte
  }
}
