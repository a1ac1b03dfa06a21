import AgoraStore
import TestSupport

/// An export in which few ids stand many times, and rows that cannot be mapped stand between those that can:
/// each for one of the reasons that there are.
struct RepeatedRows {
  private var dice: SeededDice
  private var tables: [(name: String, rows: [String])] = []

  init(_ dice: SeededDice) { self.dice = dice }

  /// The export's next state, which knows nothing of the one before.
  mutating func export(rows count: Int) -> [(name: String, rows: [String])] {
    tables = []
    add("agent_capability", #"{"capability_id":"c0","agent_id":"ok","capability_type":"t"}"#)
    for _ in 0..<count { addRow() }
    return tables
  }

  private mutating func add(_ table: String, _ row: String) {
    if let place = tables.firstIndex(where: { $0.name == table }) {
      tables[place].rows.append(row)
    } else {
      tables.append((table, [row]))
    }
  }

  private mutating func add(_ table: String, _ members: KeyValuePairs<String, JSON>) {
    add(
      table, JSONWriter.compact(.object(members.map { JSON.Member($0.key, $0.value) })))
  }

  /// Mostly the first of two.
  private mutating func mostly(_ one: String, _ other: String) -> JSON {
    .string(dice.once(in: 10) ? other : one)
  }

  private mutating func agent() -> JSON {
    .string(dice.pick(["ok", "ok2", "reg1", "ghostA", "ghostB"]))
  }

  private mutating func addRow() {
    let number = Int.random(in: 0..<4, using: &dice)
    let isBad = dice.once(in: 8)
    let variant = JSON.int(Int.random(in: 0..<2, using: &dice))
    switch Int.random(in: 0..<11, using: &dice) {
    case 0:
      let agent = mostly(number % 2 == 0 ? "ok2" : "ok", "ok")
      add(
        "agent_capability",
        [
          "capability_id": .string("c\(number)"), "agent_id": agent,
          "capability_type": isBad ? .array([]) : .string("t"), "proficiency": variant,
        ])
    case 1:
      let above = dice.pick(["ok", "reg1", "reg2", "ghostS"])
      add(
        "agent_registry",
        [
          "agent_id": .string("id\(number)"), "agent_name": .string("reg\(number)"),
          "supervisor_id": .string(above), "status": isBad ? .object([]) : .string("idle"),
          "x": variant,
        ])
    case 2, 3:
      let (sender, receiver) = (mostly("ok", "ghostA"), mostly("ok2", "ghostB"))
      add(
        "agent_message",
        [
          "message_id": .string("m\(number)"), "from_agent": sender, "to_agent": receiver,
          "timestamp": isBad ? .string("never") : .int(5), "reply_to": variant,
        ])
    case 4, 5:
      let table = dice.pick(["task_assignment", "task_queue"])
      let status = dice.pick(["pending", "done", "odd"])
      let (worker, workflow) = (agent(), mostly(number % 2 == 0 ? "w9" : "w1", ""))
      add(
        table,
        [
          "task_id": .string("t\(number)"), "agent_id": worker, "workflow_id": workflow,
          "status": .string(status), "progress": isBad ? .int(900) : .double(0.5),
        ])
    case 6:
      let (coordinator, participant) = (mostly("ok", "ghostA"), agent())
      add(
        "workflow_coordination",
        [
          "workflow_id": .string("w\(number)"), "coordinator_agent": coordinator,
          "participating_agents": .array([participant]), "x": variant,
          "created_at": isBad ? .string("never") : .int(7),
        ])
    case 7:
      let (workflow, worker) = (mostly("w\(number)", "w9"), agent())
      add(
        "workflow_step",
        [
          "step_id": .string("s\(number)"), "workflow_id": workflow, "step_name": .string("n"),
          "agent": worker, "status": isBad ? .array([]) : .string("pending"), "x": variant,
        ])
    case 8:
      let (source, target) = (mostly("ok", "ghostA"), agent())
      add(
        "system_events",
        [
          "event_id": .string("e\(number)"), "event_type": .string("h"), "source_agent": source,
          "target_agent": target, "timestamp": isBad ? .string("never") : .int(9), "x": variant,
        ])
    case 9:
      let target = agent()
      add(
        "user_overrides",
        [
          "override_id": .string("o\(number)"), "user_id": .string("u"), "target_id": target,
          "timestamp": isBad ? .string("never") : .int(3), "x": variant,
        ])
    default: addKeyless()
    }
  }

  /// Rows without an id, and what is none.
  private mutating func addKeyless() {
    let table = dice.pick(["agent_message", "task_assignment", "custom"])
    add(
      table,
      dice.pick([
        "17", #"{"a":1,"a":2}"#, #"{"id":{},"v":1}"#, #"{"v":1}"#,
        #"{"from_agent":"ghostA","content":"k"}"#, #"{"content":"k","timestamp":"never"}"#,
        #"{"agent_id":"ghostB","task_type":"k"}"#,
      ]))
  }
}
