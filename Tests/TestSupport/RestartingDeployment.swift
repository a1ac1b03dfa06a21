import AgoraStore

/// A v4 deployment whose counter restarts at zero now and then, as v4's did, with the truth that the
/// exports do not tell: which row is which.
///
/// Every row says who it is in a field that never changes, so a store can be held against the truth.
package struct RestartingDeployment {
  /// A row with its true identity.
  package struct Row {
    package let truth: Int
    package let table: String
    package let id: String
    /// The true identity of the workflow that a task belongs to.
    package let workflow: Int?
    /// When it was made, in microseconds.
    package let time: Int
    /// What may change: hundredths of progress of a task, 0 or 1 for a message's delivery.
    package var state: Int
  }

  private var dice: SeededDice
  private var counter = 0
  private var truths = 0
  /// Whether a restart begins with empty tables, or lets new rows take the ids of those that are there.
  private let clears: Bool
  /// What the database has now.
  package private(set) var rows: [Row] = []
  /// How often the counter restarted.
  package private(set) var restarts = 0

  package init(seed: UInt64) {
    dice = SeededDice(seed: seed)
    clears = seed % 2 == 0
    for _ in 0..<12 { live() }
  }

  /// Lets one thing happen.
  package mutating func live() {
    if dice.once(in: 12), counter > 0 {
      counter = 0
      restarts += 1
      if clears { rows = [] }
    }
    if !rows.isEmpty, dice.once(in: 4) {
      let index = Int.random(in: rows.indices, using: &dice)
      if rows[index].table == "task_assignment" {
        rows[index].state = Int.random(in: rows[index].state...100, using: &dice)
      } else {
        rows[index].state = 1
      }
      return
    }
    truths += 1
    counter += 1
    let table = dice.pick(
      ["workflow_coordination", "agent_message", "task_assignment", "system_events"])
    // A task belongs to the newest workflow of the id that it names: what else could v4 have meant?
    let workflows = rows.filter { $0.table == "workflow_coordination" }
    let named = workflows.isEmpty ? nil : dice.pick(workflows).id
    let meant = workflows.last { $0.id == named }
    rows.append(
      Row(
        truth: truths, table: table, id: "id_\(counter)",
        workflow: table == "task_assignment" ? meant?.truth : nil,
        time: 1_748_736_000_000_000 + truths * 1_000_000, state: 0))
  }

  private func workflowID(_ row: Row) -> JSON {
    .optional(rows.first { $0.truth == row.workflow }?.id)
  }

  private func json(_ row: Row) -> JSON {
    let time = JSON.int(row.time)
    let members: [JSON.Member] =
      switch row.table {
      case "workflow_coordination":
        [
          .init("workflow_id", .string(row.id)), .init("coordinator_agent", .string("boss")),
          .init("status", .string(row.state == 0 ? "active" : "completed")),
          .init("created_at", time),
        ]
      case "agent_message":
        [
          .init("message_id", .string(row.id)), .init("from_agent", .string("a")),
          .init("to_agent", .string("b")), .init("content", .string("truth \(row.truth)")),
          .init("timestamp", time), .init("delivered", .bool(row.state == 1)),
        ]
      case "task_assignment":
        [
          .init("assignment_id", .string(row.id)), .init("workflow_id", workflowID(row)),
          .init("agent_id", .string("a")), .init("task_type", .string("truth \(row.truth)")),
          .init(
            "progress",
            .number(row.state == 100 ? "1" : "0.\(row.state < 10 ? "0" : "")\(row.state)")),
          .init("created_at", time),
        ]
      default:
        [
          .init("event_id", .string(row.id)), .init("event_type", .string("truth \(row.truth)")),
          .init("source_agent", .string("a")), .init("timestamp", time),
        ]
      }
    return .object(members)
  }

  /// The deployment's data as a bundle.
  package func export() -> String {
    let tables = ["task_assignment", "agent_message", "system_events", "workflow_coordination"]
    return JSONWriter.compact(
      .object(
        tables.map { table in
          .init(table, .array(rows.filter { $0.table == table }.map(json)))
        }))
  }
}
