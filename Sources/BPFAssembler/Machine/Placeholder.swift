public func hello() -> String { "hello" }
