package import AgoraStore

/// A call of v4 as it came.
package struct LegacyCall: Sendable {
  /// How the arguments came.
  package enum Arguments: Sendable, Equatable {
    /// The words behind the reducer's name.
    case words([String])
    /// The elements of a JSON array.
    case values([JSON])
    /// The members of a JSON object.
    case named([JSON.Member])
    /// A JSON array or object as it came, which may be none.
    case document([UInt8])
  }

  /// The media type of a body that has a command line's words, as the drop-in `spacetime` sends them.
  package static let wordsType = "application/vnd.agora.words+json"

  package let database: String
  package let reducer: String
  package let arguments: Arguments
  /// `cli`, `http` or `mcp`.
  package let door: String
  /// Who is known to call; one that is bound may name itself only.
  package let caller: Caller

  package init(
    database: String, reducer: String, arguments: Arguments, door: String = "cli",
    caller: Caller = .owner(.v4)
  ) {
    self.database = database
    self.reducer = reducer
    self.arguments = arguments
    self.door = door
    self.caller = caller
  }
}

/// A call whose arguments have found their parameters and fit their types.
struct BoundCall: Sendable {
  let reducer: String
  let shape: String
  private let values: [String: Written]

  /// An argument as text; empty where it was not given.
  func text(_ name: String) -> String { values[name]?.unwrapped?.text ?? "" }
  /// An argument that is a payload: it is never taken for an option.
  func content(_ name: String) -> String { values[name]?.text ?? "" }
  /// An argument as text; nil where it says nothing.
  func name(_ name: String) -> String? {
    let text = text(name)
    return text.isEmpty ? nil : text
  }
  /// An argument as a whole number.
  func integer(_ name: String) -> Int? {
    values[name]?.number?.integer.map { Int($0) }
  }
  /// An argument as a number.
  func number(_ name: String) -> Decimal? { values[name]?.number }
  /// An argument as true or false.
  func bool(_ name: String) -> Bool? { values[name]?.bool }
  /// An argument as JSON.
  func document(_ name: String) -> JSON? {
    guard let written = values[name], !written.text.isEmpty else { return nil }
    return written.document
  }
  /// An argument as a list of words, each once: a JSON array, or words with commas between them.
  func list(_ name: String) -> [String] {
    guard let document = document(name) else { return [] }
    let all: [String] =
      switch document {
      case .array(let elements): elements.compactMap(\.text)
      case .string(let text): text.split(separator: ",").map { Self.trimmed($0) }
      default: []
      }
    var known: Set<[UInt8]> = []
    return all.filter { !$0.isEmpty && known.insert($0.exact).inserted }
  }

  private static func trimmed(_ text: Substring) -> String {
    let start = text.drop { $0 == " " }
    return String(String(start.reversed().drop { $0 == " " }.reversed()))
  }

  /// The members of arguments that say something, under their own names, for the record's metadata.
  func members(_ names: String...) -> [JSON.Member] {
    names.compactMap { name in
      guard let text = self.name(name) else { return nil }
      return JSON.Member(name, .string(text))
    }
  }

  // MARK: binding

  /// Finds the shape of a call and holds its arguments against it.
  init(_ call: LegacyCall, _ reducer: Reducer) throws(Refusal) {
    self.reducer = reducer.name
    switch call.arguments {
    case .named(let members):
      (shape, values) = try Self.bind(
        members.map { ($0.name, .value($0.value)) }, reducer, isCommandLine: false)
    case .values(let elements):
      (shape, values) = try Self.bind(
        elements.map { .value($0) }, reducer, dropsSurplus: false)
    case .document(let bytes):
      let body = try ArgumentBody(bytes, of: reducer)
      switch body.content {
      case .values(let elements):
        (shape, values) = try Self.bind(
          elements.map { .value($0) }, reducer, dropsSurplus: false, at: body.text)
      case .named(let members):
        (shape, values) = try Self.bind(
          members.map { ($0.name, .value($0.value)) }, reducer, isCommandLine: false,
          at: body.text)
      }
    case .words(let words):
      if let flags = try Self.flags(words, reducer) {
        (shape, values) = try Self.bind(flags, reducer, isCommandLine: true)
      } else {
        (shape, values) = try Self.bind(
          Self.placed(words).map { .word($0) }, reducer, dropsSurplus: true)
      }
    }
  }

  private typealias Binding = (String, [String: Written])

  /// The words of arguments by place; what looks like an option is one, unless it stands behind `--`.
  private static func placed(_ words: [String]) throws(Refusal) -> [String] {
    let end = words.firstIndex(of: "--") ?? words.endIndex
    for word in words[..<end] {
      guard let option = option(word) else { continue }
      throw Refusal(.usage, "unknown_flag", "unexpected argument '\(option)' found")
    }
    return Array(words[..<end]) + words[end...].dropFirst()
  }

  /// The option that a word is, as clap names it; nil for a number, a dash, or a text that only begins so.
  private static func option(_ word: String) -> String? {
    let name = word.drop { $0 == "-" }.prefix { $0 != "=" }
    let dashes = word.prefix { $0 == "-" }.count
    guard (1...2).contains(dashes), let first = name.utf8.first, isLetter(first),
      name.utf8.allSatisfy({
        isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f
      })
    else { return nil }
    return dashes == 2 ? "--\(name)" : "-\(name.prefix(1))"
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  /// Arguments by name: `--name value` and `--name=value`; nil where they come by place.
  private static func flags(
    _ words: [String], _ reducer: Reducer
  ) throws(Refusal) -> [(String, Written)]? {
    guard let first = words.first, first.hasPrefix("--"), first != "--" else { return nil }
    var found: [(String, Written)] = []
    var index = 0
    while index < words.count {
      let word = words[index]
      index += 1
      guard word.hasPrefix("--"), word.utf8.count > 2 else {
        throw Refusal(.usage, "usage", "unexpected argument '\(word)' found")
      }
      let parts = word.dropFirst(2).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard reducer.shapes.contains(where: { $0.parameters.contains { $0.isNamed(name) } })
      else { throw Refusal(.usage, "unknown_flag", "unexpected argument '--\(name)' found") }
      if parts.count == 2 {
        found.append((name, .word(String(parts[1]))))
      } else if index < words.count, !isFlag(words[index], of: reducer) {
        found.append((name, .word(words[index])))
        index += 1
      } else {
        // A switch that only stands there, as in --include_metrics.
        found.append((name, .word("true")))
      }
    }
    return found
  }

  private static func isFlag(_ word: String, of reducer: Reducer) -> Bool {
    guard word.hasPrefix("--") else { return false }
    let name = String(word.dropFirst(2).prefix { $0 != "=" })
    return reducer.shapes.contains { $0.parameters.contains { $0.isNamed(name) } }
  }

  private static func bind(
    _ named: [(String, Written)], _ reducer: Reducer, isCommandLine: Bool,
    at text: ArgumentText? = nil
  ) throws(Refusal) -> Binding {
    var missing: String?
    for shape in reducer.shapes {
      var values: [String: Written] = [:]
      for (name, value) in named {
        guard let parameter = shape.parameters.first(where: { $0.isNamed(name) }) else { continue }
        values[parameter.name] = value
      }
      let lacking = shape.parameters.first { $0.isRequired && values[$0.name] == nil }
      let isWhole = named.allSatisfy { name, _ in shape.parameters.contains { $0.isNamed(name) } }
      guard lacking == nil, isWhole else {
        if isWhole, missing == nil { missing = lacking?.name }
        continue
      }
      let order = shape.parameters.compactMap { parameter in
        values[parameter.name].map { (parameter, $0) }
      }
      for (index, (parameter, value)) in order.enumerated() {
        guard let fault = parameter.type.fault(value) else { continue }
        let places = order.map { bound, _ in
          named.lastIndex { bound.isNamed($0.0) } ?? named.count
        }
        let text = text?.ordered(places) ?? ArgumentText(order.map { ($0.0.type, $0.1) })
        throw reducer.invalid("[\(index)]: [\(index)]: \(fault)", at: text.end(of: index))
      }
      return ((isCommandLine ? "flags:" : "object:") + shape.id, values)
    }
    let text = text ?? ArgumentText(named.map { (.string, $0.1) })
    let field = missing ?? reducer.shapes[0].parameters.first?.name ?? ""
    throw reducer.invalid(".: .: missing field `\(field)`", at: text.end)
  }

  private static func bind(
    _ given: [Written], _ reducer: Reducer, dropsSurplus: Bool, at text: ArgumentText? = nil
  ) throws(Refusal) -> Binding {
    let shapes = reducer.shapes.filter(\.isPositional)
    let count = given.count
    let exact =
      shapes.first { $0.parameters.count == count && $0.fits(given) }
      ?? shapes.first { $0.parameters.count == count }
    // As the real command line does: what is too much is dropped.
    let wide = shapes.filter { $0.parameters.count < count }
      .max { $0.parameters.count < $1.parameters.count }
    guard let shape = exact ?? (dropsSurplus ? wide : nil) else {
      let primary = shapes.first ?? reducer.shapes[0]
      let types = primary.parameters.map(\.type)
      let text =
        text
        ?? ArgumentText(given.enumerated().map { ($0 < types.count ? types[$0] : .string, $1) })
      guard count < primary.parameters.count else {
        throw reducer.invalid(
          ".: .: trailing characters", at: text.start(of: primary.parameters.count))
      }
      throw reducer.invalid(
        ".: .: invalid length \(count), expected reducer args for \(reducer.name) with \(primary.parameters.count) elements",
        at: text.end)
    }
    var values: [String: Written] = [:]
    for (index, parameter) in shape.parameters.enumerated() {
      let value = given[index]
      if let fault = parameter.type.fault(value) {
        let text = text ?? ArgumentText(zip(shape.parameters, given).map { ($0.type, $1) })
        let place = fault == "expected value" ? text.start(of: index) : text.end(of: index)
        throw reducer.invalid("[\(index)]: [\(index)]: \(fault)", at: place)
      }
      values[parameter.name] = value
    }
    return (shape.id, values)
  }
}
