import AgoraStore

/// One suite of calls for all doors: every tool, and failures of every kind that a call can meet.
///
/// `$key.field` in parameters is a field of an earlier result.
package enum DoorCalls {
  package struct Call: Sendable {
    package let tool: String
    package let parameters: String
    package let caller: DoorCaller
    /// The code of the failure; nil where it succeeds.
    package let code: String?
    package let key: String

    init(
      _ tool: String, _ parameters: String, as caller: DoorCaller, key: String = "",
      fails code: String? = nil
    ) {
      self.tool = "agora." + tool
      self.parameters = parameters
      self.caller = caller
      self.code = code
      self.key = key
    }
  }

  private static let ann = DoorCaller.agent("ann")
  private static let ben = DoorCaller.agent("ben")

  /// The suite, in its order.
  package static let all: [Call] = [
    Call(
      "agent.register", #"{"agent_name":"ann","capabilities":["docs","review"]}"#, as: ann,
      key: "ann"),
    Call(
      "agent.register", #"{"agent_name":"ben","metadata":{"team":"\"books\" 📚"}}"#, as: ben,
      key: "ben"),
    Call("agent.register", #"{"agent_name":"carl"}"#, as: ben, fails: "forbidden"),
    Call("agent.register", "{}", as: ann, fails: "invalid_parameter"),
    Call("agent.status", #"{"agent_id":"$ann.agent_id"}"#, as: ben),
    Call("agent.status", #"{"agent_id":"nobody"}"#, as: ben, fails: "not_found"),
    Call(
      "messaging.send",
      #"{"to_agent":"ben","content":"línea 1\nlínea 2\u2028","priority":"high"}"#,
      as: ann, key: "sent"),
    Call("messaging.send", #"{"to_agent":"broadcast","content":""}"#, as: ann),
    Call(
      "messaging.send", #"{"to_agent":"ben","content":"x","from_agent":"ben"}"#, as: ann,
      fails: "forbidden"),
    Call(
      "messaging.send", #"{"to_agent":"ben","content":1}"#, as: ann, fails: "invalid_parameter"),
    Call("messaging.receive", #"{"agent_id":"ben","limit":10}"#, as: ben),
    Call("messaging.receive", #"{"agent_id":"ben"}"#, as: ann, fails: "forbidden"),
    Call(
      "messaging.acknowledge", #"{"agent_id":"ben","message_ids":["$sent.message_id"]}"#, as: ben),
    Call("messaging.receive", #"{"agent_id":"ben","unread_only":true}"#, as: ben),
    Call(
      "messaging.subscribe", #"{"agent_id":"ben","event_types":["task_assigned"]}"#, as: ben,
      key: "subscription"),
    Call(
      "messaging.unsubscribe",
      #"{"agent_id":"ben","subscription_id":"$subscription.subscription_id"}"#, as: ben),
    Call(
      "task.assign",
      #"{"task_type":"review","required_capabilities":["review"],"payload":{"pages":[1,2]},"deadline":"2025-06-07T10:00:00Z"}"#,
      as: ben, key: "task"),
    Call(
      "task.assign",
      #"{"task_type":"next","assignee":"ben","payload":{"n":1.50,"big":12345678901234567890},"depends_on":["$task.task_id"]}"#,
      as: ann, key: "next"),
    Call(
      "task.update", #"{"task_id":"$next.task_id","status":"in_progress"}"#, as: ben,
      fails: "conflict"),
    Call(
      "task.update", #"{"task_id":"$task.task_id","status":"completed","notes":"done"}"#, as: ann),
    Call("task.list", #"{"sort":"created"}"#, as: ann),
    Call("task.history", #"{"task_id":"$task.task_id"}"#, as: ann),
    Call(
      "workflow.create",
      #"{"workflow_name":"w","steps":[{"name":"a","agent":"ann"},{"name":"b","agent":"ben","depends_on":["a"]}],"assigned_agents":["ann","ben"]}"#,
      as: ann, key: "workflow"),
    Call(
      "workflow.create",
      #"{"workflow_name":"w","steps":[{"name":"a","agent":"ann","depends_on":["a"]}],"assigned_agents":[]}"#,
      as: ann, fails: "invalid_parameter"),
    Call("workflow.status", #"{"workflow_id":"$workflow.workflow_id"}"#, as: ben),
    Call(
      "workflow.modify", #"{"workflow_id":"$workflow.workflow_id","action":"pause"}"#, as: ann),
    Call("query.agents", #"{"capabilities":["docs"]}"#, as: ben),
    Call("query.services", #"{"version":"^1.0","category":"task"}"#, as: ben),
    Call("query.marketplace", "{}", as: ben),
    Call("discovery.list", #"{"category":"messaging"}"#, as: ben),
    Call("discovery.schema", #"{"name":"agora.messaging.send"}"#, as: ben),
    Call("discovery.schema", #"{"name":"agora.messaging.sned"}"#, as: ben, fails: "not_found"),
    Call("admin.health", #"{"component":"halts"}"#, as: .operator),
    Call(
      "admin.override", #"{"target_id":"ann","action":"pause","reason":"r","priority":1}"#, as: ben,
      fails: "forbidden"),
    Call(
      "admin.override",
      #"{"target_id":"system_wide","action":"emergency_halt","reason":"r","priority":255}"#,
      as: .operator),
    Call("messaging.send", #"{"to_agent":"ben","content":"x"}"#, as: ann, fails: "halted"),
    Call("agent.status", #"{"agent_id":"ann"}"#, as: ben),
    Call(
      "admin.override",
      #"{"target_id":"system_wide","action":"resume","reason":"r","priority":255}"#,
      as: .operator),
    Call(
      "admin.manage",
      #"{"action":"deprecate_service","service_name":"agora.task.history","version":"1.0.0","deprecation_date":"2025-01-01T00:00:00Z","sunset_date":"2025-06-06T00:00:00Z","replacement":"agora.task.list"}"#,
      as: .operator),
    Call("task.history", #"{"task_id":"$task.task_id"}"#, as: ann, fails: "gone"),
    Call("messaging.sned", "{}", as: ann, fails: "not_found"),
    Call("messaging.send@^2", "{}", as: ann, fails: "not_found"),
    Call("messaging.send@~1.0", #"{"to_agent":"ben","content":"x"}"#, as: ann),
    Call("messaging.send", #"{"to_agent":"ben","content":"$large"}"#, as: ann, fails: "too_large"),
  ]

  /// All who call.
  package static var callers: [DoorCaller] { [ann, ben, .operator] }

  /// Makes all calls through a door.
  ///
  /// - Returns: the answers in their order, without what is measured.
  package static func run(through door: some Door) throws -> [DoorAnswer] {
    var results: [String: JSON] = ["large": .null]
    var answers: [DoorAnswer] = []
    for call in all {
      let arguments = try filled(JSON.parse(call.parameters), results)
      let answer = try door.call(call.tool, arguments, as: call.caller)
      if case .result(let json) = answer, !call.key.isEmpty { results[call.key] = json }
      answers.append(answer.comparable(call.tool))
      door.bazaar.pass(seconds: 1)
    }
    return answers
  }

  private static func filled(_ value: JSON, _ results: [String: JSON]) -> JSON {
    switch value {
    case .string("$large"): return .string(String(repeating: "x", count: 1 << 20 | 1))
    case .string(let text) where text.hasPrefix("$"):
      let path = text.dropFirst().split(separator: ".").map(String.init)
      guard path.count == 2, let found = results[path[0]]?[path[1]] else { return value }
      return found
    case .array(let elements): return .array(elements.map { filled($0, results) })
    case .object(let members):
      return .object(members.map { .init($0.name, filled($0.value, results)) })
    default: return value
    }
  }
}
