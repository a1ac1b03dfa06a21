/// How an answer of Agora's in SpacetimeDB's form says whose it is, so that nobody takes it for an export
/// of v4.
///
/// It stands where SpacetimeDB's clients pass over what they do not know: in the results of SQL as JSON, of
/// 1.x and of 0.8 (both of whose command lines read them into structures that take other members too), and
/// in the lines of `spacetime subscribe`.
///
/// Two answers have no place for it. A table that `spacetime sql` draws is nothing but names, values and
/// lines, all of which agents read; nor do its columns or rows give it away, for migrated rows stand in it
/// under their v4 ids, and v4's own columns were never published, so that any of ours may have been there
/// too. Whoever imports a drawn table is warned of that. And the frames of the WebSocket protocol are read
/// by clients that refuse members which they do not know.
package enum LegacyMark {
  /// The member of an SQL result, and of a table's changes in a line of `spacetime subscribe`.
  package static let member = "answered_by"
  /// Its value.
  package static let value = "agora"
}
