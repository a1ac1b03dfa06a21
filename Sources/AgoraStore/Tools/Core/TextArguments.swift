extension ParameterList {
  /// Makes an object of parameters that came as text: flags of the command line, a query of a URL.
  ///
  /// A number or a truth value is written as in JSON, an object as JSON, a list as a JSON array or with
  /// commas, or with one text for each element. What does not fit is left to the checks that follow, which
  /// say what is due; a name that nobody declared too.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` where JSON is due and the text is none, or where a
  ///   parameter that takes one value was given several.
  public func object(
    ofTexts texts: [(name: String, text: String)]
  ) throws(ToolFailure) -> JSON {
    var members: [JSON.Member] = []
    for (name, text) in texts where !members.contains(where: { $0.name == name }) {
      let all = texts.filter { $0.name == name }.map(\.text)
      guard let field = fields.first(where: { $0.name == name }) else {
        members.append(JSON.Member(name, .string(text)))
        continue
      }
      if case .list(let element) = field.type {
        members.append(JSON.Member(name, try Self.list(all, element, name)))
      } else {
        guard all.count == 1 else {
          throw ToolFailure(
            .invalidParameter, "\(name) is given \(all.count) times, and one value is due",
            parameter: name)
        }
        members.append(JSON.Member(name, try Self.value(text, field.type, name)))
      }
    }
    return .object(members)
  }

  private static func list(
    _ texts: [String], _ element: ValueType, _ name: String
  ) throws(ToolFailure) -> JSON {
    if texts.count == 1, texts[0].first == "[" { return try parse(texts[0], name) }
    if texts.count == 1, texts[0].isEmpty { return .array([]) }
    let words: [String]
    switch element {
    case .fields, .object, .any: words = texts
    default:
      words =
        texts.count == 1
        ? texts[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init) : texts
    }
    var values: [JSON] = []
    for word in words { values.append(try value(word, element, name)) }
    return .array(values)
  }

  private static func value(
    _ text: String, _ type: ValueType, _ name: String
  ) throws(ToolFailure) -> JSON {
    switch type {
    case .integer, .number, .boolean:
      // What is no number stays text, which the check then finds to be none.
      return (try? JSON.parse(text)) ?? .string(text)
    case .object, .fields, .list: return try parse(text, name)
    case .any: return (try? JSON.parse(text)) ?? .string(text)
    case .nullable(let type): return try value(text, type, name)
    case .text, .instant, .word, .agent, .receiver, .identifier: return .string(text)
    }
  }

  private static func parse(_ text: String, _ name: String) throws(ToolFailure) -> JSON {
    do throws(JSONError) { return try JSON.parse(text) } catch {
      throw ToolFailure(
        .invalidParameter, "\(name) is no JSON: \(error)", parameter: name,
        details: .object([.init("offset", .int(error.offset))]))
    }
  }
}
