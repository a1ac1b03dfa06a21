package import AgoraStore

/// A marketplace with as much in it as is wanted, made by SQL alone: a million calls would take an hour.
package enum LargeStore {
  /// How many agents there are: the first has a tenth of all that is not for everyone.
  private static let agents = 200

  /// A v5 id whose time is that of a row: milliseconds since 1970, and a number of its own.
  private static func id(_ prefix: String) -> String {
    "'\(prefix)_' || printf('%012x7%03x8%015x', (\(time))/1000, i%4096, i)"
  }

  /// When row `i` of `?1` was made: over thirty days, up to the protocol's day.
  private static let time = "\(TestMarketplace.start)-2592000000000+2592000000000/?1*i"
  private static let count =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<?1)"
  /// The agent of row `i`: a tenth of all rows have the first.
  private static func agent(_ shift: Int) -> String {
    """
    (SELECT agent_id FROM agents WHERE rowid=
      iif((i+\(shift))%10=0, (SELECT min(rowid) FROM agents),
        (SELECT min(rowid) FROM agents)+(i*7+\(shift))%\(agents)))
    """
  }

  private static let makeAgents = Query(
    "large.agents",
    """
    \(count) INSERT INTO agents(agent_id, agent_name, service_tier, registered_at, last_activity,
      capabilities, max_concurrent_tasks)
    SELECT \(id("agent")), printf('agent %05d', i), iif(i%3=0,'premium','basic'), \(time), \(time),
      json_array('docs', 'skill ' || (i%20)), 1000000 FROM n
    """)
  private static let makeMessages = Query(
    "large.messages",
    """
    \(count) INSERT INTO messages(message_id, from_agent, to_agent, message_type, content, priority,
      timestamp, delivered, unread)
    SELECT \(id("msg")), \(agent(3)), iif(i%20=1,'broadcast',\(agent(0))),
      iif(i%50=0,'alert','info'), 'the message ' || i, 1+i%4, \(time), 1, iif(i%20=1 OR i%4=0,1,0) FROM n
    """)
  private static let makeTasks = Query(
    "large.tasks",
    """
    \(count) INSERT INTO tasks(task_id, assigned_agent, task_type, payload, status, priority, deadline,
      progress, created_at, updated_at, completed_at)
    SELECT \(id("task")), \(agent(1)), 'type ' || (i%30), '{"number":1}',
      CASE i%10 WHEN 0 THEN 'pending' WHEN 1 THEN 'in_progress' WHEN 2 THEN 'failed' ELSE 'completed' END,
      1+i%4, iif(i%3=0,\(time)+86400000000,NULL), 0, \(time), \(time),
      iif(i%10>1,\(time)+60000000*(i%100),NULL) FROM n
    """)
  private static let makeWorkflows = Query(
    "large.workflows",
    """
    \(count) INSERT INTO workflows(workflow_id, workflow_name, status, creator_agent, steps, created_at)
    SELECT \(id("wf")), 'w', iif(i%5=0,'running','completed'), \(agent(2)), '[]', \(time) FROM n
    """)
  private static let makeEvents = Query(
    "large.events",
    """
    \(count) INSERT INTO events(event_id, event_type, source_agent, target_agent, data, timestamp, processed)
    SELECT \(id("evt")), 'message_received', \(agent(3)), \(agent(0)), '{}', \(time), 1 FROM n
    """)

  /// Fills a store with so many messages, a tenth as many tasks, and events and workflows besides.
  package static func fill(_ store: Store, messages: Int) throws {
    try store.withWriter { connection in
      try connection.execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-200000")
      try connection.transaction {
        try connection.run(makeAgents, .int(agents))
        try connection.run(makeMessages, .int(messages))
        try connection.run(makeTasks, .int(messages / 10))
        try connection.run(makeWorkflows, .int(max(1, messages / 100)))
        try connection.run(makeEvents, .int(max(1, messages / 10)))
      }
    }
  }

  /// Every tool that lists or counts, as it is called on such a store.
  package static let listings: [(tool: String, parameters: String)] =
    [
      ("agora.messaging.receive", #""agent_id":"agent 00001""#),
      ("agora.messaging.receive", #""agent_id":"agent 00001","unread_only":true"#),
      ("agora.messaging.receive", #""agent_id":"agent 00001","message_type":"alert""#),
      ("agora.messaging.receive", #""agent_id":"agent 00001","message_type":"none""#),
      ("agora.messaging.receive", #""agent_id":"agent 00001","since":"2025-06-06T00:00:00Z""#),
      ("agora.messaging.receive", #""agent_id":"agent 00002","unread_only":true"#),
      ("agora.task.list", ""), ("agora.task.list", #""status":"pending""#),
      ("agora.task.list", #""sort":"priority""#), ("agora.task.list", #""sort":"deadline""#),
      ("agora.task.list", #""status":"completed","sort":"deadline""#),
      ("agora.task.list", #""offset":5000"#),
    ]
    + ["created", "priority", "deadline"].flatMap { sort in
      [#""agent_id":"agent 00001""#, #""agent_id":"agent 00002","status":"pending""#].map {
        ("agora.task.list", #"\#($0),"sort":"\#(sort)""#)
      }
    } + [
      ("agora.agent.status", #""agent_id":"agent 00001""#),
      ("agora.agent.status", #""agent_id":"agent 00002""#),
      ("agora.query.agents", ""), ("agora.query.agents", #""capabilities":["docs"]"#),
      ("agora.query.agents", #""capabilities":["docs","skill 3"],"status":"active""#),
      ("agora.query.services", ""), ("agora.query.marketplace", ""), ("agora.discovery.list", ""),
      ("agora.admin.health", #""component":"messages""#),
      ("agora.admin.health", #""component":"tasks""#),
      ("agora.admin.health", #""component":"agents""#), ("agora.admin.health", ""),
    ]
}
