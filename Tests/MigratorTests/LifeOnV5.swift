import AgoraStore
import Synchronization
import TestSupport

/// What agents do on v5 after a migration, as its tools will write it: records with ids of v5, and changes
/// in records that came from v4.
struct LifeOnV5 {
  private var dice: SeededDice
  private let identifiers: IdentifierSource
  private var time: Int64 = 1_780_000_000_000_000

  init(seed: UInt64) {
    dice = SeededDice(seed: seed)
    let words = RandomWords(seed: seed)
    identifiers = IdentifierSource(
      clock: .fixed(Timestamp(microseconds: time)), random: { words.next() })
  }

  private mutating func now() -> Int64 {
    time += 1_234_567
    return time
  }

  private func ids(_ table: String, _ store: String) throws -> [String] {
    let connection = try Connection(path: store, mode: .readOnly)
    return try connection.all(
      Query("test", "SELECT * FROM \(table) WHERE json_extract(metadata,'$.stub') IS NULL"),
      map: { $0.text(0) })
  }

  private mutating func agent(_ agents: [String]) -> SQLValue {
    dice.once(in: 8) ? .null : .text(dice.pick(agents))
  }

  /// Writes new records of every kind.
  mutating func write(into path: String) throws {
    let connection = try Connection(path: path, mode: .readWrite)
    for index in 0..<3 {
      try connection.run(
        Query(
          "test",
          "INSERT INTO agents(agent_id, agent_name, status, capabilities, max_concurrent_tasks, registered_at) VALUES(?1,?2,?3,?4,?5,?6)"
        ), .text(identifiers.next(.agent).description), .text("native \(index) é"),
        .text(["active", "paused", "suspended"][index]),
        .text(["[\"a\",\"b\"]", "[\"c \\\" d\"]", "[]"][index]),
        dice.once(in: 2) ? .null : .integer(4), .integer(now()))
    }
    let agents = try ids("agents", path)
    var workflows: [String] = try ids("workflows", path)
    for index in 0..<3 {
      let id = identifiers.next(.workflow).description
      try connection.run(
        Query(
          "test",
          """
          INSERT INTO workflows(workflow_id, workflow_name, status, creator_agent, assigned_agents,
            steps, created_at) VALUES(?1,?2,?3,?4,?5,?6,?7)
          """), .text(id), .text("deploy \(index)"),
        .text(dice.pick(["pending", "running", "completed", "paused", "terminated"])),
        agent(agents), .text(JSONWriter.compact(.array([.string(agents[0])]))),
        .text(JSONWriter.compact(.array((0..<index).map { step("step \($0)", agents) }))),
        .integer(now()))
      workflows.append(id)
    }
    for index in 0..<6 {
      let to = dice.once(in: 3) ? "broadcast" : dice.pick(agents)
      try connection.run(
        Query(
          "test",
          """
          INSERT INTO messages(message_id, from_agent, to_agent, message_type, content, priority,
            timestamp, delivered, metadata) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)
          """), .text(identifiers.next(.message).description), agent(agents), .text(to),
        .text(dice.pick(["info", "TaskRequest"])), .text("hello \(index) \"\n🚀"),
        .int(Int.random(in: 1...4, using: &dice)), .integer(now()),
        .int(dice.once(in: 2) ? 1 : 0), .text(dice.pick(["{}", "{\"thread\":\"t\"}"])))
      try connection.run(
        Query(
          "test",
          """
          INSERT INTO tasks(task_id, workflow_id, assigned_agent, task_type, payload, status,
            priority, progress, created_at, completed_at, metadata)
          VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)
          """), .text(identifiers.next(.task).description),
        dice.once(in: 2) ? .null : .text(dice.pick(workflows)), agent(agents), .text("build"),
        dice.pick([.null, .text("{\"some\":1}"), .text("\"text\""), .text("[0,1]")]),
        .text(dice.pick(["pending", "in_progress", "completed", "failed"])),
        .int(Int.random(in: 1...4, using: &dice)), .int(dice.pick([0, 1, 7, 30, 99, 100])),
        .integer(now()), dice.once(in: 2) ? .null : .integer(now()),
        .text("{\"requesting_agent\":\"\(agents[0])\"}"))
    }
    try connection.run(
      Query(
        "test",
        "INSERT INTO events(event_id, event_type, source_agent, target_agent, data, timestamp) VALUES(?1,'seen',?2,'broadcast','{\"n\":1}',?3)"
      ), .text(identifiers.next(.event).description), .text(agents[0]), .integer(now()))
    try extendWorkflows(connection, agents)
  }

  private mutating func step(_ name: String, _ agents: [String]) -> JSON {
    .object([
      .init("step_id", .string(identifiers.next(.step).description)), .init("name", .string(name)),
      .init("agent", .string(dice.pick(agents))),
      .init("status", .string(dice.pick(["pending", "in_progress"]))),
      .init("started_at", .string(Timestamp(microseconds: now()).description)),
    ])
  }

  /// Adds a step to a workflow that came from v4.
  private mutating func extendWorkflows(_ connection: Connection, _ agents: [String]) throws {
    let rows = try connection.all(
      Query("test", "SELECT workflow_id, steps FROM workflows WHERE source_row IS NOT NULL"),
      map: { ($0.text(0), $0.text(1)) })
    for (id, steps) in rows where dice.once(in: 2) {
      let longer = (try JSON.parse(steps).elements ?? []) + [step("added", agents)]
      try connection.run(
        Query("test", "UPDATE workflows SET steps=?2 WHERE workflow_id=?1"), .text(id),
        .text(JSONWriter.compact(.array(longer))))
    }
  }

  /// Changes records that came from v4, and removes some.
  mutating func change(in path: String) throws {
    let connection = try Connection(path: path, mode: .readWrite)
    let agents = try ids("agents", path)
    for id in agents where dice.once(in: 2) {
      let changes = [
        "status='active'", "status='paused'", "status='suspended'", "max_concurrent_tasks=17",
        "capabilities=json_insert(capabilities,'$[#]','learned on v5')",
      ]
      try connection.run(
        Query("test", "UPDATE agents SET \(dice.pick(changes)) WHERE agent_id=?1"), .text(id))
    }
    for id in try ids("tasks", path) where dice.once(in: 2) {
      let changes = [
        "status='completed', progress=100, completed_at=1790000000000000", "progress=7, priority=4",
        "assigned_agent='\(dice.pick(agents))'", "status='failed'", "progress=1",
      ]
      try connection.run(
        Query("test", "UPDATE tasks SET \(dice.pick(changes)) WHERE task_id=?1"), .text(id))
    }
    for id in try ids("messages", path) where dice.once(in: 3) {
      try connection.run(
        Query("test", "UPDATE messages SET delivered=1-delivered WHERE message_id=?1"), .text(id))
    }
    for id in try ids("workflows", path) where dice.once(in: 2) {
      let changes = [
        "status='completed', completed_at=1790000000000000", "status='terminated'",
        "assigned_agents='[\"\(dice.pick(agents))\"]'",
        "steps=json_replace(steps,'$[0].status','completed','$[0].started_at','2026-01-02T03:04:05Z')",
        "steps=json_remove(steps,'$[0]')",
      ]
      try connection.run(
        Query("test", "UPDATE workflows SET \(dice.pick(changes)) WHERE workflow_id=?1"), .text(id))
    }
    try connection.execute(
      "DELETE FROM messages WHERE rowid%7=0; DELETE FROM events WHERE rowid%5=0")
  }
}

/// Random words for ids, from a seed.
private final class RandomWords: Sendable {
  private let dice: Mutex<SeededDice>

  init(seed: UInt64) { dice = Mutex(SeededDice(seed: seed ^ 0x5eed)) }

  func next() -> (UInt64, UInt64) { dice.withLock { ($0.next(), $0.next()) } }
}
