import AgoraStore

/// What a migration is told by its caller.
public struct MigrationOptions: Sendable {
  /// The exports, read in this order as one; `-` is standard input.
  public var exports: [String]
  /// The name of the v4 deployment, which goes into every id.
  public var source = LegacyWords.usualSource
  /// Whether everything is done but for changing the store.
  public var isDryRun = false
  /// Where rejected rows are written as NDJSON; nil for nowhere but the store.
  public var rejectsFile: String?
  /// The most rows that may be rejected; nil for any number.
  public var maxRejects: Int?
  /// What happens to references to nothing.
  public var orphans = OrphanPolicy.stub
  /// Old names of agents and the names they have now.
  public var aliases: [String: String] = [:]
  /// Whether rows that v4 has no more are removed.
  public var appliesDeletes = false
  /// The most bytes of a row that is kept in memory, 1 to 1 GiB; a larger one is rejected.
  public var maxRowBytes = 16 << 20
  /// Whether another run's lock is waited for.
  public var waits = false
  /// Whether the marketplace is told of each agent that came over.
  public var announces = false
  /// The table of rows that do not name theirs.
  public var table: String?
  /// Where the id map is written as NDJSON; nil for nowhere.
  public var idMapFile: String?

  /// Whether the store's own rejected rows are read instead of exports.
  var retriesRejects = false

  /// How many rows are staged at most between two checkpoints, from which an interrupted run goes on;
  /// 1 or more.
  public var checkpointInterval = 65_536

  /// The machine's start: what was staged before another one is not gone on with.
  package var bootIdentity = System.bootIdentity()

  /// Makes options for exports, everything else at its default.
  public init(exports: [String]) { self.exports = exports }

  /// Makes options for loading the store's rejected rows once more.
  public static func retryingRejects() -> MigrationOptions {
    var options = MigrationOptions(exports: [])
    options.retriesRejects = true
    return options
  }

  /// The options as the run's record keeps them.
  var json: JSON {
    .object([
      .init("orphans", .string(orphans.rawValue)),
      .init(
        "aliases",
        .object(aliases.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
      .init("apply_deletes", .bool(appliesDeletes)),
      // What is loaded once more stands in no export.
      .init("max_row_bytes", retriesRejects ? .null : .int(maxRowBytes)),
      .init("max_rejects", maxRejects.map { .int($0) } ?? .null),
      .init("table", .optional(table)),
    ])
  }
}
