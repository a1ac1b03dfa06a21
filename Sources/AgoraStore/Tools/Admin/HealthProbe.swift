/// Measures how a store does, on a connection of its own that never waits for long.
///
/// What goes wrong is a finding and not an error: whoever asks how things are gets an answer.
package struct HealthProbe {
  let path: String
  let catalog: ToolCatalog
  let now: Timestamp
  private let opened: Result<Connection, any Error>

  init(_ path: String, _ catalog: ToolCatalog, at now: Timestamp) {
    self.path = path
    self.catalog = catalog
    self.now = now
    opened = Result { try Self.connect(path) }
  }

  /// Opens a store without waiting long for anybody, also one that can only be read.
  static func connect(_ path: String) throws -> Connection {
    let connection: Connection
    do { connection = try Connection(path: path, mode: .readWrite) } catch {
      connection = try Connection(path: path, mode: .readOnly)
    }
    try Pragmas.probing.apply(to: connection)
    return connection
  }

  /// Measures components, the write last: it writes what was found of the others.
  func measure(
    _ components: [HealthComponent]
  ) -> [(component: HealthComponent, health: ComponentHealth)] {
    var found = components.filter { $0 != .write }.map { ($0, measure($0)) }
    if components.contains(.write) { found.insert((.write, write(found)), at: 0) }
    return found
  }

  private func measure(_ component: HealthComponent) -> ComponentHealth {
    switch component {
    case .database, .write, .read: read()
    case .wal: log()
    case .integrity: integrity()
    case .disk: disk()
    case .messages:
      count(
        Self.unread, .unreadMessages, "messages",
        "unread direct messages that were sent on v5")
    case .tasks: count(Self.overdue, .overdueTasks, "tasks", "open tasks that are overdue")
    case .agents:
      count(Self.stranded, .strandedTasks, "tasks", "open tasks of agents that are not active")
    case .server: server()
    case .halts: halts()
    }
  }

  /// A limit as it was set; the usual one where that cannot be read.
  private func limit(_ setting: Setting) -> Int {
    (try? setting.value(in: opened.get())) ?? setting.usual
  }

  private func timed(_ body: () throws -> Void) rethrows -> Double {
    let start = System.monotonicSeconds()
    try body()
    return (System.monotonicSeconds() - start) * 1_000
  }

  // MARK: the database

  private static let note = Query(
    "health.note",
    """
    INSERT INTO health(component, status, value, measured_at) VALUES(?1,?2,?3,?4)
    ON CONFLICT DO UPDATE SET status=excluded.status, value=excluded.value,
      measured_at=excluded.measured_at
    """)

  /// How long a transaction takes that is on the disk when it has been committed.
  private func write(
    _ found: [(HealthComponent, ComponentHealth)]
  ) -> ComponentHealth {
    let threshold = limit(.writeTime)
    do {
      let connection = try opened.get()
      let time = try timed {
        try connection.transaction {
          for (component, health) in found {
            try connection.run(
              Self.note, .text(component.rawValue), .text(health.status.rawValue),
              health.value.map { .real($0) } ?? .null, .integer(now.microseconds))
          }
          try connection.run(
            Self.note, .text(HealthComponent.write.rawValue),
            .text(HealthStatus.healthy.rawValue), .null, .integer(now.microseconds))
        }
      }
      return .atMost(threshold, time, "ms", "a synced write")
    } catch { return .failed("the store cannot be written", error, unit: "ms") }
  }

  private static let newest = ["agents", "workflows", "messages", "tasks", "events", "audit"].map {
    Query("health.read_\($0)", "SELECT * FROM \($0) WHERE rowid>0 ORDER BY rowid DESC LIMIT 20")
  }

  private func read() -> ComponentHealth {
    let threshold = limit(.readTime)
    do {
      let connection = try opened.get()
      let time = try timed {
        _ = try SchemaUpgrade.inspect(connection)
        for query in Self.newest { try connection.each(query) { _ = $0.value(0) } }
      }
      return .atMost(threshold, time, "ms", "the newest records of each kind")
    } catch { return .failed("the store cannot be read", error, unit: "ms") }
  }

  private func log() -> ComponentHealth {
    do {
      let size = try File.status(path + "-wal")?.size ?? 0
      return .atMost(limit(.logSize), Double(size) / 1_048_576, "MiB", "the write-ahead log")
    } catch { return .failed("the write-ahead log cannot be looked at", error, unit: "MiB") }
  }

  private func disk() -> ComponentHealth {
    do {
      let free = try File.freeBytes(at: File.folder(of: path))
      return .atLeast(
        limit(.freeDisk), Double(free) / 1_048_576, "MiB", "free on the store's disk")
    } catch { return .failed("the disk cannot be looked at", error, unit: "MiB") }
  }

  private func integrity() -> ComponentHealth {
    do {
      let outcome = try IntegritySample(connection: opened.get()).check(from: now)
      let message =
        outcome.faults.first.map(ValueCheck.shown) ?? "\(outcome.scope); nothing is wrong with it"
      return ComponentHealth(
        outcome.faults.isEmpty ? .healthy : .critical, Double(outcome.faults.count), "faults",
        threshold: 0, message)
    } catch { return .failed("the store cannot be checked", error, unit: "faults") }
  }

  /// The statements, for the test that looks at their plans.
  package static let queries =
    [note, unread, overdue, stranded, activeHalts] + newest + IntegritySample.queries

  // MARK: what waits

  private static let unread = Query(
    "health.unread",
    """
    SELECT count(*) FROM messages WHERE unread=1 AND source_row IS NULL AND to_agent<>'broadcast'
      AND timestamp<=?1
    """)
  private static let overdue = Query(
    "health.overdue",
    """
    SELECT count(*) FROM tasks
    WHERE deadline<?1 AND deadline IS NOT NULL AND status IN ('pending','in_progress')
    """)
  private static let stranded = Query(
    "health.stranded",
    """
    SELECT count(*) FROM agents a CROSS JOIN tasks t ON t.assigned_agent=a.agent_id
    WHERE a.status IN ('paused','suspended','terminated') AND t.status IN ('pending','in_progress')
      AND ?1 IS NOT NULL
    """)

  private func count(
    _ query: Query, _ setting: Setting, _ unit: String, _ what: String
  ) -> ComponentHealth {
    do {
      let number = try opened.get().integer(query, .integer(now.microseconds)) ?? 0
      return .atMost(limit(setting), Double(number), unit, what)
    } catch { return .failed("\(what) cannot be counted", error, unit: unit) }
  }

  /// Whether the tools that this program has are those that the store says there are.
  private func server() -> ComponentHealth {
    do {
      let outdated = try ServiceRegister.outdated(catalog, in: opened.get()).count
      return ComponentHealth(
        outdated == 0 ? .healthy : .degraded, Double(outdated), "tools", threshold: 0,
        "\(catalog.entries.count - outdated) of \(catalog.entries.count) tools are in the store as this program serves them"
      )
    } catch { return .failed("the tools cannot be looked up", error, unit: "tools") }
  }

  private static let activeHalts = Query(
    "health.halts", "SELECT count(*) FROM overrides WHERE state='active' AND target_id>''")

  private func halts() -> ComponentHealth {
    do {
      let connection = try opened.get()
      let count = try connection.integer(Self.activeHalts) ?? 0
      let whole = try Halt.strongest(on: ToolContext.systemWide, in: connection)
      let message =
        whole.map { "everything is halted at level \($0.priority): \(ValueCheck.shown($0.reason))" }
        ?? "\(count) halts of agents and workflows"
      return ComponentHealth(
        whole == nil ? .healthy : .critical, Double(count), "halts", message)
    } catch { return .failed("halts cannot be looked up", error, unit: "halts") }
  }
}
