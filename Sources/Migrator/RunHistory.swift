import AgoraStore

/// What earlier runs of a source were told, but for those that were taken back.
struct RunHistory {
  /// The policy for references to nothing of the last run that counts: of exports, or of rejects that it has
  /// loaded some of.
  private(set) var orphans = OrphanPolicy.stub
  /// The policies of all runs that count, under which rows may have come.
  private(set) var policies: Set<OrphanPolicy> = []
  /// All renamings of agents, which hold for later runs too.
  private(set) var aliases: [String: String] = [:]
  /// Whether a run left references to nothing empty.
  private(set) var hasKept = false
  /// The last run's limit of a row's bytes; nil where there was none.
  private(set) var maxRowBytes: Int?

  private static let options = Query(
    "migration_runs.options",
    """
    SELECT options, (SELECT sum(imported+updated+merged) FROM migration_ledger l WHERE l.run=m.run)
    FROM migration_runs m WHERE source=?1 AND status<>'rolled_back' ORDER BY run
    """)

  init(_ connection: Connection, source: String) throws {
    for (text, loaded) in try connection.all(
      Self.options, .text(source), map: { ($0.text(0), $0.int(1)) })
    {
      let options = try JSON.parse(text)
      // A retry has no limit; one that has loaded nothing says nothing of what is there.
      let isIdleRetry = options["max_row_bytes"] == .null && loaded == 0
      if let policy = options["orphans"]?.text.flatMap({ OrphanPolicy(rawValue: $0) }),
        !isIdleRetry
      {
        orphans = policy
        policies.insert(policy)
        hasKept = hasKept || policy == .keep
      }
      maxRowBytes = options["max_row_bytes"]?.integer ?? maxRowBytes
      for alias in options["aliases"]?.members ?? [] { aliases[alias.name] = alias.value.text }
    }
  }
}
