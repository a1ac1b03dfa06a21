public import AgoraStore

/// A person's word that rejected rows need nothing more: why, who said so and when.
///
/// The rows stay v4's: an export gives them back, and what a later one says of them counts.
public struct RejectDismissal: Sendable {
  private let numbers: [Int]
  private let reason: String
  private let person: String
  private let clock: Clock

  /// Prepares a dismissal.
  ///
  /// - Parameters:
  ///   - numbers: the rejects; one that is named twice is meant once.
  ///   - person: who says so; the name that the environment gives the user (`USER`, `LOGNAME`), else `operator`, which
  ///     is the local user in the audit.
  public init(
    _ numbers: [Int], reason: String, by person: String? = nil, clock: Clock = .system
  ) {
    var seen: Set<Int> = []
    self.numbers = numbers.filter { seen.insert($0).inserted }
    self.reason = reason
    self.person =
      person ?? System.environment("USER") ?? System.environment("LOGNAME") ?? "operator"
    self.clock = clock
  }

  private static let mark = Query(
    "rejects.dismiss",
    """
    UPDATE rejects SET status='dismissed', status_reason=?2, dismissed_by=?3, dismissed_at=?4
    WHERE number=?1 AND \(RejectStatus.waits)
    """)

  /// Marks all of the rejects, or none.
  ///
  /// - Returns: the rejects as they are now, in the order in which they were named.
  /// - Throws: ``AgoraError`` `not_found` where one of them does not exist, or is not outstanding.
  public func run(in store: Store) throws -> RejectList {
    try store.write { connection in
      let now = clock.now().microseconds
      for number in numbers {
        let changed = try connection.run(
          Self.mark, .int(number), .text(reason), .text(person), .integer(now))
        guard changed == 0 else { continue }
        let found = try RejectList.reject(number, connection)
        let others = numbers.count > 1 ? "None was dismissed. " : ""
        throw AgoraError(
          .notFound,
          found.map { "reject \(number) is \($0.status) already" }
            ?? "there is no reject \(number)", file: store.path,
          remedy: others + "agora rejects list --all shows their numbers and what became of them.")
      }
    }
    return try RejectList(store, numbers: numbers)
  }

  /// Runs what takes changes of rejects back, and leaves those dismissed that a person has dismissed since.
  static func keeping<Result>(in connection: Connection, _ body: () throws -> Result) throws
    -> Result
  {
    try connection.execute(
      """
      CREATE TEMP TABLE dismissals AS SELECT number, status_reason, dismissed_by, dismissed_at
        FROM main.rejects WHERE status='dismissed'
      """, name: "dismissals.note")
    let result = try body()
    try connection.execute(
      """
      UPDATE main.rejects SET status='dismissed', status_reason=d.status_reason,
          dismissed_by=d.dismissed_by, dismissed_at=d.dismissed_at
        FROM temp.dismissals d WHERE d.number=main.rejects.number AND main.rejects.\(RejectStatus.waits);
      DROP TABLE temp.dismissals;
      """, name: "dismissals.keep")
    return result
  }
}
