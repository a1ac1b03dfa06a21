import AgoraStore
import Testing

/// A call that tries every kind of parameter.
struct TryEverything: ToolCall {
  struct Step: ParameterObject {
    static let name = Parameter<String>("name", "A name", .name)
    static let agent = Parameter<AgentReference?>(optional: "agent", "An agent")
    static let fields = ParameterList(name, agent)
    let json: JSON
    init(_ arguments: Arguments) throws(ToolFailure) {
      json = .string(try arguments[Self.name] + (arguments[Self.agent]?.description ?? ""))
    }
  }

  static let text = Parameter<String>("text", "A text", Limits(length: 2...5))
  static let number = Parameter<Int>("number", "A number", .range(1...10), default: 5)
  static let share = Parameter<Double?>(optional: "share", "A share", .range(0...1))
  static let flag = Parameter<Bool?>(optional: "flag", "A flag")
  static let time = Parameter<Timestamp?>(optional: "time", "A time")
  static let word = Parameter<Priority?>(optional: "priority", "A word")
  static let words = Parameter<[String]?>(optional: "words", "Words", .word.times(1...3))
  static let content = Parameter<String?>(optional: "content", "Content", Limits(bytes: 10))
  static let document = Parameter<JSONObject?>(optional: "document", "A document", .metadata)
  static let steps = Parameter<[Step]?>(optional: "steps", "Steps", Limits.none.times(0...2))
  static let message = Parameter<MessageID?>(optional: "message_id", "A message")

  struct MessageID: ParameterValue {
    static var valueType: ValueType { .identifier(.message) }
    let json: JSON
    init?(json: JSON) { self.json = json }
  }

  static let tool = Tool(
    .query, "everything", title: "Everything", description: "Tries everything.",
    parameters: ParameterList(
      text, number, share, flag, time, word, words, content, document, steps, message),
    output: Output.self, access: .reads, isIdempotent: true, examples: [])

  struct Output: ToolOutput {
    let number: Int
    static let shape = Shape<Output>(.field("number", "The number") { $0.number })
  }

  let number: Int

  init(_ arguments: Arguments) throws(ToolFailure) {
    _ = try arguments[Self.text]
    number = try arguments[Self.number]
    _ = try arguments[Self.share]
    _ = try arguments[Self.flag]
    _ = try arguments[Self.time]
    _ = try arguments[Self.word]
    _ = try arguments[Self.words]
    _ = try arguments[Self.content]
    _ = try arguments[Self.document]
    _ = try arguments[Self.steps]
    _ = try arguments[Self.message]
  }

  func run(in context: ToolContext) throws -> Output { Output(number: number) }
}

@Suite struct DecodingTests {
  static let catalog = ToolCatalog([TryEverything.self])

  static let accepted = [
    #"{"text":"ab"}"#, #"{"text":"äöüßé","number":5.0}"#, #"{"text":"ab","number":1e1}"#,
    #"{"text":"ab","share":0.5,"flag":false,"time":"2025-06-06T10:00:00Z","priority":"urgent"}"#,
    #"{"text":"ab","number":null,"flag":null,"steps":null}"#,
    #"{"text":"ab","steps":[{"name":"x"},{"name":"y","agent":"z"}],"words":["a","b"]}"#,
    #"{"text":"ab","document":{"a":[{"b":null}]},"content":"0123456789"}"#,
    #"{"text":"ab","message_id":"msg_a1b2c3d4e5f60718"}"#,
  ]

  /// Arguments, the code, the parameter and words of the message.
  static let refused: [(String, ToolFailure.Code, String?, String)] = [
    ("[]", .invalidParameter, nil, "an array, and an object with the parameters is due"),
    ("{}", .invalidParameter, "text", "text is missing: a string is due"),
    (#"{"text":null}"#, .invalidParameter, "text", "text is null, and a string is due"),
    (#"{"text":5}"#, .invalidParameter, "text", "the number 5, and a string is due"),
    (#"{"text":"a"}"#, .invalidParameter, "text", "has 1 characters, and 2 to 5 are due"),
    (#"{"text":""}"#, .invalidParameter, "text", "has 0 characters"),
    (#"{"text":"abcdef"}"#, .invalidParameter, "text", "has 6 characters"),
    (#"{"text":"ab","text":"cd"}"#, .invalidParameter, "text", "given twice"),
    (#"{"text":"ab","nubmer":1}"#, .invalidParameter, "nubmer", "did you mean number?"),
    (#"{"text":"ab","zzzzzzzz":1}"#, .invalidParameter, "zzzzzzzz", "there are text, number"),
    (#"{"text":"ab","number":"5"}"#, .invalidParameter, "number", "a whole number is due"),
    (#"{"text":"ab","number":5.5}"#, .invalidParameter, "number", "the number 5.5, and a whole"),
    (#"{"text":"ab","number":0}"#, .invalidParameter, "number", "a number from 1 to 10 is due"),
    (
      #"{"text":"ab","number":99999999999999999999999}"#, .invalidParameter, "number",
      "a number from 1 to 10"
    ),
    (#"{"text":"ab","number":1e400}"#, .invalidParameter, "number", "from 1 to 10"),
    (#"{"text":"ab","share":2}"#, .invalidParameter, "share", "from 0 to 1"),
    (#"{"text":"ab","share":1e999}"#, .invalidParameter, "share", "from 0 to 1"),
    (#"{"text":"ab","flag":"true"}"#, .invalidParameter, "flag", "true or false is due"),
    (#"{"text":"ab","time":"tomorrow"}"#, .invalidParameter, "time", "RFC 3339"),
    (#"{"text":"ab","time":1749204000}"#, .invalidParameter, "time", "RFC 3339"),
    (#"{"text":"ab","priority":"hihg"}"#, .invalidParameter, "priority", "did you mean high?"),
    (#"{"text":"ab","priority":"9"}"#, .invalidParameter, "priority", "low, normal, high, urgent"),
    (#"{"text":"ab","priority":3}"#, .invalidParameter, "priority", "the number 3, and one of"),
    (
      #"{"text":"ab","words":"a"}"#, .invalidParameter, "words", "an array of values, each a string"
    ),
    (#"{"text":"ab","words":[]}"#, .invalidParameter, "words", "has 0 values, and 1 to 3 are due"),
    (#"{"text":"ab","words":["a",1]}"#, .invalidParameter, "words[1]", "a string is due"),
    (#"{"text":"ab","words":["a","b\u0000"]}"#, .invalidParameter, "words[1]", "control character"),
    (#"{"text":"ab","words":[" \u00a0"]}"#, .invalidParameter, "words[0]", "white space"),
    (#"{"text":"ab","content":"01234567890"}"#, .tooLarge, "content", "11 bytes, and at most 10"),
    (#"{"text":"ab","document":[]}"#, .invalidParameter, "document", "an object is due"),
    (#"{"text":"ab","steps":[{}]}"#, .invalidParameter, "steps[0].name", "is missing"),
    (
      #"{"text":"ab","steps":[{"name":"x"},{"name":"y","agnet":"z"}]}"#, .invalidParameter,
      "steps[1].agnet", "did you mean agent?"
    ),
    (#"{"text":"ab","steps":[1]}"#, .invalidParameter, "steps[0]", "an object is due"),
    (#"{"text":"ab","message_id":"id_7"}"#, .invalidParameter, "message_id", "an id such as msg_"),
    (
      #"{"text":"ab","message_id":"task_a1b2c3d4e5f60718"}"#, .invalidParameter, "message_id",
      "an id such as msg_"
    ),
  ]

  @Test func `what is right is read`() throws {
    let entry = try Self.catalog.entry("agora.query.everything")
    for text in Self.accepted {
      let arguments = try JSON.parse(text)
      #expect(throws: Never.self, "\(text)") { try entry.call(arguments) }
    }
  }

  @Test func `what is wrong is refused in exact words`() throws {
    let entry = try Self.catalog.entry("agora.query.everything")
    for (text, code, parameter, words) in Self.refused {
      let arguments = try JSON.parse(text)
      let failure = #expect(throws: ToolFailure.self, "\(text)") { try entry.call(arguments) }
      guard let failure else { continue }
      #expect(failure.code == code && failure.parameter == parameter, "\(text): \(failure)")
      #expect(failure.message.contains(words), "\(text): \(failure)")
    }
  }

  @Test func `parameters that come as text are what they would be in JSON`() throws {
    let list = TryEverything.tool.parameters
    let read: [([(String, String)], String)] = [
      (
        [("text", "5"), ("number", "7"), ("flag", "true"), ("share", "0.5")],
        #"{"text":"5","number":7,"flag":true,"share":0.5}"#
      ),
      ([("words", "a,b")], #"{"words":["a","b"]}"#),
      ([("words", "a,b"), ("words", "c")], #"{"words":["a","b","c"]}"#),
      ([("words", #"["a,b"]"#)], #"{"words":["a,b"]}"#), ([("words", "")], #"{"words":[]}"#),
      ([("document", #"{"a":1}"#)], #"{"document":{"a":1}}"#),
      (
        [("steps", #"{"name":"x"}"#), ("steps", #"{"name":"y"}"#)],
        #"{"steps":[{"name":"x"},{"name":"y"}]}"#
      ),
      ([("number", "seven")], #"{"number":"seven"}"#), ([("nothing", "1")], #"{"nothing":"1"}"#),
      ([("text", ""), ("time", "null")], #"{"text":"","time":"null"}"#),
    ]
    for (texts, expected) in read {
      let object = try list.object(ofTexts: texts.map { (name: $0.0, text: $0.1) })
      #expect(JSONWriter.compact(object) == expected)
    }
    let refused = [
      ([("text", "a"), ("text", "b")], "given 2 times"), ([("document", "{")], "no JSON"),
      ([("words", "[1")], "no JSON"), ([("steps", "x")], "no JSON"),
    ]
    for (texts, words) in refused {
      let failure = #expect(throws: ToolFailure.self) {
        try list.object(ofTexts: texts.map { (name: $0.0, text: $0.1) })
      }
      #expect(failure?.message.contains(words) == true, "\(texts)")
    }
  }

  @Test func `documents have a depth and a size`() throws {
    let entry = try Self.catalog.entry("agora.query.everything")
    func nested(_ depth: Int) throws -> JSON {
      let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      return try JSON.parse(#"{"text":"ab","document":{"a":\#(text)}}"#)
    }
    let (allowed, deep) = (try nested(63), try nested(64))
    #expect(throws: Never.self) { try entry.call(allowed) }
    let failure = #expect(throws: ToolFailure.self) { try entry.call(deep) }
    #expect(failure?.message.contains("deeper than 64 levels") == true)
    let large = try JSON.parse(
      #"{"text":"ab","document":{"a":"\#(String(repeating: "x", count: 70_000))"}}"#)
    let tooLarge = #expect(throws: ToolFailure.self) { try entry.call(large) }
    #expect(tooLarge?.code == .tooLarge && tooLarge?.message.contains("65536") == true)
  }

  @Test func `a message never shows a text of any length or with control characters`() throws {
    let entry = try Self.catalog.entry("agora.query.everything")
    let long = String(repeating: "x", count: 100_000)
    for text in [
      #"{"\#(long)":1}"#, #"{"text":"ab","priority":"\#(long)"}"#,
      #"{"text":"ab","a\u001b[2J\u0000":1}"#, #"{"text":"ab","time":"\u001b]0;x\u0007"}"#,
    ] {
      let arguments = try JSON.parse(text)
      let failure = #expect(throws: ToolFailure.self) { try entry.call(arguments) }
      let told = failure.map { JSONWriter.compact($0.json) } ?? long
      #expect(told.utf8.count < 1_000 && !told.contains("\\u00"), "\(told.prefix(200))")
    }
  }

  @Test func `calls made in Swift keep the limits as well`() throws {
    let call = try TryEverything(TryEverything.text("ab"), TryEverything.number(7))
    #expect(call.number == 7)
    #expect(throws: ToolFailure.self) {
      try TryEverything(TryEverything.text("ab"), TryEverything.number(11))
    }
    // Another tool's parameter, and one twice.
    #expect(throws: ToolFailure.self) {
      try TryEverything(TryEverything.text("ab"), SendMessage.messageType("info"))
    }
    #expect(throws: ToolFailure.self) {
      try TryEverything(TryEverything.text("ab"), TryEverything.text("ab"))
    }
  }

  @Test func `the schema says what the decoder does`() throws {
    let schema = TryEverything.tool.parametersSchema
    #expect(schema["$schema"]?.text == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema["additionalProperties"] == .bool(false))
    #expect(schema["required"] == .array([.string("text")]))
    let expected = [
      ("text", #"{"type":"string","minLength":2,"maxLength":5,"description":"A text"}"#),
      (
        "number",
        #"{"type":"integer","minimum":1,"maximum":10,"description":"A number","default":5}"#
      ),
      (
        "priority",
        #"{"type":"string","enum":["low","normal","high","urgent"],"description":"A word"}"#
      ),
      (
        "words",
        #"{"type":"array","items":{"type":"string","minLength":1,"maxLength":128},"minItems":1,"maxItems":3,"description":"Words"}"#
      ),
      ("time", #"{"type":"string","format":"date-time","description":"A time"}"#),
      (
        "message_id",
        #"{"type":"string","pattern":"^msg_([0-9a-f]{16}|[0-9a-f]{32})$","description":"A message"}"#
      ),
    ]
    for (name, text) in expected {
      #expect(schema["properties"]?[name].map(JSONWriter.compact) == text, "\(name)")
    }
    let step = schema["properties"]?["steps"]?["items"]
    #expect(step?["required"] == .array([.string("name")]))
    #expect(step?["additionalProperties"] == .bool(false))
  }
}
