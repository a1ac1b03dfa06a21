import AgoraStore

/// A tool's declaration in words, as the command line shows it.
enum ToolWords {
  /// What a value is called where it stands behind a flag.
  static func placeholder(_ type: ValueType) -> String {
    switch type {
    case .text: "TEXT"
    case .integer: "N"
    case .number: "NUMBER"
    case .boolean: "true|false"
    case .instant: "TIME"
    case .word: "WORD"
    case .agent: "AGENT"
    case .receiver: "AGENT"
    case .identifier: "ID"
    case .object, .fields, .any: "JSON"
    case .list(let element):
      element.isDocument ? "JSON" : placeholder(element) + ",…"
    case .nullable(let type): placeholder(type)
    }
  }

  /// A sentence or two: what a parameter means, and what it may be.
  ///
  /// - Parameter isFlag: whether it is told how to give it as a flag, and not in JSON.
  static func sentence(of field: Field, isFlag: Bool) -> String {
    var facts: [String] = []
    switch field.presence {
    case .required: facts.append("required")
    case .optional: break
    case .defaulted(let value):
      facts.append("default \(value.text ?? JSONWriter.compact(value))")
    }
    facts += Self.facts(field.type, field.limits, isFlag: isFlag)
    let text = ended(field.description)
    guard let first = facts.first else { return text }
    let rest = facts.dropFirst().map { "; " + $0 }.joined()
    return text + " " + first.prefix(1).uppercased() + first.dropFirst() + rest + "."
  }

  private static func ended(_ text: String) -> String {
    text.hasSuffix(".") ? text : text + "."
  }

  /// What a value may be beyond its type's name.
  private static func facts(
    _ type: ValueType, _ limits: Limits, isFlag: Bool
  ) -> [String] {
    var facts: [String] = []
    switch type.unwrapped {
    case .word(let words): facts.append("one of " + words.joined(separator: ", "))
    case .instant: facts.append("in RFC 3339, such as 2025-06-06T10:00:00Z")
    case .identifier(let kind): facts.append("an id such as \(kind.rawValue)_…")
    case .fields: facts.append("a JSON object with the members below")
    case .object: facts.append("a JSON object")
    case .any: facts.append("any JSON value, or a text")
    case .list(let element):
      if let count = limits.count { facts.append(words(count) + " of them") }
      facts.append(
        !isFlag
          ? "an array"
          : element.isDocument
            ? "several: repeat the flag, or give a JSON array"
            : "several: a,b or the flag repeated or a JSON array")
      let each = Self.facts(element, limits, isFlag: false)
      return facts + each.prefix(1).map { "each " + $0 } + each.dropFirst()
    case .text, .integer, .number, .boolean, .agent, .receiver, .nullable: break
    }
    if let range = limits.range { facts.append("\(range.lowerBound) to \(range.upperBound)") }
    if let length = limits.length { facts.append(words(length) + " characters") }
    if let bytes = limits.bytes { facts.append("at most " + size(bytes)) }
    return facts
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    range.lowerBound == 0
      ? "at most \(range.upperBound)" : "\(range.lowerBound) to \(range.upperBound)"
  }

  private static func size(_ bytes: Int) -> String {
    if bytes % (1 << 20) == 0 { return "\(bytes >> 20) MiB" }
    return bytes % 1024 == 0 ? "\(bytes >> 10) KiB" : "\(bytes) bytes"
  }

  /// The members of an object in a parameter, by the way to each.
  static func members(of type: ValueType, below path: String) -> [(String, String)] {
    switch type {
    case .fields(let fields):
      fields.flatMap { field in
        [("\(path).\(field.name)", sentence(of: field, isFlag: false))]
          + members(of: field.type, below: "\(path).\(field.name)")
      }
    case .list(let element): members(of: element, below: path + "[]")
    case .nullable(let type): members(of: type, below: path)
    default: []
    }
  }

  /// The fields of a result, those of objects in it below them.
  static func result(_ fields: [Field], below path: String = "") -> [(String, String)] {
    fields.flatMap { field -> [(String, String)] in
      let type = field.type
      var name = type.name
      if case .list(let element) = type.unwrapped { name = "array of \(element.name)s" }
      if case .nullable = type { name += " or null" }
      var inner = type.unwrapped
      var place = path + field.name
      while case .list(let element) = inner {
        inner = element.unwrapped
        place += "[]"
      }
      var nested: [(String, String)] = []
      if case .fields(let members) = inner { nested = result(members, below: place + ".") }
      return [(path + field.name, ended(field.description) + " \(capitalized(name)).")] + nested
    }
  }

  private static func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }

  /// Whether it reads or writes, and who may call it.
  static func summary(of tool: Tool) -> String {
    let access =
      tool.access == .reads
      ? "Reads, and changes nothing"
      : tool.isDestructive
        ? "Writes, and can take away what does not come back" : "Writes"
    var text = "\(tool.versionedName). \(access)."
    if tool.access == .writes, tool.isIdempotent {
      text += " The same call a second time changes nothing more."
    }
    if tool.authority > 0 {
      text +=
        " Needs authority \(tool.authority), which the user of the command line always has."
    }
    if tool.isBeta { text += " Beta: it may still change." }
    if let deprecation = tool.deprecation {
      text += " Deprecated since \(deprecation.since)"
      text += deprecation.sunset.map { ", ends on \($0)" } ?? ""
      text += "; use \(deprecation.replacement)."
    }
    return text
  }

  /// What stands behind the parameters: result, failures, examples.
  static func closing(_ tool: Tool) -> [String] {
    let failures = tool.allFailures.sorted { $0.rawValue < $1.rawValue }
    var lines = Help.section("Result", result(tool.result))
    lines += Help.section("Failures", failures.map { ($0.rawValue, $0.meaning) })
    guard !tool.examples.isEmpty else { return lines }
    lines += ["", tool.examples.count == 1 ? "Example:" : "Examples:"]
    return lines + tool.examples.flatMap { example(tool, $0.parameters) }
  }

  /// A call as a line to paste.
  static func example(_ tool: Tool, _ parameters: JSON) -> [String] {
    var groups = ["agora call \(tool.name)"]
    for member in parameters.members ?? [] {
      guard let field = tool.parameters.fields.first(where: { $0.name == member.name }) else {
        continue
      }
      for text in field.texts(for: member.value) {
        let value = ShellWords.quoted(text)
        switch field.type.unwrapped {
        case .boolean: groups.append(text == "true" ? field.flag : "\(field.flag)=\(value)")
        // What looks like a flag itself has to be tied to its own.
        default:
          groups.append(text.hasPrefix("-") ? "\(field.flag)=\(value)" : "\(field.flag) \(value)")
        }
      }
    }
    return ShellWords.lines(groups, indent: 2)
  }
}
