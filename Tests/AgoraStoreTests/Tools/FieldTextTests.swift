import AgoraStore
import TestSupport
import Testing

/// Parameters as a command line or a query string gives them.
@Suite struct FieldTextTests {
  static let fields =
    TryEverything.tool.parameters.fields
    + [
      Parameter<JSON>("anything", "Anything").field,
      Parameter<[Int]>("numbers", "Numbers").field,
      Parameter<[JSONObject]>("documents", "Documents").field,
    ]

  /// A parameter's name, texts, and the value in JSON.
  static let read: [(String, [String], String)] = [
    ("text", ["ab"], #""ab""#), ("text", ["5"], #""5""#), ("text", [""], #""""#),
    ("text", ["null"], #""null""#), ("number", ["7"], "7"), ("number", ["-7.50e1"], "-7.50e1"),
    ("number", ["seven"], #""seven""#), ("number", [""], #""""#), ("number", ["07"], #""07""#),
    ("share", ["0.5"], "0.5"), ("flag", ["true"], "true"), ("flag", ["false"], "false"),
    ("flag", ["yes"], #""yes""#), ("priority", ["high"], #""high""#),
    ("time", ["2025-06-06T10:00:00Z"], #""2025-06-06T10:00:00Z""#),
    ("words", ["a"], #"["a"]"#), ("words", ["a, b", "c"], #"["a","b","c"]"#),
    ("words", [#"["a,b", "c"]"#, "d"], #"["a,b","c","d"]"#), ("words", [""], "[]"),
    ("words", ["a,,b"], #"["a","","b"]"#), ("words", [" a\n"], #"["a"]"#),
    ("numbers", ["1,2", "x"], #"[1,2,"x"]"#), ("document", [#"{"a": 1}"#], #"{"a":1}"#),
    ("steps", [#"{"name":"x"}"#, #"{"name":"y"}"#], #"[{"name":"x"},{"name":"y"}]"#),
    ("steps", [#"[{"name":"x"},{"name":"y"}]"#], #"[{"name":"x"},{"name":"y"}]"#),
    ("documents", [#"{"a":[1,2]}"#], #"[{"a":[1,2]}]"#),
    ("anything", ["word"], #""word""#), ("anything", ["5"], "5"), ("anything", ["null"], "null"),
    ("anything", [#""5""#], #""5""#), ("anything", ["[1]"], "[1]"),
  ]

  private func field(_ name: String) throws -> Field {
    try #require(Self.fields.first { $0.name == name }, "\(name)")
  }

  @Test func `texts become what their parameter is declared to be`() throws {
    for (name, texts, expected) in Self.read {
      let field = try field(name)
      let value = try field.value(of: texts)
      #expect(JSONWriter.compact(value) == expected, "\(name) \(texts)")
      // Null is what is left out.
      let again = value == .null ? value : try field.value(of: field.texts(for: value))
      #expect(again == value, "\(name) \(texts) there and back")
    }
  }

  @Test func `text that should be JSON and is none is refused with its place`() throws {
    for (name, texts) in [
      ("document", ["{a:1}"]), ("document", [""]), ("steps", ["x"]), ("words", ["[a]"]),
      ("anything", ["{"]), ("text", ["a", "b"]), ("documents", ["[{}"]),
    ] {
      let field = try field(name)
      let failure = #expect(throws: ToolFailure.self) { try field.value(of: texts) }
      #expect(failure?.code == .invalidParameter && failure?.parameter == name, "\(name) \(texts)")
      #expect(texts.count > 1 || failure?.message.contains("at byte") == true, "\(name) \(texts)")
    }
  }

  @Test(arguments: CatalogTests.tools.indices)
  func `every example can be said in texts`(_ index: Int) throws {
    let tool = CatalogTests.tools[index].tool
    for example in tool.examples {
      for member in example.parameters.members ?? [] where member.value != .null {
        let field = try #require(tool.parameters.fields.first { $0.name == member.name })
        let texts = field.texts(for: member.value)
        #expect(try field.value(of: texts) == member.value, "\(tool.name) \(member.name) \(texts)")
      }
    }
  }
}
