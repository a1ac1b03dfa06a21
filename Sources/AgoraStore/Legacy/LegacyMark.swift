/// How an answer of Agora's in SpacetimeDB's form says whose it is, so that nobody takes it for an export
/// of v4.
///
/// SpacetimeDB's clients pass over members that they do not know.
package enum LegacyMark {
  /// The member of an SQL result, and of a table's changes in a line of `spacetime subscribe`.
  package static let member = "answered_by"
  /// Its value.
  package static let value = "agora"
}
