/// A parameter that is given as text, such as a flag of a command line, becomes JSON by its declaration.
///
/// Only what could be nothing else is converted: a text that does not fit stays one, and the check that
/// every call goes through says what is due.
extension Field {
  /// The value that texts mean.
  ///
  /// A number or a truth value is written as in JSON, an object as JSON. A list is one text or several,
  /// each an element, elements with commas between them, or a JSON array.
  ///
  /// - Throws: ``ToolFailure`` `invalid_parameter` where JSON is due and a text is none, or where several
  ///   texts are given for one value.
  package func value(of texts: [String]) throws(ToolFailure) -> JSON {
    if case .list(let element) = type.unwrapped { return try list(texts, of: element) }
    guard let text = texts.first, texts.count == 1 else {
      throw ToolFailure(
        .invalidParameter, "\(name) is given \(texts.count) times, and one value is due",
        parameter: name)
    }
    return try value(of: text, type)
  }

  private func list(_ texts: [String], of element: ValueType) throws(ToolFailure) -> JSON {
    var elements: [JSON] = []
    for text in texts {
      let trimmed = text.trimmed
      if trimmed.utf8.first == 0x5b {
        elements += try document(text, "an array").elements ?? []
      } else if element.isDocument {
        elements.append(try value(of: text, element))
      } else if !trimmed.isEmpty {
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
          elements.append(try value(of: part.trimmed, element))
        }
      }
    }
    return .array(elements)
  }

  private func value(of text: String, _ type: ValueType) throws(ToolFailure) -> JSON {
    switch type {
    case .text, .agent, .receiver, .identifier, .word, .instant: return .string(text)
    case .integer, .number:
      guard let value = try? JSON.parse(text), case .number = value else { return .string(text) }
      return value
    case .boolean:
      return text == "true" ? .bool(true) : text == "false" ? .bool(false) : .string(text)
    case .object, .fields, .list: return try document(text, type.expectation)
    case .any:
      // A word needs no quotes; what begins as JSON has to be JSON to its end.
      let first = text.trimmed.utf8.first
      if first == 0x7b || first == 0x5b || first == 0x22 {
        return try document(text, type.expectation)
      }
      return (try? JSON.parse(text)) ?? .string(text)
    case .nullable(let type): return try value(of: text, type)
    }
  }

  private func document(_ text: String, _ due: String) throws(ToolFailure) -> JSON {
    do throws(JSONError) { return try JSON.parse(text) } catch {
      throw ToolFailure(
        .invalidParameter,
        "\(name) is \"\(ValueCheck.shown(text))\", which is no JSON (\(error)), and \(due) is due",
        parameter: name, details: .object([.init("offset", .int(error.offset))]))
    }
  }

  /// The texts that ``value(of:)-([String])`` reads as a value; none for null.
  package func texts(for value: JSON) -> [String] {
    if value == .null { return [] }
    guard case .list(let element) = type.unwrapped, let elements = value.elements else {
      return [text(of: value, type.unwrapped)]
    }
    guard !elements.isEmpty else { return [""] }
    if element.isDocument { return elements.map { JSONWriter.compact($0) } }
    let parts = elements.map { text(of: $0, element) }
    let isPlain = parts.allSatisfy {
      !$0.isEmpty && $0.trimmed == $0 && !$0.utf8.contains(0x2c) && $0.utf8.first != 0x5b
    }
    return [isPlain ? parts.joined(separator: ",") : JSONWriter.compact(value)]
  }

  private func text(of value: JSON, _ type: ValueType) -> String {
    guard case .string(let text) = value else { return JSONWriter.compact(value) }
    if case .any = type, (try? self.value(of: text, type)) != value {
      return JSONWriter.compact(value)
    }
    return text
  }
}

extension ValueType {
  /// The type without null.
  package var unwrapped: ValueType {
    if case .nullable(let type) = self { return type.unwrapped }
    return self
  }

  /// Whether a text for it is JSON, in which commas have a meaning of their own.
  package var isDocument: Bool {
    switch unwrapped {
    case .object, .fields, .any, .list: true
    default: false
    }
  }
}

extension StringProtocol {
  /// The text without spaces, tabs and line ends around it.
  fileprivate var trimmed: String {
    let isSpace: (Character) -> Bool = { $0 == " " || $0.isNewline || $0 == "\t" }
    return String(drop(while: isSpace).reversed().drop(while: isSpace).reversed())
  }
}
