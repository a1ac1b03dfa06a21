import AgoraStore

/// The steps of a workflow as callers of v4 write them, as those of v5.
///
/// v4 never said how a step looks, so the names that its clients use are all taken.
enum LegacySteps {
  /// The steps for `agora.workflow.create`; nil where they cannot be understood or nobody is there to do
  /// them.
  ///
  /// - Parameter agents: the workflow's agents, who do in turn the steps that name none.
  static func steps(_ document: JSON?, agents: [String]) -> [JSON]? {
    guard case .array(let elements)? = document, !elements.isEmpty else { return nil }
    var steps = elements.enumerated().map { Step($1, at: $0) }
    for index in steps.indices {
      if steps[index].agent == nil, !agents.isEmpty {
        steps[index].agent = agents[index % agents.count]
      }
      // Every step has a name of its own.
      let name = steps[index].name
      let others = steps[..<index].map(\.name)
      var number = 2
      while others.contains(steps[index].name) {
        steps[index].name = "\(name) (\(number))"
        number += 1
      }
    }
    guard steps.allSatisfy({ $0.agent != nil }), follow(&steps) else { return nil }
    return steps.map(\.json)
  }

  /// Says of each step which come before it: those that it names, or the one before where none names any.
  ///
  /// - Returns: false where a step names one that is not there.
  private static func follow(_ steps: inout [Step]) -> Bool {
    guard steps.contains(where: { $0.dependencies != nil }) else {
      let orders = steps.map(\.order)
      for index in steps.indices {
        guard let order = orders[index] else {
          steps[index].dependsOn = index == 0 ? [] : [steps[index - 1].name]
          continue
        }
        let before = orders.compactMap { $0 }.filter { $0 < order }.max()
        steps[index].dependsOn = steps.filter { before != nil && $0.order == before }.map(\.name)
      }
      return true
    }
    for index in steps.indices {
      var names: [String] = []
      for wanted in steps[index].dependencies ?? [] {
        guard let found = steps.first(where: { $0.keys.contains(wanted) }) else { return false }
        if !names.contains(found.name) { names.append(found.name) }
      }
      steps[index].dependsOn = names
    }
    return true
  }

  private struct Step {
    var name: String
    var agent: String?
    /// What other steps may call it.
    let keys: [String]
    /// What it says that it waits for; nil where it says nothing about that.
    let dependencies: [String]?
    let order: Int64?
    let type: String?
    let payload: JSON?
    var dependsOn: [String] = []

    init(_ json: JSON, at index: Int) {
      func text(_ names: String...) -> String? {
        names.lazy.compactMap { json[$0] }.compactMap { value in
          if let text = value.text { return text.isEmpty ? nil : text }
          if case .number(let number) = value { return number }
          return nil
        }.first
      }
      let own = json.text ?? text("name", "step_name", "title")
      let id = text("step_id", "id")
      type = text("task_type", "type", "action")
      name = String((own ?? id ?? type ?? "step \(index + 1)").prefix(200))
      let agent = text(
        "agent", "assigned_agent", "agent_id", "agent_name", "assignee", "executor")
      self.agent = agent.flatMap { LegacyMessage.receiver($0) }
      keys = [own, id].compactMap { $0 }
      order = text("order", "step_order").flatMap { Int64($0) }
      payload = ["payload", "input_data", "parameters", "data"].lazy.compactMap { json[$0] }.first
      dependencies = ["depends_on", "dependencies"].lazy.compactMap { json[$0] }.first.map {
        value in
        if let text = value.text { return text.isEmpty ? [] : [text] }
        return (value.elements ?? []).compactMap { $0.text ?? Self.number($0) }
      }
    }

    private static func number(_ json: JSON) -> String? {
      guard case .number(let text) = json else { return nil }
      return text
    }

    var json: JSON {
      var members: [JSON.Member] = [
        .init("name", .string(name)), .init("agent", .string(agent ?? "")),
        .init("depends_on", dependsOn.json),
      ]
      if let type { members.append(.init("task_type", .string(String(type.prefix(128))))) }
      if let payload {
        members.append(.init("payload", LegacyTask.payload(Written.value(payload).document)))
      }
      return .object(members)
    }
  }
}
