package import AgoraStore

/// A type of SpacetimeDB's, as far as v4's tables and reducers have it, and how its values are spelled
/// in SATS-JSON.
package indirect enum SATSType: Sendable, Equatable {
  case string, bool, u8, u32, u64, i32, i64, f32, f64
  case timestamp
  case option(SATSType)

  /// Whose spelling is written.
  package enum Spelling: Sendable {
    /// SpacetimeDB 1.x.
    case current
    /// SpacetimeDB 0.6 to 0.8: built-in types are wrapped, a timestamp is a plain number.
    case old
  }

  private static let micros = "__timestamp_micros_since_unix_epoch__"

  /// The `AlgebraicType`.
  package func schema(_ spelling: Spelling = .current) -> JSON {
    func plain(_ name: String) -> JSON {
      let type = JSON.object([.init(name, .array([]))])
      return spelling == .old ? .object([.init("Builtin", type)]) : type
    }
    switch self {
    case .string: return plain("String")
    case .bool: return plain("Bool")
    case .u8: return plain("U8")
    case .u32: return plain("U32")
    case .u64: return plain("U64")
    case .i32: return plain("I32")
    case .i64: return plain("I64")
    case .f32: return plain("F32")
    case .f64: return plain("F64")
    case .timestamp:
      guard spelling == .current else { return plain("U64") }
      return Self.product([(Self.micros, .i64)])
    case .option(let inside):
      let unit = JSON.object([
        .init("Product", .object([.init("elements", .array([]))]))
      ])
      let variants = [("some", inside.schema(spelling)), ("none", unit)].map { name, type in
        Self.element(name, type)
      }
      return .object([.init("Sum", .object([.init("variants", .array(variants))]))])
    }
  }

  /// A product type of named elements.
  static func product(_ elements: [(String, SATSType)], _ spelling: Spelling = .current) -> JSON {
    .object([.init("Product", Self.elements(elements, spelling))])
  }

  /// The elements of a product type.
  static func elements(_ elements: [(String, SATSType)], _ spelling: Spelling = .current) -> JSON {
    .object([
      .init("elements", .array(elements.map { element($0, $1.schema(spelling)) }))
    ])
  }

  private static func element(_ name: String, _ type: JSON) -> JSON {
    .object([
      .init("name", .object([.init("some", .string(name))])), .init("algebraic_type", type),
    ])
  }

  /// A value as SQL's rows and the rows of a transaction have it: products and sums are arrays.
  package func value(_ value: SQLValue, _ spelling: Spelling = .current) -> JSON {
    switch self {
    case .option(let inside):
      if spelling == .old {
        return value == .null
          ? .object([.init("1", .array([]))])
          : .object([.init("0", inside.value(value, spelling))])
      }
      return value == .null
        ? .array([.int(1), .array([])]) : .array([.int(0), inside.value(value, spelling)])
    case .string: return .string(Self.text(value))
    case .bool: return .bool(Self.integer(value) != 0)
    case .u8, .u32, .u64, .i32, .i64: return .number("\(Self.integer(value))")
    case .f32, .f64:
      if case .real(let number) = value { return .double(number) }
      return .number("\(Self.integer(value)).0")
    case .timestamp:
      let micros = JSON.number("\(Self.instant(value))")
      return spelling == .old ? micros : .array([micros])
    }
  }

  /// A value of ``value(_:_:)`` as rows that were read from a table have it: products are objects, sums
  /// have their variant's name.
  package func named(_ value: JSON) -> JSON {
    switch (self, value) {
    case (.timestamp, .array(let elements)) where elements.count == 1:
      return .object([.init(Self.micros, elements[0])])
    case (.option(let inside), .array(let elements)) where elements.count == 2:
      return elements[0] == .int(0)
        ? .object([.init("some", inside.named(elements[1]))])
        : .object([.init("none", .array([]))])
    default: return value
    }
  }

  /// A value as SpacetimeDB's command line shows it.
  package func shown(_ value: SQLValue) -> String {
    switch self {
    case .option(let inside):
      return value == .null ? "(none = ())" : "(some = \(inside.shown(value)))"
    // v4's quotes and line breaks are not escaped either.
    case .string: return "\"\(Self.text(value))\""
    case .timestamp:
      if case .text(let text) = value { return text }
      return Timestamp(microseconds: Self.instant(value)).description.replacing("Z", with: "+00:00")
    case .f32, .f64:
      if case .real(let number) = value { return "\(number)" }
      return "\(Self.integer(value))"
    default: return JSONWriter.compact(self.value(value))
    }
  }

  private static func text(_ value: SQLValue) -> String {
    switch value {
    case .null: return ""
    case .integer(let number): return "\(number)"
    case .real(let number): return "\(number)"
    case .text(let text): return text
    case .blob(let bytes):
      var digits: [UInt8] = []
      for byte in bytes { digits.append(hex: byte) }
      return String(decoding: digits, as: UTF8.self)
    }
  }

  private static func integer(_ value: SQLValue) -> Int64 {
    switch value {
    case .integer(let number): number
    case .real(let number): Int64(exactly: number.rounded(.towardZero)) ?? 0
    case .text(let text): Decimal(text)?.integer ?? 0
    case .null, .blob: 0
    }
  }

  private static func instant(_ value: SQLValue) -> Int64 {
    guard case .text(var text) = value else {
      let number = integer(value)
      return Timestamp.writable.contains(number) ? number : 0
    }
    return text.withUTF8 { Timestamp.read($0.span) }?.timestamp.microseconds ?? 0
  }
}
