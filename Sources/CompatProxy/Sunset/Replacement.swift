package import AgoraStore

/// The call of v5 that does what a call of v4 did.
package struct Replacement: Sendable, Equatable {
  /// The tool, or the command where it is none.
  package let tool: String
  /// Its parameters; nil where the call of v4 does not say enough to know them.
  package let arguments: JSON?
  /// The agent that acts where the parameters name none.
  package let agent: String?

  /// The most bytes of JSON that are told: a caller knows its own long texts.
  private static let limit = 8_192

  package init(_ tool: String, _ arguments: [JSON.Member]? = nil, as agent: String? = nil) {
    self.tool = tool
    self.agent = agent
    guard let arguments else {
      self.arguments = nil
      return
    }
    let object = JSON.object(arguments)
    // What the tool would not take is no replacement.
    self.arguments =
      Self.takes(tool, object) && JSONWriter.compact(object).utf8.count <= Self.limit ? object : nil
  }

  /// Whether a tool takes these parameters.
  static func takes(_ tool: String, _ arguments: JSON) -> Bool {
    (try? ToolCatalog.agora.entry(tool).call(arguments)) != nil
  }

  /// Whether it is a tool, and not a command of operators.
  package var isTool: Bool { tool.hasPrefix("agora.") }

  /// The command line that makes the call; without its parameters where they are not known.
  package var command: String {
    guard isTool else { return tool }
    guard let arguments else { return "agora call \(tool)" }
    let name = agent.map { " --as " + ShellWords.quoted($0) } ?? ""
    return "agora call \(tool) \(ShellWords.quoted(JSONWriter.compact(arguments)))\(name)"
  }

  /// Where the server answers it; nil for a command.
  package var path: String? {
    guard isTool else { return nil }
    return "/" + tool.split(separator: ".").joined(separator: "/")
  }

  /// The replacement as JSON: `tool`, `arguments`, `as`.
  package var json: JSON {
    .object([
      .init("tool", .string(tool)), .init("arguments", arguments ?? .null),
      .init("as", .optional(agent)),
    ])
  }
}

extension Plan {
  /// The one call of v5 that stands for the plan.
  ///
  /// - Parameter usual: what callers of the reducer call, whatever they say.
  func replacement(usual: String, _ lookups: any LegacyLookups) -> Replacement {
    for step in steps {
      switch step {
      case .call(let use), .coordinate(let use, _):
        return Replacement(use.tool, use.arguments, as: use.actor)
      case .assign(let use, let workflow):
        let place = workflow.flatMap { lookups.workflow($0) }
        return Replacement(
          use.tool,
          use.arguments + (place.map { [.init("workflow_id", .string($0))] } ?? []),
          as: use.actor)
      case .ask(let tool, let arguments): return Replacement(tool, arguments)
      case .agentStatus(let word, let name):
        return Replacement(
          "agora.agent.register",
          [
            .init("agent_name", .string(name)),
            .init("metadata", .object([.init("v4_status", .string(word))])),
          ])
      case .alive(let name):
        return Replacement("agora.messaging.receive", [.init("agent_id", .string(name))])
      case .workflowStatus(let word, let id):
        return Self.modification(word, of: lookups.workflow(id) ?? id)
      case .event(let report) where usual == "agora.messaging.send": return Self.message(report)
      case .event, .named, .alias, .claim: continue
      }
    }
    return Replacement(usual)
  }

  private static func modification(_ word: String, of workflow: String) -> Replacement {
    let actions = ["running": "resume", "paused": "pause", "terminated": "terminate"]
    let action = LegacyWords.knownWorkflowStatus(word).flatMap { actions[$0] }
    return Replacement(
      "agora.workflow.modify",
      action.map {
        [.init("workflow_id", .string(workflow)), .init("action", .string($0))]
      })
  }

  private static func message(_ report: PlanStep.EventReport) -> Replacement {
    var arguments: [JSON.Member] = [
      .init("to_agent", .string(report.target ?? "broadcast")),
      .init("content", .string(JSONWriter.compact(report.data))),
      .init("message_type", .string(report.type)),
    ]
    if let source = report.source { arguments.append(.init("from_agent", .string(source))) }
    return Replacement("agora.messaging.send", arguments)
  }
}
