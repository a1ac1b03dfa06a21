public import AgoraStore

/// How a migration ended: one value that prints as text and as JSON.
public struct MigrationReport: Sendable {
  /// How a run can end.
  public enum Status: String, Sendable {
    /// Every row is in the store.
    case completed
    /// Rows were rejected; all others are in the store.
    case completedWithRejects = "completed_with_rejects"
    /// The store is as it was before.
    case failed
    /// Nothing was to be changed.
    case dryRun = "dry_run"
  }

  /// The run's id.
  public var runID: String
  /// How it ended.
  public var status: Status
  /// Whether it was a dry run.
  public var isDryRun: Bool
  /// The v4 deployment's name.
  public var source: String
  /// Whether an interrupted run was gone on with.
  public var isResumed = false
  /// What became of the rows.
  public var ledger: Ledger
  /// Distinct agents that rows refer to and nobody made.
  public var missingAgents: Int
  /// Distinct workflows that rows refer to and nobody made.
  public var missingWorkflows: Int
  /// Rows whose v4 id had named another row.
  public var epochs: Int
  /// References that the rows' times could not decide.
  public var ambiguousReferences: Int
  /// Rows that v4 and v5 both changed.
  public var conflicts: Int
  /// Rows that v4 has no more.
  public var deletedInSource: Int
  /// Whether those rows were removed.
  public var appliedDeletes: Bool
  /// Bytes read, after unpacking.
  public var bytes: Int
  /// How long the run took.
  public var seconds: Double
  /// What the operator should know besides.
  public var warnings: [String]
  /// The outcome of each agent configuration; empty unless the export was a list of them.
  public var configurations: [ConfigurationOutcome]

  /// What became of one agent configuration.
  public struct ConfigurationOutcome: Sendable {
    let v4AgentID: String
    let v5AgentID: String?
    let tasks: Int
    let workflows: Int
    let error: String?
  }

  /// Whether rows were rejected or conflicts listed: done, but somebody should look.
  public var needsAttention: Bool { ledger.totals.rejected > 0 || conflicts > 0 }

  private var rowsPerSecond: Double {
    seconds > 0 ? (Double(ledger.totals.read) / seconds).rounded() : 0
  }

  static func json(_ entry: LedgerEntry) -> JSON {
    .object([
      .init("read", .int(entry.read)), .init("imported", .int(entry.imported)),
      .init("updated", .int(entry.updated)), .init("merged", .int(entry.merged)),
      .init("unchanged", .int(entry.unchanged)), .init("rejected", .int(entry.rejected)),
    ])
  }

  /// The report as JSON (the command line's contract).
  public var json: JSON {
    var members: [JSON.Member] = [
      .init("run_id", .string(runID)), .init("status", .string(status.rawValue)),
      .init("dry_run", .bool(isDryRun)), .init("source", .string(source)),
      .init("resumed", .bool(isResumed)),
      .init("tables", .object(ledger.tables.map { .init($0, Self.json(ledger[$0])) })),
      .init("totals", Self.json(ledger.totals)), .init("balanced", .bool(ledger.isBalanced)),
      .init(
        "orphans",
        .object([
          .init("agents", .int(missingAgents)), .init("workflows", .int(missingWorkflows)),
        ])),
      .init("epochs", .int(epochs)), .init("ambiguous_references", .int(ambiguousReferences)),
      .init("conflicts", .int(conflicts)), .init("deleted_in_source", .int(deletedInSource)),
      .init("bytes", .int(bytes)), .init("seconds", .double((seconds * 1000).rounded() / 1000)),
      .init("rows_per_second", .double(rowsPerSecond)),
      .init("warnings", .array(warnings.map { .string($0) })),
    ]
    if !configurations.isEmpty { members += configurationMembers }
    return .object(members)
  }

  /// The fields of the protocol's migration assistant.
  private var configurationMembers: [JSON.Member] {
    let failed = configurations.filter { $0.error != nil }.count
    return [
      .init("total_agents", .int(configurations.count)),
      .init("successful_migrations", .int(configurations.count - failed)),
      .init("failed_migrations", .int(failed)),
      .init("results", .array(configurations.map(Self.json))),
    ]
  }

  private static func json(_ outcome: ConfigurationOutcome) -> JSON {
    func step(_ name: String, _ details: String) -> JSON {
      .object([
        .init("step", .string(name)),
        .init("status", .string(outcome.error == nil ? "completed" : "failed")),
        .init("details", .string(details)),
      ])
    }
    var steps: [JSON] = []
    if let error = outcome.error {
      steps.append(step("error", error))
    } else {
      steps.append(step("registration", "Registered as \(outcome.v5AgentID ?? "")"))
      if outcome.tasks > 0 {
        steps.append(step("task_migration", "Migrated \(outcome.tasks) tasks"))
      }
      if outcome.workflows > 0 {
        steps.append(step("workflow_migration", "Migrated \(outcome.workflows) workflows"))
      }
    }
    return .object([
      .init("v4_agent_id", .string(outcome.v4AgentID)),
      .init("v5_agent_id", .optional(outcome.v5AgentID)),
      .init("status", .string(outcome.error == nil ? "completed" : "failed")),
      .init("steps", .array(steps)), .init("error", .optional(outcome.error)),
    ])
  }

  /// The report for people: the ledger as a table, and what needs a look.
  public var text: String {
    var lines = [headline, ""]
    var rows = [["table", "read", "imported", "updated", "merged", "unchanged", "rejected"]]
    for table in ledger.tables { rows.append(Self.cells(table, ledger[table])) }
    rows.append(Self.cells("total", ledger.totals))
    lines += TextTable.lines(rows, ruleBeforeLast: true)
    lines.append("")
    let sum = ledger.totals
    lines.append(
      ledger.isBalanced
        ? "Balanced: \(sum.read) read = \(sum.imported) imported + \(sum.updated) updated + "
          + "\(sum.merged) merged + \(sum.unchanged) unchanged + \(sum.rejected) rejected."
        : "NOT BALANCED: this is a defect; please report it with the export.")
    lines += remarks
    lines += warnings.map { "Warning: \($0)." }
    return lines.joined(separator: "\n")
  }

  private var headline: String {
    let what =
      switch status {
      case .completed: "Migrated"
      case .completedWithRejects: "Migrated, with rejected rows,"
      case .failed: "Failed to migrate"
      case .dryRun: "Dry run: would migrate"
      }
    let time = "\((seconds * 100).rounded() / 100) s, \(Int(rowsPerSecond)) rows/s"
    return "\(what) \(ledger.totals.read) rows of \(source) in run \(runID) (\(time))"
  }

  private var remarks: [String] {
    var lines: [String] = []
    if isResumed { lines.append("Resumed: went on with what an interrupted run had staged.") }
    if missingAgents + missingWorkflows > 0 {
      lines.append(
        "Orphans: rows refer to \(missingAgents) agents and \(missingWorkflows) workflows that nobody made."
      )
    }
    if epochs > 0 {
      lines.append("Counter restarts: \(epochs) rows have an id that named another row before.")
    }
    if ambiguousReferences > 0 {
      lines.append(
        "Ambiguous: \(ambiguousReferences) references to an id that named several rows went to the last one."
      )
    }
    if conflicts > 0 {
      lines.append("Conflicts: v4 and v5 both changed \(conflicts) rows; v5's stand.")
    }
    if deletedInSource > 0 {
      let removed = conflicts > 0 ? "no longer has, but for those in conflict." : "no longer has."
      lines.append(
        "Gone from v4: \(deletedInSource) rows, which the store "
          + (appliedDeletes ? removed : "keeps (--apply-deletes removes them)."))
    }
    return lines
  }

  private static func cells(_ name: String, _ entry: LedgerEntry) -> [String] {
    [
      name, "\(entry.read)", "\(entry.imported)", "\(entry.updated)", "\(entry.merged)",
      "\(entry.unchanged)", "\(entry.rejected)",
    ]
  }
}
