import AgoraStore

/// What a reducer's parameter takes.
enum LegacyType: Sendable, Equatable {
  case string
  case optionalString
  /// A string in v4's module, which callers also write as an option.
  case looseString
  case integer(String, ClosedRange<Int64>)
  /// A number or a word such as `high`.
  case priority
  case float
  case bool

  static let u8 = LegacyType.integer("u8", 0...255)
  static let u32 = LegacyType.integer("u32", 0...4_294_967_295)

  /// Whether SpacetimeDB's command line puts quotes around a word for it.
  var isQuoted: Bool { self == .string || self == .looseString }

  /// The type in the module's schema.
  var algebraic: SATSType {
    switch self {
    case .string, .looseString: .string
    case .optionalString: .option(.string)
    case .integer("u8", _): .u8
    case .integer, .priority: .u32
    case .float: .f32
    case .bool: .bool
    }
  }

  /// The name in a signature.
  var name: String {
    switch self {
    case .string, .looseString: "String"
    case .optionalString: "Option<String>"
    case .integer(let name, _): name
    case .priority: "u32"
    case .float: "f32"
    case .bool: "bool"
    }
  }

  /// What is wrong with an argument, in SpacetimeDB's words; nil when it fits.
  func fault(_ written: Written) -> String? {
    switch self {
    case .string:
      guard case .value(let json) = written, json.text == nil else { return nil }
      // A door without words has types: a number is no string there, as on a real server.
      return "invalid type: \(Self.shown(json)), expected a string"
    case .optionalString:
      guard let inside = written.unwrapped, case .value(let json) = inside, json.text == nil
      else { return nil }
      return "invalid type: \(Self.shown(json)), expected sum type"
    case .looseString:
      guard let inside = written.unwrapped, case .value(let json) = inside, json.text == nil
      else { return nil }
      return "invalid type: \(Self.shown(json)), expected a string"
    case .integer(let name, let range):
      return Self.numberFault(written, name) { number in
        guard number.isWhole else { return "type: floating point `\(written.text)`" }
        guard let value = number.integer, range.contains(value) else {
          return "value: integer `\(written.text)`"
        }
        return nil
      }
    case .priority:
      if LegacyWords.isPriority(written.text) { return nil }
      return Self.numberFault(written, name) { number in
        number.isWhole && !number.isBelowZero ? nil : "value: integer `\(written.text)`"
      }
    case .float: return Self.numberFault(written, name) { _ in nil }
    case .bool:
      if written.bool != nil { return nil }
      guard let json = written.json else { return "expected value" }
      return "invalid type: \(Self.shown(json)), expected a boolean"
    }
  }

  private static func numberFault(
    _ written: Written, _ expected: String, _ check: (Decimal) -> String?
  ) -> String? {
    if let number = written.number {
      return check(number).map { "invalid \($0), expected \(expected)" }
    }
    guard let json = written.json else { return "expected value" }
    return "invalid type: \(shown(json)), expected \(expected)"
  }

  /// A value as serde names it.
  static func shown(_ json: JSON) -> String {
    switch json {
    case .null: "null"
    case .bool(let value): "boolean `\(value)`"
    case .number(let text):
      Decimal(text)?.isWhole == true ? "integer `\(text)`" : "floating point `\(text)`"
    case .string(let text): "string \(JSONWriter.compact(.string(text)))"
    case .array: "sequence"
    case .object: "map"
    }
  }
}

/// A reducer's parameter.
struct LegacyParameter: Sendable {
  let name: String
  let type: LegacyType
  /// Other names that callers give it.
  let synonyms: [String]
  /// Whether a call by names has to give it.
  let isRequired: Bool

  init(
    _ name: String, _ type: LegacyType = .string, or synonyms: [String] = [],
    optional: Bool = false
  ) {
    self.name = name
    self.type = type
    self.synonyms = synonyms
    isRequired = !optional && type != .optionalString && type != .looseString
  }

  func isNamed(_ flag: String) -> Bool {
    let plain = flag.replacing("-", with: "_")
    return plain == name || synonyms.contains(plain)
  }
}

/// One way in which agents call a reducer.
struct CallShape: Sendable {
  /// The shape's name in the record and the matrix.
  let id: String
  let parameters: [LegacyParameter]
  /// Whether it is called by place too, not only by names.
  let isPositional: Bool
  /// Decides between shapes of one arity.
  let fits: @Sendable ([Written]) -> Bool

  init(
    _ id: String, _ parameters: LegacyParameter..., positional: Bool = true,
    fits: @escaping @Sendable ([Written]) -> Bool = { _ in true }
  ) {
    self.id = id
    self.parameters = parameters
    isPositional = positional
    self.fits = fits
  }
}

extension LegacyWords {
  /// Whether a word is one for a priority.
  static func isPriority(_ word: String) -> Bool { knownPriority(word) != nil }
}
