/// A statement's text with a name, so that errors and timings say which one it was.
package struct Query: Sendable, Hashable {
  /// The name shown in errors, in the form `table.purpose`.
  package let name: String
  /// The SQL text, with numbered parameters `?1`, `?2`, ….
  package let sql: String

  package init(_ name: String, _ sql: String) {
    self.name = name
    self.sql = sql
  }
}

/// A value on its way into a statement or out of a row, in SQLite's five storage classes.
package enum SQLValue: Sendable, Equatable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])

  /// The text, or NULL where there is none.
  package static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
  /// The integer, or NULL where there is none.
  package static func optional(_ integer: Int64?) -> SQLValue {
    integer.map { .integer($0) } ?? .null
  }
  /// A count or a row number.
  package static func int(_ value: Int) -> SQLValue { .integer(Int64(value)) }
}
