import AgoraStore
import TestSupport
import Testing

@Suite struct TaskToolTests {
  private let assign = "agora.task.assign"
  private let update = "agora.task.update"

  private func id(_ result: JSON) -> String { result["task_id"]?.text ?? "" }

  private func begin(_ bazaar: TestMarketplace, _ parameters: String) throws -> String {
    id(try bazaar.call(assign, #"{"task_type":"review","payload":{},"# + parameters + "}"))
  }

  private func set(
    _ bazaar: TestMarketplace, _ task: String, _ parameters: String,
    as caller: Caller = .owner(.swift)
  ) throws -> ToolFailure? {
    try bazaar.failure(update, #"{"task_id":"\#(task)",\#(parameters)}"#, as: caller)
  }

  private func status(_ bazaar: TestMarketplace, _ task: String) throws -> String? {
    try bazaar.rows("SELECT status FROM tasks WHERE task_id='\(task)'").first?.first
  }

  @Test func `assigning writes the task, its event and its audit entry`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let agents = try ["A", "B"].map { try bazaar.register($0) }
      let result = try bazaar.call(
        assign,
        #"{"task_type":"review","assignee":"B","payload":{"file":"spec.md"},"deadline":"2025-06-07T10:00:00Z","priority":"high"}"#,
        as: .owner(.cli, as: AgentReference("A")))
      #expect(result["status"]?.text == "pending" && result["assigned_agent"]?.text == agents[1])
      #expect(result["estimated_completion"] == .null)
      let row = try bazaar.rows(
        "SELECT task_id, workflow_id, assigned_agent, task_type, payload, status, priority, deadline, progress, notes, created_at=updated_at, completed_at, dependencies, metadata, source_row FROM tasks"
      )
      #expect(
        row == [
          [
            id(result), "-", agents[1], "review", #"{"file":"spec.md"}"#, "pending", "3",
            "1749290400000000", "0", "-", "1", "-", "[]", #"{"requesting_agent":"\#(agents[0])"}"#,
            "-",
          ]
        ])
      let events = try bazaar.rows(
        "SELECT source_agent, target_agent, data FROM events WHERE event_type='task_assigned'")
      #expect(
        events == [
          [
            agents[0], agents[1],
            #"{"task_id":"\#(id(result))","task_type":"review","assigned_agent":"\#(agents[1])","priority":"high","deadline":"2025-06-07T10:00:00Z","workflow_id":null}"#,
          ]
        ])
      let audit = try bazaar.rows(
        "SELECT actor, action, before FROM audit WHERE target='\(id(result))'")
      #expect(audit == [[agents[0], assign, "-"]])
      #expect(try StoreCheck(bazaar.store).isSound)
    }
  }

  @Test func `the least loaded agent that can gets the task`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      var ids: [String: String] = [:]
      for (name, capabilities, limit) in [
        ("one", #"["x","y"]"#, "2"), ("two", #"["y","x"]"#, "1"), ("three", #"["x"]"#, "9"),
        ("none", #"["x","y"]"#, "0"), ("gone", #"["x","y"]"#, "9"),
        ("halted", #"["x","y"]"#, "9"),
      ] {
        ids[name] = try bazaar.call(
          "agora.agent.register",
          #"{"agent_name":"\#(name)","capabilities":\#(capabilities),"max_concurrent_tasks":\#(limit)}"#
        )["agent_id"]?.text
      }
      try bazaar.store.write { [halted = ids["halted"] ?? ""] in
        try $0.execute(
          """
          UPDATE agents SET status='paused' WHERE agent_name='gone';
          INSERT INTO overrides VALUES('ovr_1','\(halted)','pause','x',1,'operator',1,'active',NULL,NULL);
          """)
      }
      let parameters = #"{"task_type":"t","payload":{},"required_capabilities":["x","y"]}"#
      var tasks: [String] = []
      var agents: [String?] = []
      for _ in 0..<3 {
        let result = try bazaar.call(assign, parameters)
        tasks.append(id(result))
        agents.append(result["assigned_agent"]?.text)
      }
      #expect(agents == [ids["one"], ids["two"], ids["one"]])
      let failure = try bazaar.failure(assign, parameters)
      #expect(failure?.code == .conflict)
      #expect(
        failure?.details
          == .object([
            .init("capable", .int(5)), .init("full", .int(3)), .init("inactive", .int(2)),
          ]))
      // A finished task is no load.
      #expect(try set(bazaar, tasks[1], #""status":"failed""#) == nil)
      #expect(try bazaar.call(assign, parameters)["assigned_agent"]?.text == ids["two"])
      // Whoever is named gets it, above its limit too, but not while it is halted.
      #expect(try begin(bazaar, #""assignee":"none""#).hasPrefix("task_"))
      let halted = try bazaar.failure(
        assign, #"{"task_type":"t","payload":{},"assignee":"halted"}"#)
      #expect(halted?.code == .halted)
    }
  }

  @Test func `a status changes only as it may, and each change is in the history`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("A")
      let agent = Caller.bound(to: AgentReference("A"), authority: 0, origin: .http)
      let states = ["pending", "in_progress", "completed", "failed"]
      let allowed: [String: [String]] = [
        "pending": states, "in_progress": ["in_progress", "completed", "failed"],
        "completed": ["completed"], "failed": ["failed"],
      ]
      for from in states {
        for to in states {
          for caller in [agent, .owner(.cli)] {
            let task = try begin(bazaar, #""assignee":"A""#)
            #expect(try set(bazaar, task, #""status":"\#(from)""#) == nil)
            let failure = try set(bazaar, task, #""status":"\#(to)""#, as: caller)
            var expected: ToolFailure.Code?
            if allowed[from]?.contains(to) != true {
              let reopens = to == "pending"
              expected = !reopens ? .conflict : caller.authority == 0 ? .forbidden : nil
            }
            #expect(failure?.code == expected, "\(from) to \(to): \(String(describing: failure))")
            let now = expected == nil ? to : from
            #expect(try status(bazaar, task) == now)
            let history = try bazaar.call("agora.task.history", #"{"task_id":"\#(task)"}"#)
            let changes = history["changes"]?.elements ?? []
            #expect(history["count"]?.integer == changes.count)
            // The entries make a chain from nothing to the present, each hop one that may be made.
            var last = "pending"
            for change in changes.dropFirst() {
              #expect(change["before"]?["status"]?.text == last)
              last = change["after"]?["status"]?.text ?? ""
              #expect(change["actor"]?.text != nil && change["timestamp"]?.text != nil)
            }
            #expect(last == now)
            let hops = changes.compactMap { $0["after"]?["status"]?.text }
            let isFinished = now == "completed" || now == "failed"
            #expect(!isFinished || hops.contains("in_progress"), "\(hops)")
            let times = try bazaar.rows(
              "SELECT completed_at IS NOT NULL, progress FROM tasks WHERE task_id='\(task)'")
            #expect(times == [[isFinished ? "1" : "0", now == "completed" ? "100" : "0"]])
          }
        }
      }
    }
  }

  @Test func `progress and notes change by themselves, and the same again changes nothing`() throws
  {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let agents = try ["A", "B"].map { try bazaar.register($0) }
      let task = id(
        try bazaar.call(
          assign, #"{"task_type":"t","payload":{},"assignee":"A"}"#,
          as: .owner(.swift, as: AgentReference("B"))))
      #expect(try set(bazaar, task, #""progress":0"#) == nil)
      #expect(try set(bazaar, task, #""status":"in_progress","progress":100"#) == nil)
      #expect(try status(bazaar, task) == "in_progress")
      bazaar.pass(seconds: 5)
      let first = try bazaar.call(update, #"{"task_id":"\#(task)","notes":"half"}"#)
      #expect(first["success"] == .bool(true) && first["updated_at"] == bazaar.now.json)
      let events = "SELECT target_agent, data FROM events WHERE event_type='task_updated'"
      let told = try bazaar.rows(events)
      // The agent that does it and the one that asked for it.
      #expect(told.map(\.[0]) == [agents[0], agents[1], agents[0], agents[1]])
      #expect(told.last?[1].contains(#""notes":"half""#) == true)
      let before = try bazaar.state()
      bazaar.pass(seconds: 5)
      let again = try bazaar.call(
        update, #"{"task_id":"\#(task)","notes":"half","progress":100,"status":"in_progress"}"#)
      #expect(again["updated_at"] == first["updated_at"])
      #expect(try bazaar.rows(events) == told)
      #expect(try bazaar.state() == before)
      #expect(try set(bazaar, task, #""status":"failed","progress":40"#) == nil)
      #expect(try set(bazaar, task, #""notes":"why it failed""#) == nil)
      let row = try bazaar.rows("SELECT status, progress, notes FROM tasks")
      #expect(row == [["failed", "40", "why it failed"]])
    }
  }

  @Test func `a task waits for those it depends on, and fails with them`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      try bazaar.register("A")
      let first = try begin(bazaar, #""assignee":"A""#)
      let second = try begin(bazaar, #""assignee":"A","depends_on":["\#(first)","\#(first)"]"#)
      let third = try begin(bazaar, #""assignee":"A","depends_on":["\#(second)","\#(first)"]"#)
      for status in ["in_progress", "completed"] {
        let failure = try set(bazaar, second, #""status":"\#(status)""#)
        #expect(failure?.code == .conflict && failure?.message.contains(first) == true)
      }
      #expect(try set(bazaar, first, #""status":"completed""#) == nil)
      #expect(try set(bazaar, second, #""status":"in_progress""#) == nil)
      // It is too late to take back what others have begun to build on.
      #expect(try set(bazaar, first, #""status":"pending""#)?.code == .conflict)
      #expect(try set(bazaar, third, #""status":"in_progress""#)?.code == .conflict)
      #expect(try set(bazaar, second, #""status":"failed""#) == nil)
      #expect(try status(bazaar, third) == "failed")
      let audit = try bazaar.rows(
        "SELECT before, after->>'status', reason FROM audit WHERE target='\(third)' ORDER BY rowid")
      #expect(audit.count == 2 && audit.last?[1] == "failed")
      #expect(audit.last?[2].contains(second) == true)
      // An operator reopens from the cause to what follows, not the other way round.
      #expect(try set(bazaar, third, #""status":"pending""#)?.code == .conflict)
      #expect(try set(bazaar, second, #""status":"pending""#) == nil)
      #expect(try set(bazaar, third, #""status":"pending""#) == nil)
      #expect(try status(bazaar, third) == "pending")
    }
  }

  @Test func `a chain of thousands of tasks fails as a whole`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let agent = try bazaar.register("A")
      try bazaar.store.write {
        try $0.execute(
          """
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3000)
          INSERT INTO tasks(task_id, assigned_agent, task_type, status, dependencies)
            SELECT printf('task_%032x',i), '\(agent)', 't', 'pending',
              iif(i=1,'[]',json_array(printf('task_%032x',i-1))) FROM n;
          INSERT INTO task_dependencies SELECT j.value, t.task_id FROM tasks t, json_each(t.dependencies) j;
          """)
      }
      let first = "task_" + String(repeating: "0", count: 31) + "1"
      #expect(try set(bazaar, first, #""status":"failed""#) == nil)
      #expect(try bazaar.rows("SELECT count(*) FROM tasks WHERE status='failed'") == [["3000"]])
    }
  }

  @Test func `lists are filtered, sorted, paged and counted`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let agents = try ["A", "B"].map { try bazaar.register($0) }
      // Type, agent, priority, deadline in hours, seconds until it is done.
      let plan: [(String, String, String, Int?, Double?)] = [
        ("a", "A", "low", nil, 10), ("b", "A", "urgent", 5, nil), ("a", "B", "normal", -1, 30),
        ("a", "A", "urgent", 1, 20), ("c", "A", "high", nil, nil), ("b", "B", "low", 3, nil),
      ]
      var ids: [String] = []
      for (type, agent, priority, hours, seconds) in plan {
        let deadline = hours.map {
          #","deadline":"\#(Timestamp(microseconds: bazaar.now.microseconds + Int64($0) * 3_600_000_000))""#
        }
        let task = id(
          try bazaar.call(
            assign,
            #"{"task_type":"\#(type)","assignee":"\#(agent)","payload":{},"priority":"\#(priority)"\#(deadline ?? "")}"#
          ))
        ids.append(task)
        if let seconds {
          bazaar.pass(seconds: seconds)
          #expect(try set(bazaar, task, #""status":"completed""#) == nil)
        }
      }
      func list(_ parameters: String) throws -> ([Int], JSON) {
        let result = try bazaar.call("agora.task.list", parameters)
        let places = (result["tasks"]?.elements ?? []).compactMap { task in
          ids.firstIndex(of: task["task_id"]?.text ?? "")
        }
        return (places, result)
      }
      let cases: [(String, [Int], Int, Bool)] = [
        ("{}", [0, 1, 2, 3, 4, 5], 6, false),
        (#"{"sort":"priority"}"#, [1, 3, 4, 2, 0, 5], 6, false),
        (#"{"sort":"deadline"}"#, [2, 3, 5, 1, 4, 0], 6, false),
        (#"{"agent_id":"A"}"#, [0, 1, 3, 4], 4, false),
        (#"{"agent_id":"\#(agents[1])","status":"pending"}"#, [5], 1, false),
        (#"{"status":"pending","sort":"priority","limit":2}"#, [1, 4], 3, true),
        (#"{"status":"pending","sort":"priority","limit":2,"offset":2}"#, [5], 3, false),
        (#"{"offset":100}"#, [], 6, false), (#"{"status":"failed"}"#, [], 0, false),
      ]
      for (parameters, expected, total, hasMore) in cases {
        let (places, result) = try list(parameters)
        #expect(places == expected, "\(parameters)")
        #expect(result["total"]?.integer == total, "\(parameters)")
        #expect(result["has_more"] == .bool(hasMore), "\(parameters)")
      }
      let statistics: [(String, String)] = [
        (
          #"{"status":"failed"}"#,
          #"{"by_status":{"pending":3,"in_progress":0,"completed":3,"failed":0},"by_type":[{"task_type":"a","count":3},{"task_type":"b","count":2},{"task_type":"c","count":1}],"median_completion_seconds":20.0}"#
        ),
        (
          #"{"agent_id":"A"}"#,
          #"{"by_status":{"pending":2,"in_progress":0,"completed":2,"failed":0},"by_type":[{"task_type":"a","count":2},{"task_type":"b","count":1},{"task_type":"c","count":1}],"median_completion_seconds":15.0}"#
        ),
      ]
      for (parameters, expected) in statistics {
        #expect(try list(parameters).1["statistics"] == (try JSON.parse(expected)))
      }
      bazaar.pass(seconds: 2 * 3_600)
      let overdue = try list("{}").1["tasks"]?.elements?.map { $0["overdue"] == .bool(true) }
      #expect(overdue == [false, false, false, false, false, false])
      bazaar.pass(seconds: 2 * 3_600)
      let later = try list("{}").1["tasks"]?.elements?.map { $0["overdue"] == .bool(true) }
      #expect(later == [false, false, false, false, false, true])
      // What was done before says when this will be: the median of 10, 20 and 30 seconds.
      let next = try bazaar.call(assign, #"{"task_type":"a","assignee":"A","payload":{}}"#)
      let due = Timestamp(microseconds: bazaar.now.microseconds + 20_000_000)
      #expect(next["estimated_completion"]?.text == "\(due)")
    }
  }

  @Test func `every query of a list uses an index, also with a hundred thousand tasks`() throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      let agent = try bazaar.register("A")
      var queries = TaskStatistics.queries + ShowTaskHistory.queries
      for agent in [nil, "a"] {
        for workflow in [nil, "w"] {
          for status in [nil, TaskStatus.pending] {
            for order in TaskSort.allCases {
              queries +=
                TaskSelection(agent: agent, workflow: workflow, status: status, order: order)
                .queries
            }
          }
        }
      }
      let plans = try bazaar.store.read { [queries] connection in
        try Set(queries).flatMap { query in
          try connection.all(
            Query("plan", "EXPLAIN QUERY PLAN \(query.sql)"), map: { $0.text(3) }
          ).filter { $0.hasPrefix("SCAN") || $0.hasPrefix("SEARCH") }
            .map { "\($0) for \(query.sql)" }
        }
      }
      #expect(plans.count >= 30)
      for plan in plans {
        #expect(plan.contains("INDEX") || plan.contains("INTEGER PRIMARY KEY"), "\(plan)")
      }
      try bazaar.store.write {
        try $0.execute(
          """
          WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<100000)
          INSERT INTO tasks(task_id, assigned_agent, task_type, status, priority, created_at, completed_at)
            SELECT printf('task_%032x',i), '\(agent)', 't'||(i%7), iif(i%2,'completed','pending'), 1+i%4, i,
              iif(i%2,i+i%1000,NULL) FROM n
          """)
      }
      let clock = ContinuousClock()
      for parameters in [
        "{}", #"{"sort":"priority"}"#, #"{"sort":"deadline","offset":50000}"#,
        #"{"agent_id":"A","sort":"priority","status":"pending"}"#,
      ] {
        let took = try clock.measure {
          let result = try bazaar.call("agora.task.list", parameters)
          #expect(result["tasks"]?.elements?.count == 50)
        }
        // A hundred times what an index needs would still be less than reading every row.
        #expect(took < .seconds(1), "\(parameters) took \(took)")
      }
    }
  }
}
