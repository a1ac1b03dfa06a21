/// Holds JSON values against what is declared, and says exactly what is wrong.
package enum ValueCheck {
  /// The nesting that an object or any value in a call may have.
  static let depthLimit = 64

  /// - Parameter path: the parameter's name, or the way to a value inside it.
  static func check(
    _ value: JSON, _ type: ValueType, _ limits: Limits, at path: String
  ) throws(ToolFailure) {
    switch type {
    case .text:
      guard case .string(let text) = value else { throw mismatch(value, type, path) }
      try checkText(text, limits, path)
    case .agent, .receiver:
      guard case .string(let text) = value else { throw mismatch(value, type, path) }
      try checkText(text, .name, path)
    case .identifier(let kind):
      guard case .string(let text) = value, Identifier(text)?.kind == kind else {
        throw mismatch(value, type, path)
      }
    case .word(let words):
      guard case .string(let text) = value, words.contains(where: { $0.exact == text.exact })
      else { throw unknownWord(value, words, path) }
    case .instant:
      guard case .string(let text) = value, Timestamp(text) != nil else {
        throw mismatch(value, type, path)
      }
    case .integer:
      guard case .number(let text) = value, isWhole(text) else {
        throw mismatch(value, type, path)
      }
      guard let number = JSON.wholeNumber(text) else {
        throw outOfRange(text, limits.range ?? Int.min...Int.max, path)
      }
      if let range = limits.range, !range.contains(number) { throw outOfRange(text, range, path) }
    case .number:
      guard case .number(let text) = value else { throw mismatch(value, type, path) }
      guard let number = Double(text), number.isFinite,
        limits.range.map({ Double($0.lowerBound) <= number && number <= Double($0.upperBound) })
          ?? true
      else { throw outOfRange(text, limits.range ?? Int.min...Int.max, path) }
    case .boolean: guard case .bool = value else { throw mismatch(value, type, path) }
    case .object:
      guard case .object = value else { throw mismatch(value, type, path) }
      try checkDocument(value, limits, path)
    case .any: try checkDocument(value, limits, path)
    case .list(let element):
      guard case .array(let elements) = value else { throw mismatch(value, type, path) }
      try checkCount(elements.count, limits, path)
      for (index, value) in elements.enumerated() {
        try check(value, element, limits, at: "\(path)[\(index)]")
      }
    case .fields(let fields):
      guard case .object(let members) = value else { throw mismatch(value, type, path) }
      try check(members, fields, at: path + ".")
    case .nullable(let type): if value != .null { try check(value, type, limits, at: path) }
    }
  }

  /// Checks the members of an object: none twice, none unknown, none missing, each as declared.
  ///
  /// - Parameter prefix: what stands before a member's name in its path.
  static func check(
    _ members: [JSON.Member], _ fields: [Field], at prefix: String
  ) throws(ToolFailure) {
    for (index, member) in members.enumerated() {
      let name = member.name.exact
      guard let field = fields.first(where: { $0.name.exact == name }) else {
        throw unknown(member.name, fields, prefix)
      }
      guard !members[..<index].contains(where: { $0.name.exact == name }) else {
        throw ToolFailure(
          .invalidParameter, "\(shown(prefix + member.name)) is given twice",
          parameter: prefix + member.name)
      }
      // Clients write null for what they leave out.
      if member.value == .null, field.presence != .required { continue }
      try check(member.value, field.type, field.limits, at: prefix + member.name)
    }
    for field in fields
    where field.presence == .required && !members.contains(where: { $0.name == field.name }) {
      throw ToolFailure(
        .invalidParameter,
        "\(prefix + field.name) is missing: \(field.type.expectation) is due",
        parameter: prefix + field.name)
    }
  }

  private static func unknown(
    _ name: String, _ fields: [Field], _ prefix: String
  ) -> ToolFailure {
    let known = fields.map(\.name)
    let nearest = Suggestion.nearest(to: String(name.prefix(64)), among: known)
    let hint =
      nearest.map { "; did you mean \($0)?" }
      ?? (known.isEmpty
        ? "; there are none here" : "; there are " + known.joined(separator: ", "))
    return ToolFailure(
      .invalidParameter, "there is no parameter \(shown(prefix + name))" + hint,
      parameter: shown(prefix + name),
      details: .object([.init("known", .array(known.map { .string($0) }))]))
  }

  private static func mismatch(_ value: JSON, _ type: ValueType, _ path: String) -> ToolFailure {
    ToolFailure(
      .invalidParameter, "\(path) is \(came(value)), and \(type.expectation) is due",
      parameter: path)
  }

  private static func unknownWord(_ value: JSON, _ words: [String], _ path: String) -> ToolFailure {
    var hint = ""
    if case .string(let text) = value,
      let nearest = Suggestion.nearest(to: String(text.prefix(64)), among: words)
    {
      hint = "; did you mean \(nearest)?"
    }
    return ToolFailure(
      .invalidParameter,
      "\(path) is \(came(value)), and one of \(words.joined(separator: ", ")) is due\(hint)",
      parameter: path, details: .object([.init("allowed", .array(words.map { .string($0) }))]))
  }

  private static func outOfRange(
    _ text: String, _ range: ClosedRange<Int>, _ path: String
  ) -> ToolFailure {
    ToolFailure(
      .invalidParameter,
      "\(path) is \(shown(text)), and a number from \(range.lowerBound) to \(range.upperBound) is due",
      parameter: path,
      details: .object([
        .init("minimum", .int(range.lowerBound)), .init("maximum", .int(range.upperBound)),
      ]))
  }

  private static func checkCount(
    _ count: Int, _ limits: Limits, _ path: String
  ) throws(ToolFailure) {
    guard let allowed = limits.count, !allowed.contains(count) else { return }
    throw ToolFailure(
      .invalidParameter,
      "\(path) has \(count) values, and \(allowed.lowerBound) to \(allowed.upperBound) are due",
      parameter: path)
  }

  private static func checkText(
    _ text: String, _ limits: Limits, _ path: String
  ) throws(ToolFailure) {
    try checkSize(text.utf8.count, limits, path)
    if let allowed = limits.length {
      // No text has more characters than bytes: they are counted only where it can matter.
      let bytes = text.utf8.count
      let (least, most) = (allowed.lowerBound, allowed.upperBound)
      guard bytes <= most || text.unicodeScalars.count <= most,
        least <= 1 ? bytes >= least : text.unicodeScalars.count >= least
      else {
        throw ToolFailure(
          .invalidParameter,
          "\(path) has \(text.unicodeScalars.count) characters, and \(least) to \(most) are due",
          parameter: path,
          details: .object([.init("minimum", .int(least)), .init("maximum", .int(most))]))
      }
    }
    if limits.isPlain {
      guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
      else {
        throw ToolFailure(
          .invalidParameter, "\(path) has a control character in it", parameter: path)
      }
      guard !text.unicodeScalars.allSatisfy({ $0.properties.isWhitespace }) else {
        throw ToolFailure(
          .invalidParameter, "\(path) has nothing but white space in it", parameter: path)
      }
    }
  }

  private static func checkDocument(
    _ value: JSON, _ limits: Limits, _ path: String
  ) throws(ToolFailure) {
    var bytes = 0
    guard measure(value, depthLimit, &bytes) else {
      throw ToolFailure(
        .invalidParameter, "\(path) is nested deeper than \(depthLimit) levels", parameter: path)
    }
    try checkSize(bytes, limits, path)
  }

  /// Adds up the bytes of a value's text without making it; false when it is nested too deep.
  private static func measure(_ value: JSON, _ depth: Int, _ bytes: inout Int) -> Bool {
    switch value {
    case .null: bytes += 4
    case .bool(let flag): bytes += flag ? 4 : 5
    case .number(let text): bytes += text.utf8.count
    case .string(let text): bytes += text.utf8.count + 2
    case .array(let elements):
      guard depth > 0 else { return false }
      bytes += 2 + elements.count
      for element in elements { guard measure(element, depth - 1, &bytes) else { return false } }
    case .object(let members):
      guard depth > 0 else { return false }
      bytes += 2 + members.count
      for member in members {
        bytes += member.name.utf8.count + 3
        guard measure(member.value, depth - 1, &bytes) else { return false }
      }
    }
    return true
  }

  private static func checkSize(
    _ bytes: Int, _ limits: Limits, _ path: String
  ) throws(ToolFailure) {
    guard let limit = limits.bytes, bytes > limit else { return }
    throw ToolFailure(
      .tooLarge, "\(path) has \(bytes) bytes, and at most \(limit) are taken", parameter: path,
      details: .object([.init("limit", .int(limit)), .init("bytes", .int(bytes))]))
  }

  /// A value in few words for a message: its kind, and what it is where that is short.
  static func came(_ value: JSON) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let text): "the number \(shown(text))"
    case .string(let text): "\"\(shown(text))\""
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// Somebody's text in a message: short, and without what a terminal would obey.
  package static func shown(_ text: String) -> String {
    TextTable.visible(text.count > 80 ? text.prefix(80) + "…" : text)
  }

  /// Whether a number's text spells a whole number, however large: `5`, `5.0`, `5e2`.
  private static func isWhole(_ text: String) -> Bool {
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2d }) { return true }
    guard let number = Double(text) else { return false }
    return !number.isFinite || number == number.rounded()
  }
}

extension JSON {
  /// The whole number that a number's text spells; nil where it has a fraction or does not fit.
  static func wholeNumber(_ text: String) -> Int? {
    if let number = Int(text) { return number }
    // Beyond 2^53 a number with a point or an exponent is not known exactly.
    guard !text.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2d }),
      let number = Double(text), abs(number) <= 9_007_199_254_740_992
    else { return nil }
    return Int(exactly: number)
  }
}
