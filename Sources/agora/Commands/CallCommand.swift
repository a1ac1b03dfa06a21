import AgoraStore

/// `agora call TOOL …`: one v5 tool call.
enum CallCommand {
  static let command = Command(
    words: ["call"], summary: "Calls a tool of the marketplace and prints its result.",
    operands: [
      .init(name: "TOOL", help: "The tool, such as agora.messaging.send; agora tools lists them."),
      ToolCommand.json,
    ],
    options: [ToolCommand.agent, Command.store],
    discussion: """
      Parameters are one JSON object, or flags, or some in one and some in the other:

        agora call agora.agent.register --agent-name alice --capabilities docs,review
        agora call agora.agent.register '{"agent_name":"alice"}' --capabilities docs
        agora call agora.agent.register - < alice.json

      agora call TOOL --help lists a tool's parameters, its result, its failures and examples that can be pasted. A name may have a version or a range behind @ (agora.messaging.send@^1.0), and underscores for dots.

      A flag is the parameter's name, with - or _ in it. Several values are a,b or the flag repeated or a JSON array; a switch is bare or has =false; an object is JSON.

      You act with all authority: the store's file is yours. A missing store is made with the first call.

      The result is JSON on standard output; warnings are on standard error. A call that the marketplace refuses ends with exit code 1 and, with --json, {"error":{"code","message","parameter"}} on standard output. Exit code 2 means that the words make no call: an unknown tool or flag, something given twice, text that is no JSON object where one is due.
      """,
    refinement: .init(
      choices: { choices },
      command: { try ToolCommand(named: $0).command }),
    run: { _ in throw AgoraError(.misuse, "agora call needs TOOL") })

  /// The tools, each once.
  static var choices: [(word: String, summary: String)] {
    ToolCatalog.agora.names.compactMap { name in
      guard let tool = try? ToolCatalog.agora.entry(name).tool else { return nil }
      return (name, tool.title)
    }
  }
}
