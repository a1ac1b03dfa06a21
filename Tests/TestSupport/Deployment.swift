import AgoraStore

/// A v4 deployment that lives: agents come and go, messages are sent, tasks make progress.
///
/// What it exports at two times is what an operator's two exports are.
package struct Deployment {
  private var dice: SeededDice
  private var counter = 0
  private var tables: [(name: String, rows: [[JSON.Member]])] = []
  private let agents: [String]

  /// - Parameters:
  ///   - seed: determines everything that happens.
  package init(seed: UInt64) {
    dice = SeededDice(seed: seed)
    agents = (0..<6).map { "agent-\($0)" } + ["Größe 🚀", "a-17"]
    for name in [
      "agent_capability", "agent_registry", "agent_message", "task_assignment",
      "workflow_coordination", "workflow_step", "system_events", "user_overrides", "custom",
    ] { tables.append((name, [])) }
    for _ in 0..<30 { live() }
  }

  private mutating func nextID() -> JSON {
    counter += 1
    return .string("id_\(counter)")
  }

  private mutating func agent() -> JSON {
    dice.once(in: 6)
      ? .string("ghost-\(Int.random(in: 0..<4, using: &dice))") : .string(dice.pick(agents))
  }

  private mutating func time() -> JSON { .int(1_748_736_000_000_000 + counter * 1_000_000) }

  private mutating func existing(_ table: String, _ column: String) -> JSON {
    let rows = tables.first { $0.name == table }?.rows ?? []
    guard !rows.isEmpty, !dice.once(in: 5) else {
      return .string("never_\(Int.random(in: 0..<3, using: &dice))")
    }
    return dice.pick(rows).first { $0.name == column }?.value ?? .null
  }

  /// Lets one thing happen.
  package mutating func live() {
    let table = Int.random(in: tables.indices, using: &dice)
    let rows = tables[table].rows
    if !rows.isEmpty, dice.once(in: 4) {
      let row = Int.random(in: rows.indices, using: &dice)
      if dice.once(in: 2) { tables[table].rows.remove(at: row) } else { change(table, row) }
    } else {
      tables[table].rows.append(made(tables[table].name))
    }
  }

  private mutating func made(_ table: String) -> [JSON.Member] {
    func row(_ members: (String, JSON)...) -> [JSON.Member] { members.map { .init($0.0, $0.1) } }
    let id = nextID()
    switch table {
    case "agent_capability":
      return row(
        ("capability_id", id), ("agent_id", .string(dice.pick(agents))),
        ("capability_type", .string(dice.pick(["testing", "review", "docs"]))),
        ("proficiency_level", .int(counter % 10)), ("is_active", .bool(dice.once(in: 2))))
    case "agent_registry":
      // Registrations of names of their own, each once: an alias that moves is another story.
      return row(
        ("agent_id", .string("reg-\(counter)")), ("agent_name", .string("Registered \(counter)")),
        ("supervisor_id", agent()), ("status", .string("idle")))
    case "agent_message":
      return row(
        ("message_id", id), ("from_agent", agent()),
        ("to_agent", dice.once(in: 5) ? .string("*") : agent()),
        ("content", .string("text \(counter) \"é\" \n")), ("priority", .int(counter % 7)),
        ("timestamp", time()), ("delivered", .bool(false)),
        ("correlation_id", .string("c\(counter)")))
    case "task_assignment":
      return row(
        ("assignment_id", id), ("workflow_id", existing("workflow_coordination", "workflow_id")),
        ("agent_id", agent()), ("requesting_agent", agent()), ("task_type", .string("work")),
        ("input_data", .string("{\"n\":\(counter)}")), ("progress", .number("0.\(counter % 10)")))
    case "workflow_coordination":
      return row(
        ("workflow_id", id), ("coordinator_agent", agent()),
        ("participating_agents", .string(JSONWriter.compact(.array([agent(), .null, agent()])))),
        ("status", .string("active")), ("created_at", time()))
    case "workflow_step":
      return row(
        ("step_id", id), ("workflow_id", existing("workflow_coordination", "workflow_id")),
        ("step_name", .string("step \(counter)")), ("agent", agent()),
        ("status", .string("pending")))
    case "system_events":
      return row(
        ("event_id", id), ("event_type", .string("happened")), ("source_agent", agent()),
        ("timestamp", time()), ("data", .string("{}")))
    case "user_overrides":
      return row(
        ("override_id", id), ("user_id", .string("u")), ("target_id", agent()),
        ("timestamp", time()))
    default: return row(("id", id), ("value", .number("\(counter).50")))
    }
  }

  /// Changes what may change in the life of a row.
  private mutating func change(_ table: Int, _ row: Int) {
    let columns: Set<String> = [
      "proficiency_level", "is_active", "status", "priority", "delivered", "progress", "value",
      "agent_id",
    ]
    tables[table].rows[row] = tables[table].rows[row].map { member in
      guard columns.contains(member.name) else { return member }
      switch (member.name, member.value) {
      case ("agent_id", _) where tables[table].name != "task_assignment": return member
      case ("agent_id", _): return .init(member.name, agent())
      case (_, .bool(let value)): return .init(member.name, .bool(!value))
      case ("progress", _):
        return .init(member.name, .number("0.\(Int.random(in: 0..<10, using: &dice))"))
      case ("status", _):
        return .init(member.name, .string(dice.pick(["active", "done", "paused"])))
      case (_, .number): return .init(member.name, .int(Int.random(in: 0..<9, using: &dice)))
      default: return member
      }
    }
  }

  /// The deployment's data as a bundle.
  ///
  /// - Parameters:
  ///   - turn: by how many places the order of the tables is turned.
  package func export(turn: Int = 0) -> String {
    let order = tables.indices.map { tables[($0 + turn) % tables.count] }
    return JSONWriter.compact(
      .object(order.map { .init($0.name, .array($0.rows.map { .object($0) })) }))
  }
}
