/// An override that halts the whole, an agent or a workflow, until somebody of its level lifts it.
package struct Halt: Sendable, Equatable {
  package let id: String
  package let action: String
  package let reason: String
  /// 0–255.
  package let priority: Int

  private static let onTarget = Query(
    "overrides.active",
    """
    SELECT override_id, action, reason, priority FROM overrides
    WHERE target_id=?1 AND state='active' ORDER BY priority DESC, executed_at DESC, override_id DESC
    """)

  private static func map(_ row: borrowing Row) -> Halt {
    Halt(id: row.text(0), action: row.text(1), reason: row.text(2), priority: row.int(3))
  }

  /// The halts of a target that nobody has lifted, the strongest first, of those the newest.
  package static func all(on target: String, in connection: Connection) throws -> [Halt] {
    try connection.all(onTarget, .text(target), map: map)
  }

  /// The strongest halt of a target; nil where there is none.
  package static func strongest(on target: String, in connection: Connection) throws -> Halt? {
    try connection.first(onTarget, .text(target), map: map)
  }
}
