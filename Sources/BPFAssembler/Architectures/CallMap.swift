/// A value for each call that any ABI has.
///
/// It stands for a dictionary of calls, whose code would be made anew for each kind of value.
package struct CallMap<Value> {
  /// All calls, by rising row.
  package let calls = Syscall.all
  private var values: [Value]

  /// Gives every call the same value.
  package init(repeating value: Value) {
    values = Array(repeating: value, count: calls.count)
  }

  /// The value of a call.
  package subscript(call: Syscall) -> Value {
    get { values[index(of: call)] }
    _modify { yield &values[index(of: call)] }
  }

  private func index(of call: Syscall) -> Int {
    var lowest = 0
    var highest = calls.count - 1
    while lowest < highest {
      let middle = (lowest + highest) / 2
      if calls[middle].row < call.row { lowest = middle + 1 } else { highest = middle }
    }
    return lowest
  }
}
