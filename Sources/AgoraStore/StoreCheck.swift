/// Whether a store is sound: its pages, its references, its JSON, and the books of its migrations.
public struct StoreCheck: Sendable {
  /// One thing that was looked at.
  public struct Finding: Sendable {
    /// What was looked at.
    public let name: String
    /// How often it was wrong; 0 is well.
    public let faults: Int
    /// The first faults in words.
    public let examples: [String]
  }

  /// Everything that was looked at, in order.
  public let findings: [Finding]
  /// Whether nothing was wrong.
  public var isSound: Bool { findings.allSatisfy { $0.faults == 0 } }

  /// Queries that give one row, with a text, for each fault.
  private static let checks: [(name: String, query: Query)] =
    [
      (
        "pages",
        Query(
          "check.pages",
          "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check<>'ok'")
      ),
      (
        "foreign keys",
        Query(
          "check.foreign_keys",
          "SELECT \"table\" || ' row ' || rowid || ' refers to nothing in ' || parent FROM pragma_foreign_key_check"
        )
      ),
      (
        "receivers",
        Query(
          "check.receivers",
          """
          SELECT 'message ' || message_id || ' is to nobody: ' || to_agent FROM messages
          WHERE to_agent<>'broadcast' AND to_agent NOT IN (SELECT agent_id FROM agents)
          """)
      ),
      (
        "targets of events",
        Query(
          "check.targets",
          """
          SELECT 'event ' || event_id || ' is for nobody: ' || target_agent FROM events
          WHERE target_agent<>'broadcast' AND target_agent NOT IN (SELECT agent_id FROM agents)
          """)
      ),
      (
        "assigned agents of workflows",
        Query(
          "check.participants",
          """
          SELECT 'workflow ' || w.workflow_id || ' has an unknown agent: ' || j.value
          FROM workflows w, json_each(w.assigned_agents) j
          WHERE json_valid(w.assigned_agents) AND j.value NOT IN (SELECT agent_id FROM agents)
          """)
      ),
      (
        "agents of steps",
        Query(
          "check.step_agents",
          """
          SELECT 'workflow ' || w.workflow_id || ' has a step for an unknown agent'
          FROM workflows w, json_each(w.steps) j
          WHERE json_valid(w.steps) AND json_extract(j.value,'$.agent') IS NOT NULL
            AND json_extract(j.value,'$.agent') NOT IN (SELECT agent_id FROM agents)
          """)
      ),
      (
        "dependencies of tasks",
        Query(
          "check.dependencies",
          """
          SELECT 'task ' || t.task_id || ' depends on a task that is not there' FROM tasks t, json_each(t.dependencies) j
          WHERE json_valid(t.dependencies) AND j.value NOT IN (SELECT depends_on FROM task_dependencies d
            JOIN tasks p ON p.task_id=d.depends_on WHERE d.task_id=t.task_id)
          """)
      ),
      (
        "tasks of steps",
        Query(
          "check.step_tasks",
          """
          SELECT 'workflow ' || w.workflow_id || ' has a step that is not as far as its task'
          FROM workflows w, json_each(w.steps) j LEFT JOIN tasks t ON t.task_id=json_extract(j.value,'$.task_id')
          WHERE json_valid(w.steps) AND json_extract(j.value,'$.task_id') IS NOT NULL
            AND t.status IS NOT json_extract(j.value,'$.status')
          """)
      ),
      (
        "messages read",
        Query(
          "check.reads",
          """
          SELECT 'message ' || message_id || ' counts as unread and was read' FROM messages m
          WHERE unread AND to_agent<>'broadcast'
            AND EXISTS(SELECT 1 FROM message_reads r WHERE r.message_id=m.message_id AND r.agent_id=m.to_agent)
          """)
      ),
      (
        "ledgers",
        Query(
          "check.ledgers",
          """
          SELECT 'run ' || run || ', table ' || v4_table || ' does not add up' FROM migration_ledger
          WHERE read <> imported + updated + merged + unchanged + rejected
          """)
      ),
      (
        "places of v4 rows",
        Query(
          "check.v4_places",
          """
          SELECT 'row ' || row || ' is of a table or a file that is not there' FROM v4_rows
          WHERE table_no NOT IN (SELECT table_no FROM v4_tables) OR file NOT IN (SELECT file FROM v4_files)
          UNION ALL SELECT 'the step of row ' || row || ' has no row' FROM v4_steps
          WHERE row NOT IN (SELECT row FROM v4_rows)
          UNION ALL SELECT 'row ' || row || ' stands in a configuration that is not there' FROM v4_rows
          WHERE parent IS NOT NULL AND parent NOT IN (SELECT row FROM v4_rows)
            AND row NOT IN (SELECT row FROM v4_gone)
          """)
      ),
      (
        "ids of v4 rows",
        Query(
          "check.v4_ids",
          """
          SELECT v4_id || ' names two rows of one epoch' FROM v4_rows
          GROUP BY table_no, v4_id, epoch HAVING count(*)>1
          """)
      ),
    ]
    + [
      ("agents", ["capabilities", "metadata"]), ("services", ["schema"]),
      ("workflows", ["assigned_agents", "steps", "metadata"]), ("messages", ["metadata"]),
      ("tasks", ["payload", "dependencies", "metadata"]), ("events", ["data", "metadata"]),
      ("audit", ["before", "after", "metadata"]), ("archive", ["row"]),
      ("subscriptions", ["event_types", "filters"]), ("configuration", ["value"]),
      ("v4_rows", ["text"]), ("v4_shapes", ["columns"]), ("migration_runs", ["options", "report"]),
    ].flatMap { table, columns in
      columns.map { column in
        (
          "JSON of \(table).\(column)",
          Query(
            "check.json",
            "SELECT 'row ' || rowid FROM \(table) WHERE \(column) IS NOT NULL AND NOT json_valid(\(column))"
          )
        )
      }
    }

  /// Checks a store; takes time in proportion to its size.
  ///
  /// Each question is one query, and so of one moment.
  public init(_ store: Store) throws {
    findings = try Self.checks.map { name, query in
      do {
        return try store.read { connection in
          var faults = 0
          var examples: [String] = []
          try connection.each(query) { row in
            faults += 1
            if examples.count < 5 { examples.append(row.text(0)) }
          }
          return Finding(name: name, faults: faults, examples: examples)
        }
      } catch let error as AgoraError where error.code == .notAStore {
        // Pages are damaged: the other questions may still tell how far it goes.
        return Finding(
          name: name, faults: 1, examples: ["could not be looked at: \(error.message)"])
      }
    }
  }

  /// The outcome as JSON.
  public var json: JSON {
    .object([
      .init("sound", .bool(isSound)),
      .init(
        "checks",
        .array(
          findings.map { finding in
            .object([
              .init("name", .string(finding.name)), .init("faults", .int(finding.faults)),
              .init("examples", .array(finding.examples.map { .string($0) })),
            ])
          })),
    ])
  }

  /// The outcome for people.
  public var text: String {
    let lines = findings.map { finding in
      let verdict = finding.faults == 0 ? "ok" : "\(finding.faults) faults"
      return ([" \(finding.name): \(verdict)"] + finding.examples.map { "    \($0)" })
        .joined(separator: "\n")
    }
    return (lines + [isSound ? "The store is sound." : "The store is NOT sound."])
      .joined(separator: "\n")
  }
}
