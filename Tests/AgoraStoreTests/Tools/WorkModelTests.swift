import AgoraStore
import TestSupport
import Testing

/// Random sequences of the tools for tasks and workflows against a model of them.
@Suite struct WorkModelTests {
  /// A marketplace and the model that goes along with it.
  private struct Run {
    let bazaar: TestMarketplace
    var model = WorkModel()
    var dice: SeededDice
    var agentIDs: [String] = []
    /// The id of each of the model's tasks.
    var taskIDs: [String] = []
    var workflowIDs: [String] = []
    var names = 0
    /// How often each tool was called and how often it failed.
    var outcomes: [String: (done: Int, refused: Int)] = [:]

    init(_ folder: String, seed: UInt64) throws {
      bazaar = try TestMarketplace(in: folder)
      dice = SeededDice(seed: seed)
      for _ in 0..<3 { try register() }
    }

    private mutating func call(
      _ tool: String, _ parameters: String, expecting code: ToolFailure.Code?
    ) throws -> JSON? {
      let arguments = try JSON.parse(parameters)
      var result: JSON?
      var failure: ToolFailure?
      do throws(ToolFailure) {
        result = try bazaar.marketplace.call(tool, arguments, as: .owner(.swift)).result
      } catch { failure = error }
      #expect(failure?.code == code, "\(tool) \(parameters): \(failure?.description ?? "done")")
      let known = outcomes[tool] ?? (0, 0)
      outcomes[tool] =
        failure == nil ? (known.done + 1, known.refused) : (known.done, known.refused + 1)
      bazaar.pass(seconds: 1)
      return result
    }

    private func list(_ words: [String]) -> String { JSONWriter.compact(words.json) }

    mutating func register() throws {
      let capabilities = ["x", "y", "z"].filter { _ in !dice.once(in: 3) }
      let limit = Int.random(in: 0..<5, using: &dice)
      let agent = WorkModel.Agent(
        name: "agent \(model.agents.count)", capabilities: Set(capabilities), limit: limit)
      let result = try call(
        "agora.agent.register",
        #"{"agent_name":"\#(agent.name)","capabilities":\#(list(capabilities)),"max_concurrent_tasks":\#(limit)}"#,
        expecting: nil)
      model.agents.append(agent)
      agentIDs.append(result?["agent_id"]?.text ?? "")
    }

    mutating func assign() throws {
      var dependencies: [Int] = []
      while !taskIDs.isEmpty, dice.once(in: 2) {
        let task = max(0, taskIDs.count - 1 - Int.random(in: 0..<10, using: &dice))
        if !dependencies.contains(task) { dependencies.append(task) }
      }
      let workflow =
        workflowIDs.isEmpty || !dice.once(in: 4)
        ? nil : Int.random(in: workflowIDs.indices, using: &dice)
      var parameters =
        #"{"task_type":"t","payload":{},"depends_on":\#(list(dependencies.map { taskIDs[$0] }))"#
      if let workflow { parameters += #","workflow_id":"\#(workflowIDs[workflow])""# }
      // What is wrong with workflow or dependencies is said before an agent is looked for.
      var probe = model
      var code = probe.assign(0, dependencies, workflow)
      var agent: Int?
      if dice.once(in: 2) {
        let chosen = Int.random(in: model.agents.indices, using: &dice)
        parameters += #","assignee":"\#(model.agents[chosen].name)"}"#
        agent = chosen
      } else {
        let wanted = ["x", "y", "z"].filter { _ in dice.once(in: 2) }
        parameters += #","required_capabilities":\#(list(wanted))}"#
        let (chosen, refusal) = model.choose(Set(wanted))
        agent = chosen
        code = code ?? refusal
      }
      let result = try call("agora.task.assign", parameters, expecting: code)
      guard code == nil, let agent else { return }
      #expect(result?["assigned_agent"]?.text == agentIDs[agent], "\(parameters)")
      _ = model.assign(agent, dependencies, workflow)
      taskIDs.append(result?["task_id"]?.text ?? "")
    }

    mutating func update() throws {
      guard !taskIDs.isEmpty else { return }
      // Mostly one that is open.
      let open = model.tasks.indices.filter { model.tasks[$0].status.isOpen }
      let task =
        open.isEmpty || dice.once(in: 5)
        ? Int.random(in: taskIDs.indices, using: &dice) : dice.pick(open)
      let status = dice.once(in: 5) ? nil : dice.pick(TaskStatus.allCases)
      let progress =
        status == nil || dice.once(in: 3) ? Int.random(in: 0...3, using: &dice) * 30 : nil
      var members: [JSON.Member] = [.init("task_id", .string(taskIDs[task]))]
      if let status { members.append(.init("status", status.json)) }
      if let progress { members.append(.init("progress", progress.json)) }
      let code = model.update(task, status, progress)
      _ = try call(
        "agora.task.update", JSONWriter.compact(.object(members)), expecting: code)
    }

    /// A step that depends on some of others.
    private mutating func step(after others: [String]) -> WorkModel.Step {
      names += 1
      let dependencies = others.filter { _ in dice.once(in: 2) }
      let when = dependencies.isEmpty ? .success : dice.pick(StepCondition.allCases)
      return WorkModel.Step(
        name: "s\(names)", agent: Int.random(in: model.agents.indices, using: &dice),
        dependencies: dependencies, when: when)
    }

    private func text(_ step: WorkModel.Step) -> String {
      #"{"name":"\#(step.name)","agent":"\#(model.agents[step.agent].name)","depends_on":\#(list(step.dependencies)),"when":"\#(step.when.rawValue)"}"#
    }

    mutating func create() throws {
      var steps: [WorkModel.Step] = []
      for _ in 0..<Int.random(in: 1...5, using: &dice) {
        steps.append(step(after: steps.map(\.name)))
      }
      steps.shuffle(using: &dice)
      let starts = !dice.once(in: 3)
      let result = try call(
        "agora.workflow.create",
        #"{"workflow_name":"w","assigned_agents":[],"start":\#(starts),"steps":[\#(steps.map(text).joined(separator: ","))]}"#,
        expecting: nil)
      workflowIDs.append(result?["workflow_id"]?.text ?? "")
      model.create(steps, starts: starts)
    }

    mutating func modify() throws {
      guard !workflowIDs.isEmpty else { return }
      // Mostly one that is not over.
      let open = model.workflows.indices.filter { !model.workflows[$0].status.isFinished }
      let place =
        open.isEmpty || dice.once(in: 5)
        ? Int.random(in: workflowIDs.indices, using: &dice) : dice.pick(open)
      let steps = model.workflows[place].steps
      var action = dice.pick(ModifyWorkflow.Action.allCases)
      if action == .terminate, !dice.once(in: 3) { action = .addStep }
      var parameters = #"{"workflow_id":"\#(workflowIDs[place])","action":"\#(action.rawValue)""#
      var code: ToolFailure.Code?
      switch action {
      case .start, .pause, .resume, .terminate: code = model.modify(place, action)
      case .reassign, .removeStep:
        guard !steps.isEmpty else { return }
        let index = Int.random(in: steps.indices, using: &dice)
        parameters += #","step":"\#(steps[index].name)""#
        if action == .removeStep {
          code = model.remove(place, index)
        } else {
          let agent = Int.random(in: model.agents.indices, using: &dice)
          parameters += #","agent":"\#(agentIDs[agent])""#
          code = model.reassign(place, index, agent)
        }
      case .addStep:
        let new = step(after: steps.map(\.name))
        parameters += #","step":\#(text(new))"#
        code = model.add(place, new)
      case .reorder:
        let order = steps.shuffled(using: &dice)
        parameters += #","steps":\#(list(order.map(\.name)))"#
        code = model.workflows[place].status.isFinished ? .conflict : nil
        if code == nil { model.workflows[place].steps = order }
      }
      _ = try call("agora.workflow.modify", parameters + "}", expecting: code)
    }

    /// Finds the ids of the tasks that workflows have begun meanwhile.
    mutating func learn() throws {
      for index in taskIDs.count..<max(taskIDs.count, model.tasks.count) {
        let task = model.tasks[index]
        let found = try bazaar.rows(
          """
          SELECT task_id FROM tasks WHERE workflow_id='\(task.workflow.map { workflowIDs[$0] } ?? "")'
            AND metadata->>'step'='\(task.step ?? "")'
          """)
        #expect(found.count == 1, "the step \(task.step ?? "") has no task, or several")
        taskIDs.append(found.first?.first ?? "")
      }
    }

    /// Holds the whole store against the model.
    func compare(_ number: Int) throws {
      let tasks = try bazaar.rows(
        "SELECT task_id, assigned_agent, status, progress FROM tasks ORDER BY task_id")
      let expected = zip(taskIDs, model.tasks).map { id, task in
        [id, agentIDs[task.agent], task.status.rawValue, "\(task.progress)"]
      }.sorted { $0[0] < $1[0] }
      #expect(tasks == expected, "tasks after call \(number)")
      let workflows = try bazaar.rows(
        "SELECT workflow_id, status FROM workflows ORDER BY workflow_id")
      #expect(
        workflows == zip(workflowIDs, model.workflows).map { [$0, $1.status.rawValue] },
        "workflows after call \(number)")
      let steps = try bazaar.rows(
        """
        SELECT w.workflow_id, j.value->>'name', j.value->>'status', j.value->>'agent', j.value->>'task_id'
        FROM workflows w, json_each(w.steps) j ORDER BY w.workflow_id, j.key
        """)
      let planned = zip(workflowIDs, model.workflows).flatMap { id, workflow in
        workflow.steps.map { step in
          [
            id, step.name, step.status.rawValue, agentIDs[step.agent],
            step.task.map { taskIDs[$0] } ?? "-",
          ]
        }
      }
      #expect(steps == planned, "steps after call \(number)")
    }

    /// What must hold whatever happened; each of them gives the rows that break it.
    static let laws = [
      "begun before what it depends on": """
      SELECT t.task_id FROM tasks t JOIN task_dependencies d USING(task_id)
        JOIN tasks p ON p.task_id=d.depends_on
      WHERE t.status IN ('in_progress','completed') AND p.status<>'completed'
      """,
      "not as its audit trail says": """
      SELECT t.task_id FROM tasks t WHERE t.status IS NOT (SELECT a.after->>'status' FROM audit a
        WHERE a.target=t.task_id AND a.after->>'status' IS NOT NULL ORDER BY a.rowid DESC LIMIT 1)
      """,
      "a gap in the audit trail": """
      SELECT target FROM (SELECT target, before->>'status' AS was,
          lag(after->>'status') OVER (PARTITION BY target ORDER BY rowid) AS last
        FROM audit WHERE target LIKE 'task%' AND after->>'status' IS NOT NULL)
      WHERE last IS NOT NULL AND was IS NOT last
      """,
      "begun in a workflow while it was paused or had ended": """
      SELECT a.target FROM audit a JOIN tasks t ON t.task_id=a.target
      WHERE a.after->>'status'='in_progress' AND (
        SELECT s.after->>'status' FROM audit s WHERE s.target=t.workflow_id AND s.rowid<a.rowid
          AND s.after->>'step_id' IS NULL AND s.after->>'status' IS NOT NULL
        ORDER BY s.rowid DESC LIMIT 1) IN ('paused','terminated') AND a.before IS NOT NULL
        AND (SELECT n.after->>'status' FROM audit n WHERE n.target=a.target AND n.rowid>a.rowid
          ORDER BY n.rowid LIMIT 1) IS NOT 'failed'
      """,
      "open in a workflow that was terminated": """
      SELECT task_id FROM tasks JOIN workflows w USING(workflow_id)
      WHERE w.status='terminated' AND tasks.status IN ('pending','in_progress')
      """,
    ]

    func check() throws {
      for (law, sql) in Self.laws {
        let broken = try bazaar.rows(sql)
        #expect(broken.isEmpty, "\(law): \(broken)")
      }
      for (index, id) in agentIDs.enumerated() {
        let agent = try bazaar.call("agora.agent.status", #"{"agent_id":"\#(id)"}"#)
        #expect(agent["open_task_count"]?.integer == model.load(index))
      }
      let list = try bazaar.call("agora.task.list", #"{"limit":1}"#)
      let counts = list["statistics"]?["by_status"]
      for status in TaskStatus.allCases {
        let count = model.tasks.count { $0.status == status }
        #expect(counts?[status.rawValue]?.integer == count)
      }
      #expect(list["total"]?.integer == model.tasks.count)
      let store = try StoreCheck(bazaar.store)
      #expect(store.isSound, "\(store.text)")
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `tools do what the model does, whatever the order`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      var run = try Run(folder, seed: seed)
      for number in 0..<200 {
        switch Int.random(in: 0..<20, using: &run.dice) {
        case 0 where run.agentIDs.count < 8: try run.register()
        case 1...4: try run.assign()
        case 5...6: try run.create()
        case 7...10: try run.modify()
        default: try run.update()
        }
        try run.learn()
        try run.compare(number)
      }
      try run.check()
      // A run in which nothing was refused, or nothing done, would show nothing.
      for tool in ["agora.task.assign", "agora.task.update", "agora.workflow.modify"] {
        let outcome = run.outcomes[tool] ?? (0, 0)
        #expect(outcome.done > 10 && outcome.refused > 2, "\(tool): \(outcome)")
      }
    }
  }
}
