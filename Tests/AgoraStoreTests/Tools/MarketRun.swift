import AgoraStore
import TestSupport
import Testing

/// A marketplace and the model that goes along with it, and one random call of each kind.
struct MarketRun {
  let bazaar: TestMarketplace
  var model = MarketModel()
  var dice: SeededDice
  var agentIDs: [String] = []
  var messageIDs: [String] = []
  var subscriptionIDs: [String] = []
  var taskIDs: [String] = []
  var workflowIDs: [String] = []
  var done: [String: Int] = [:]
  var refused: [ToolFailure.Code: Int] = [:]
  var place = ""

  init(_ folder: String, seed: UInt64) throws {
    bazaar = try TestMarketplace(in: folder)
    dice = SeededDice(seed: seed)
    for _ in 0..<3 { try register(0) }
  }

  private func name(_ agent: Int) -> String { "agent \(agent)" }
  private mutating func agent() -> Int { dice.pick(Array(agentIDs.indices)) }

  // MARK: one call

  /// The content as text, a line for each record that the audit has to tell of.
  private func content() throws -> [String: String] {
    var lines: [String: String] = [:]
    for sql in [
      "SELECT agent_id, status, capabilities, service_tier FROM agents",
      "SELECT task_id, status, assigned_agent, progress, completed_at FROM tasks",
      "SELECT workflow_id, status, steps FROM workflows", "SELECT key, value FROM configuration",
    ] {
      for row in try bazaar.rows(sql) { lines[row[0]] = row.dropFirst().joined(separator: "|") }
    }
    return lines
  }

  /// What no call adds to without saying so.
  private func state() throws -> [[String]] {
    try bazaar.rows(
      """
      SELECT (SELECT count(*) FROM agents), (SELECT count(*) FROM messages),
        (SELECT count(*) FROM message_reads), (SELECT count(*) FROM events),
        (SELECT count(*) FROM audit), (SELECT count(*) FROM overrides),
        (SELECT count(*) FROM subscriptions WHERE status='active'),
        (SELECT count(*) FROM overrides WHERE state='active')
      """)
  }

  /// Calls a tool and holds what holds for every call: nothing but an override succeeds while all is
  /// halted, a failure changes nothing, and each record that was changed has its audit entry and an event.
  private mutating func call(
    _ tool: String, _ members: [JSON.Member], expecting code: ToolFailure.Code?
  ) throws -> JSON? {
    let isHalted = !model.wholeHalts.isEmpty && tool != "agora.admin.override"
    let code = isHalted ? .halted : code
    let before = try content()
    let state = try state()
    let audit = try bazaar.rows("SELECT ifnull(max(rowid),0) FROM audit")[0][0]
    let event = try bazaar.rows("SELECT ifnull(max(seq),0) FROM events")[0][0]
    let arguments = JSON.object(members)
    place = "\(tool) \(JSONWriter.compact(arguments))"
    var result: JSON?
    var failure: ToolFailure?
    do throws(ToolFailure) {
      result = try bazaar.marketplace.call(tool, arguments, as: .owner(.swift)).result
    } catch { failure = error }
    #expect(failure?.code == code, "\(place): \(failure?.description ?? "done")")
    bazaar.pass(seconds: 1)
    if let failure {
      refused[failure.code, default: 0] += 1
      #expect(try content() == before && self.state() == state, "\(place)")
      return nil
    }
    done[tool, default: 0] += 1
    let after = try content()
    let changed = after.filter { before[$0.key] != $0.value }.map(\.key)
    let targets = Set(
      try bazaar.rows("SELECT target FROM audit WHERE rowid>\(audit)").map { $0[0] })
    let untold = changed.filter { !targets.contains($0) }
    #expect(untold.isEmpty, "\(place): no audit entry for \(untold)")
    let events = try bazaar.rows("SELECT count(*) FROM events WHERE seq>\(event)")
    #expect(changed.isEmpty || events != [["0"]], "\(place)")
    return result
  }

  private var isHalted: Bool { !model.wholeHalts.isEmpty }

  // MARK: agents and messages

  mutating func register(_ newInSo: Int) throws {
    let isNew = newInSo == 0 || dice.once(in: newInSo)
    let agent = isNew ? agentIDs.count : agent()
    let capability = dice.pick(["x", "y", "z"])
    let code = isNew ? nil : model.actor(agent)
    let result = try call(
      "agora.agent.register",
      [
        .init("agent_name", .string(name(agent))),
        .init("capabilities", .array([.string(capability)])),
      ], expecting: code)
    guard let id = result?["agent_id"]?.text else { return }
    if isNew {
      agentIDs.append(id)
      model.agents.append(.init(capabilities: [capability]))
    } else {
      #expect(id == agentIDs[agent], "\(place)")
      if !model.agents[agent].capabilities.contains(capability) {
        model.agents[agent].capabilities.append(capability)
      }
    }
  }

  mutating func send() throws {
    let (from, to) = (agent(), dice.once(in: 3) ? nil : agent())
    let result = try call(
      "agora.messaging.send",
      [
        .init("from_agent", .string(dice.once(in: 2) ? name(from) : agentIDs[from])),
        .init("to_agent", .string(to.map { name($0) } ?? "broadcast")),
        .init("content", .string("\(messageIDs.count)")),
      ], expecting: model.actor(from))
    guard let id = result?["message_id"]?.text else { return }
    messageIDs.append(id)
    model.messages.append(.init(from: from, to: to))
  }

  mutating func acknowledge() throws {
    let reader = agent()
    var wanted = model.inbox(reader, unreadOnly: !dice.once(in: 4)).filter { _ in
      dice.once(in: 2)
    }
    // Sometimes one that is another's.
    if !messageIDs.isEmpty, dice.once(in: 6) {
      wanted.append(dice.pick(Array(messageIDs.indices)))
    }
    guard !wanted.isEmpty else { return }
    var next = model
    let count = next.read(reader, wanted)
    let result = try call(
      "agora.messaging.acknowledge",
      [
        .init("agent_id", .string(name(reader))),
        .init("message_ids", wanted.map { messageIDs[$0] }.json),
      ], expecting: model.actor(reader) ?? (count == nil ? .notFound : nil))
    guard let result else { return }
    #expect(result["count"]?.integer == count, "\(place)")
    model = next
  }

  mutating func subscribe() throws {
    let (reader, types) = (agent(), dice.pick([["a"], ["b"], ["a", "b"]]))
    let known = model.subscription(reader, Set(types))
    let members: [JSON.Member] = [
      .init("agent_id", .string(agentIDs[reader])), .init("event_types", types.json),
    ]
    guard dice.once(in: 2) else {
      let code = model.actor(reader) ?? (known == nil ? .notFound : nil)
      let result = try call("agora.messaging.unsubscribe", members, expecting: code)
      if result != nil, let known { model.subscriptions[known].isActive = false }
      return
    }
    let result = try call(
      "agora.messaging.subscribe", members, expecting: model.actor(reader))
    guard let id = result?["subscription_id"]?.text else { return }
    if let known { return #expect(id == subscriptionIDs[known], "\(place)") }
    subscriptionIDs.append(id)
    model.subscriptions.append(.init(agent: reader, types: Set(types)))
  }

  // MARK: work

  mutating func assign() throws {
    let worker = agent()
    let result = try call(
      "agora.task.assign",
      [
        .init("assignee", .string(name(worker))), .init("task_type", .string("t")),
        .init("payload", .object([])),
      ], expecting: model.assignee(worker))
    guard let id = result?["task_id"]?.text else { return }
    taskIDs.append(id)
    model.tasks.append(.init(agent: worker))
  }

  mutating func update() throws {
    guard !taskIDs.isEmpty else { return }
    let open = model.tasks.indices.filter { model.tasks[$0].status.isOpen }
    let task = open.isEmpty || dice.once(in: 8) ? taskIDs.count - 1 : dice.pick(open)
    let status = dice.pick([TaskStatus.inProgress, .completed, .completed, .failed])
    var next = model
    let code = next.update(task, status)
    let result = try call(
      "agora.task.update",
      [.init("task_id", .string(taskIDs[task])), .init("status", status.json)], expecting: code)
    if result != nil { model = next }
  }

  mutating func create() throws {
    let workers = (0..<Int.random(in: 1...3, using: &dice)).map { _ in agent() }
    let steps = workers.enumerated().map { index, worker in
      JSON.object([
        .init("name", .string("s\(index)")), .init("agent", .string(name(worker))),
        .init("depends_on", (index == 0 ? [] : ["s\(index - 1)"]).json),
      ])
    }
    let code = workers.lazy.compactMap { [model] in model.assignee($0) }.first
    let result = try call(
      "agora.workflow.create",
      [
        .init("workflow_name", .string("w")), .init("steps", .array(steps)),
        .init("assigned_agents", .array([])),
      ], expecting: code)
    guard let id = result?["workflow_id"]?.text else { return }
    workflowIDs.append(id)
    model.workflows.append(.init(steps: workers.map { ($0, .pending, nil) }))
    model.settle(model.workflows.count - 1)
  }

  private mutating func workflow() -> Int? {
    let open = model.workflows.indices.filter { !model.workflows[$0].standing.status.isFinished }
    return open.isEmpty ? workflowIDs.indices.last : dice.pick(open)
  }

  mutating func modify() throws {
    guard let place = workflow() else { return }
    let action = dice.pick(["pause", "pause", "resume", "resume", "terminate"])
    var next = model
    let code = next.modify(place, action)
    let result = try call(
      "agora.workflow.modify",
      [.init("workflow_id", .string(workflowIDs[place])), .init("action", .string(action))],
      expecting: code)
    if result != nil { model = next }
  }

  // MARK: force

  mutating func override() throws {
    var target = MarketModel.Target.agent(agent())
    switch Int.random(in: 0..<6, using: &dice) {
    case 0: target = .whole
    case 1...3: if let place = workflow() { target = .workflow(place) }
    default: break
    }
    let held = !model.halts(target).isEmpty
    var action = dice.pick(["pause", "emergency_halt", "resume", "resume"])
    // What is halted is mostly to be resumed, or everything would stand still soon.
    if isHalted || held, !dice.once(in: 4) { action = "resume" }
    if isHalted, !dice.once(in: 4) { target = .whole }
    if dice.once(in: 12) { action = "terminate" }
    let level = action == "resume" && dice.once(in: 2) ? 255 : dice.pick([10, 100, 200, 255])
    var next = model
    let code = next.override(target, action, level)
    let id =
      switch target {
      case .whole: "system_wide"
      case .agent(let agent): dice.once(in: 2) ? name(agent) : agentIDs[agent]
      case .workflow(let place): workflowIDs[place]
      }
    let result = try call(
      "agora.admin.override",
      [
        .init("target_id", .string(id)), .init("action", .string(action)),
        .init("reason", .string("r")), .init("priority", .int(level)),
      ], expecting: code)
    guard let result else { return }
    model = next
    #expect(result["active_halts"]?.integer == model.halts(target).count, "\(place)")
  }

  mutating func manage() throws {
    if dice.once(in: 3) {
      let (key, value) = ("events.keep_days", Int.random(in: 1...90, using: &dice))
      let result = try call(
        "agora.admin.manage",
        [
          .init("action", .string("set_config")), .init("key", .string(key)),
          .init("value", .int(value)),
        ], expecting: nil)
      guard let result else { return }
      #expect(result["changed"] == .bool(model.settings[key] != value), "\(place)")
      model.settings[key] = value
      return
    }
    let (agent, status) = (agent(), dice.pick(AgentStatus.allCases + [.active, .active]))
    let result = try call(
      "agora.admin.manage",
      [
        .init("action", .string("set_agent_status")), .init("agent_id", .string(name(agent))),
        .init("status", status.json),
      ], expecting: model.agents[agent].standing.halts.isEmpty ? nil : .halted)
    guard let result else { return }
    #expect(
      result["changed"] == .bool(model.agents[agent].standing.status != status), "\(place)")
    model.set(agent, status)
  }

  // MARK: comparing

  /// Finds the ids of the tasks that workflows have begun meanwhile.
  private mutating func learn() throws {
    for index in taskIDs.count..<max(taskIDs.count, model.tasks.count) {
      let (workflow, step) = model.tasks[index].place ?? (0, 0)
      let found = try bazaar.rows(
        """
        SELECT task_id FROM tasks WHERE workflow_id='\(workflowIDs[workflow])'
          AND metadata->>'step'='s\(step)'
        """)
      #expect(found.count == 1, "\(place): step \(step) of \(workflow)")
      taskIDs.append(found.first?.first ?? "")
    }
  }

  mutating func compare() throws {
    try learn()
    let agents = zip(agentIDs, model.agents).enumerated().map { index, pair in
      [
        pair.0, pair.1.standing.status.rawValue, JSONWriter.compact(pair.1.capabilities.json),
        "\(pair.1.standing.halts.count)", "\(model.load(index))",
        "\(model.subscriptions.count { $0.agent == index && $0.isActive })",
      ]
    }
    let stored = try bazaar.rows(
      """
      SELECT agent_id, status, capabilities,
        (SELECT count(*) FROM overrides o WHERE o.target_id=agent_id AND o.state='active'),
        (SELECT count(*) FROM tasks WHERE assigned_agent=agent_id AND status IN ('pending','in_progress')),
        (SELECT count(*) FROM subscriptions s WHERE s.agent_id=a.agent_id AND s.status='active')
      FROM agents a ORDER BY rowid
      """)
    #expect(stored == agents, "\(place)")
    let tasks = try bazaar.rows(
      "SELECT task_id, status, assigned_agent FROM tasks ORDER BY task_id")
    let modelled = zip(taskIDs, model.tasks).map { [$0, $1.status.rawValue, agentIDs[$1.agent]] }
    #expect(tasks == modelled.sorted { $0[0] < $1[0] }, "\(place)")
    let workflows = try bazaar.rows(
      """
      SELECT workflow_id, status, (SELECT group_concat(j.value->>'status') FROM json_each(steps) j)
      FROM workflows ORDER BY rowid
      """)
    let planned = zip(workflowIDs, model.workflows).map { id, workflow in
      let steps = workflow.steps.map(\.status.rawValue).joined(separator: ",")
      return [id, workflow.standing.status.rawValue, steps]
    }
    #expect(workflows == planned, "\(place)")
    try look()
  }

  /// What one agent sees by the tools.
  private mutating func look() throws {
    let reader = agent()
    for unreadOnly in [false, true] {
      let page = try bazaar.call(
        "agora.messaging.receive",
        #"{"agent_id":"\#(name(reader))","unread_only":\#(unreadOnly),"limit":1000}"#)
      let ids = page["messages"]?.elements?.map { $0["message_id"]?.text }
      let expected = model.inbox(reader, unreadOnly: unreadOnly).map { messageIDs[$0] }
      #expect(ids == expected, "\(place)")
    }
    let agent = try bazaar.call("agora.agent.status", #"{"agent_id":"\#(agentIDs[reader])"}"#)
    #expect(agent["open_task_count"]?.integer == model.load(reader), "\(place)")
    let unread = model.inbox(reader, unreadOnly: true).count
    #expect(agent["unread_messages"]?.integer == unread, "\(place)")
    let whole = try bazaar.call("agora.query.marketplace", "{}")
    #expect(whole["halted"] == .bool(isHalted), "\(place)")
  }

  /// What must hold at the end; each query gives the rows that break it.
  static let laws = [
    "SELECT agent_id FROM agents a WHERE status IS NOT (SELECT after->>'status' FROM audit WHERE target=agent_id AND after->>'status' IS NOT NULL ORDER BY rowid DESC LIMIT 1)",
    "SELECT workflow_id FROM workflows w WHERE status IS NOT (SELECT after->>'status' FROM audit WHERE target=workflow_id AND after->>'status' IS NOT NULL AND after->>'step_id' IS NULL ORDER BY rowid DESC LIMIT 1)",
    "SELECT task_id FROM tasks WHERE status IS NOT (SELECT after->>'status' FROM audit WHERE target=task_id AND after->>'status' IS NOT NULL ORDER BY rowid DESC LIMIT 1)",
  ]

  func check() throws {
    for law in Self.laws { #expect(try bazaar.rows(law) == [], "\(law)") }
    let check = try StoreCheck(bazaar.store)
    #expect(check.isSound, "\(check.text)")
  }
}
