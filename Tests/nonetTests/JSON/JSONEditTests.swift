import Testing

@testable import nonet

/// Edits as data: the text before, the text after.
@Suite struct JSONEditTests {
  private func document(_ text: String) throws -> JSONDocument {
    try JSONDocument(Array(text.utf8), JSONOptions(acceptsComments: true))
  }

  private func text(_ document: JSONDocument) -> String {
    String(decoding: document.bytes, as: UTF8.self)
  }

  @Test(arguments: [
    (#"{}"#, "{\n  \"n\": 1\n}"), ("{}\n", "{\n  \"n\": 1\n}\n"), ("{ }", "{\n  \"n\": 1\n}"),
    (#"{"a":0}"#, #"{"a":0,"n":1}"#), (#"{"a": 0}"#, #"{"a": 0, "n": 1}"#),
    (#"{ "a": 0 }"#, #"{ "a": 0, "n": 1 }"#), (#"{"n":0,"a":0}"#, #"{"n":1,"a":0}"#),
    (#"{"n":0,"n":{"x":2}}"#, #"{"n":0,"n":1}"#), (#"{"\u006e":0}"#, #"{"\u006e":1}"#),
    ("{\n  \"a\": 0\n}\n", "{\n  \"a\": 0,\n  \"n\": 1\n}\n"),
    ("{\r\n\t\"a\": 0\r\n}\r\n", "{\r\n\t\"a\": 0,\r\n\t\"n\": 1\r\n}\r\n"),
    ("{\n    \"a\": 1e5 // five\n}", "{\n    \"a\": 1e5, // five\n    \"n\": 1\n}"),
    ("{\n  \"a\": 0 /* x */ }", "{\n  \"a\": 0, /* x */\n  \"n\": 1\n}"),
    ("{ // nothing yet\n}", "{ // nothing yet\n  \"n\": 1\n}"),
    (
      "{\n  // later: \"n\": 2,\n  \"a\": [\n    1 ]\n  // end\n}",
      "{\n  // later: \"n\": 2,\n  \"a\": [\n    1 ],\n  // end\n  \"n\": 1\n}"
    ),
  ])
  func settingAMember(before: String, after: String) throws {
    let old = try document(before)
    #expect(text(try old.setting("n", of: old.root, to: "1")) == after)
  }

  @Test(arguments: [
    ("[]", "[\n  {\n    \"k\": \"v\"\n  }\n]"), ("[1]", #"[1, {"k": "v"}]"#),
    ("[1,2]", #"[1,2, {"k": "v"}]"#),
    ("[\n\t1\n]", "[\n\t1,\n\t{\n\t\t\"k\": \"v\"\n\t}\n]"),
    ("{\n  \"a\": []\n}", "{\n  \"a\": [\n    {\n      \"k\": \"v\"\n    }\n  ]\n}"),
    ("{\"a\":[]}", #"{"a":[{"k":"v"}]}"#),
    ("{\n  \"a\": [1]\n}", "{\n  \"a\": [1, {\"k\": \"v\"}]\n}"),
  ])
  func appendingToAnArray(before: String, after: String) throws {
    let old = try document(before)
    let array = old.root["a"] ?? old.root
    #expect(text(try old.appending(#"{"k":"v"}"#, to: array)) == after)
  }

  @Test(arguments: [
    ("[1]", 0, "[]"), ("[1,2,3]", 0, "[2,3]"), ("[1,2,3]", 1, "[1,3]"), ("[1,2,3]", 2, "[1,2]"),
    ("[1]", 1, "[1]"),
    ("[1, 2, 3]", 1, "[1, 3]"), ("[]", 0, "[]"),
    ("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", 1, "{\n  \"a\": 1,\n  \"c\": 3\n}"),
    ("{\n  \"a\": 1,\n  \"b\": 2\n}", 1, "{\n  \"a\": 1\n}"),
    ("{\n  \"a\": 1,\n  \"b\": 2\n}", 0, "{\n  \"b\": 2\n}"),
    ("{\n  // one,\n  \"a\": 1,\n  \"b\": 2\n}", 0, "{\n  // one,\n  \"b\": 2\n}"),
    ("{\n  // one,\n  \"a\": 1, \"b\": 2\n}", 0, "{\n  // one,\n   \"b\": 2\n}"),
    ("{\n  \"a\": 1, // one,\n  \"b\": 2 // two\n}", 1, "{\n  \"a\": 1 // one,\n   // two\n}"),
    ("[1 /* one */ , 2 // two\n]", 0, "[ /* one */  2 // two\n]"),
  ])
  func removing(before: String, index: Int, after: String) throws {
    let old = try document(before)
    #expect(text(try old.removing(index, of: old.root)) == after)
  }

  @Test func replacingKeepsEverythingElse() throws {
    let before = "{ \"keep\" :\t1.00e+2 , \"a\":{\"x\" : [ 1 ]}, \"\\u0061\\/\": \"\\u00e9\" }  \n"
    let old = try document(before)
    let value = try #require(old.root["a"]?["x"])
    let after = "{ \"keep\" :\t1.00e+2 , \"a\":{\"x\" : \"new\"}, \"\\u0061\\/\": \"\\u00e9\" }  \n"
    #expect(text(try old.replacing(value, with: #""new""#)) == after)
  }

  @Test func whatMakesNoJSONIsRefused() throws {
    let old = try document(#"{"a": [1]}"#)
    let array = try #require(old.root["a"])
    #expect(throws: JSONError.self) { try old.replacing(array, with: "x") }
    #expect(throws: JSONError.self) { try old.replacing(array, with: "1, 2") }
    #expect(throws: JSONError.self) { try old.appending("1", to: old.root) }
    #expect(throws: JSONError.self) { try old.setting("b", of: array, to: "1") }
    #expect(throws: JSONError.self) { try old.setting("b", of: array.elements[0], to: "1") }
  }
}
