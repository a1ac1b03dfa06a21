/// Writes declarations as JSON Schema 2020-12.
package enum JSONSchema {
  static let dialect = "https://json-schema.org/draft/2020-12/schema"

  /// The schema of a document: an object with these fields and no others.
  static func document(_ fields: [Field]) -> JSON {
    let schema = schema(.fields(fields), .none)
    return .object([.init("$schema", .string(dialect))] + (schema.members ?? []))
  }

  /// A schema for a place that says the dialect itself, or where 2020-12 is meant anyway: validators of
  /// older clients refuse a dialect that they do not know.
  package static func embedded(_ schema: JSON) -> JSON {
    .object((schema.members ?? []).filter { $0.name != "$schema" })
  }

  private static func schema(of field: Field) -> JSON {
    var members = schema(field.type, field.limits).members ?? []
    members.append(.init("description", .string(field.description)))
    if case .defaulted(let value) = field.presence { members.append(.init("default", value)) }
    return .object(members)
  }

  private static func schema(_ type: ValueType, _ limits: Limits) -> JSON {
    switch type {
    case .text: text(limits)
    case .agent, .receiver: text(.name)
    case .identifier(let kind):
      .object([
        typed("string"),
        .init("pattern", .string("^\(kind.rawValue)_([0-9a-f]{16}|[0-9a-f]{32})$")),
      ])
    case .instant: .object([typed("string"), .init("format", .string("date-time"))])
    case .word(let words):
      .object([typed("string"), .init("enum", .array(words.map { .string($0) }))])
    case .integer: number("integer", limits)
    case .number: number("number", limits)
    case .boolean: .object([typed("boolean")])
    case .object: .object([typed("object")])
    case .any: .object([])
    case .list(let element): list(element, limits)
    case .fields(let fields): object(fields)
    case .nullable(let type): nullable(schema(type, limits))
    }
  }

  private static func typed(_ name: String) -> JSON.Member { .init("type", .string(name)) }

  private static func text(_ limits: Limits) -> JSON {
    var members = [typed("string")]
    if let least = limits.length?.lowerBound, least > 0 {
      members.append(.init("minLength", .int(least)))
    }
    // A text has at most as many characters as bytes.
    if let most = limits.length?.upperBound ?? limits.bytes {
      members.append(.init("maxLength", .int(most)))
    }
    return .object(members)
  }

  private static func number(_ name: String, _ limits: Limits) -> JSON {
    var members = [typed(name)]
    if let range = limits.range {
      members.append(.init("minimum", .int(range.lowerBound)))
      members.append(.init("maximum", .int(range.upperBound)))
    }
    return .object(members)
  }

  private static func list(_ element: ValueType, _ limits: Limits) -> JSON {
    var members = [typed("array"), .init("items", schema(element, limits))]
    if let count = limits.count {
      if count.lowerBound > 0 { members.append(.init("minItems", .int(count.lowerBound))) }
      members.append(.init("maxItems", .int(count.upperBound)))
    }
    return .object(members)
  }

  private static func object(_ fields: [Field]) -> JSON {
    var members = [typed("object")]
    if !fields.isEmpty {
      members.append(
        .init("properties", .object(fields.map { .init($0.name, schema(of: $0)) })))
    }
    let required = fields.filter { $0.presence == .required }
    if !required.isEmpty {
      members.append(.init("required", .array(required.map { .string($0.name) })))
    }
    members.append(.init("additionalProperties", .bool(false)))
    return .object(members)
  }

  /// The schema that takes null besides.
  private static func nullable(_ schema: JSON) -> JSON {
    let members = (schema.members ?? []).map { member -> JSON.Member in
      switch member.name {
      case "type": .init("type", .array([member.value, .string("null")]))
      case "enum": .init("enum", .array((member.value.elements ?? []) + [.null]))
      default: member
      }
    }
    return .object(members)
  }
}
