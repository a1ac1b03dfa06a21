import AgoraServer
import AgoraStore
import CompatProxy

/// `agora mcp`: the marketplace for a client that speaks the Model Context Protocol, over stdio.
enum MCPCommand {
  static let command = Command(
    words: ["mcp"], summary: "Serves the marketplace to an MCP client over stdio.",
    options: [
      ToolCommand.agent, Command.store,
      .init(
        name: "tool-names", value: "underscore|dotted",
        help: "How tools are listed: agora_messaging_send (default), or with dots."),
      .init(
        name: "v4-tools",
        help: "Lists v4's seven tools too, as deprecated; they are answered in any case."),
      .init(
        name: "print-config", value: "claude|vscode|cursor",
        help: "Prints the client's configuration for this store and these options, and ends."),
    ],
    discussion: """
      A client starts this program itself; tell it how:

        agora mcp --as my-agent --print-config claude > .mcp.json
        agora mcp --as my-agent --print-config vscode > .vscode/mcp.json
        agora mcp --as my-agent --print-config cursor > .cursor/mcp.json

      Messages are lines of JSON-RPC on standard input and output, in every revision of MCP from 2024-11-05 to 2026-07-28; talk is on standard error. It ends when its input ends. You act with all authority: the store's file is yours. A missing store is made.

      Tools are listed with underscores because the most used clients refuse a dot; a call may have either.

      COMPATIBILITY_MODE=disabled in the environment takes v4's tools away, and DEPRECATION_WARNINGS=enabled has their answers say what to call instead.
      """,
    run: run)

  private enum Client: String, CaseIterable {
    case claude, vscode, cursor

    /// Where it looks for its configuration.
    var place: String {
      switch self {
      case .claude: ".mcp.json in the project, or claude_desktop_config.json for Claude Desktop"
      case .vscode: ".vscode/mcp.json in the project"
      case .cursor: ".cursor/mcp.json in the project, or ~/.cursor/mcp.json"
      }
    }
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    var options = MCPCore.Options()
    options.naming =
      try invocation.choice(
        "tool-names", ServiceOptions.ToolNames.self) ?? .underscore
    options.listsLegacyTools = invocation.has("v4-tools")
    options.leastPhase = try SunsetEnvironment().phase
    let agent = invocation.value("as") ?? System.environment("AGORA_AGENT")
    if let client = try invocation.choice("print-config", Client.self) {
      return try printConfiguration(client, invocation, agent)
    }
    let clock = try Clock.ofEnvironment()
    let marketplace = try Marketplace(invocation.openOrMakeStore(), clock: clock)
    if marketplace.store.isReadOnly {
      Terminal.say("agora: this user may only read the store; what writes is refused")
    }
    if System.isTerminal(0) {
      Terminal.say(
        "agora: an MCP client starts this, see --print-config; here, type a message a line, or Control-D"
      )
    }
    Interruption.watch()
    let caller = Caller.owner(.mcp, as: agent.map { AgentReference($0) })
    let hub = try EventHub(marketplace)
    defer { hub.stop() }
    try MCPStdio(
      MCPCore(ToolDoor(marketplace), options, hub: hub), as: caller,
      input: File(descriptor: 0, path: "standard input", closes: false),
      output: File(descriptor: 1, path: "standard output", closes: false)
    ).run()
    return .done
  }

  /// Prints what makes a client start this program, on this store, from wherever it runs.
  private static func printConfiguration(
    _ client: Client, _ invocation: Invocation, _ agent: String?
  ) throws -> ExitCode {
    guard let program = System.executablePath else {
      throw AgoraError(.io, "the system does not tell where this program lies")
    }
    var arguments = ["mcp", "--store", File.absolute(invocation.storePath)]
    if let agent { arguments += ["--as", agent] }
    if let names = invocation.value("tool-names") { arguments += ["--tool-names", names] }
    if invocation.has("v4-tools") { arguments.append("--v4-tools") }
    let start: [JSON.Member] = [
      .init("command", .string(program)),
      .init("args", .array(arguments.map { .string($0) })),
    ]
    let isVSCode = client == .vscode
    let server = JSON.object((isVSCode ? [.init("type", .string("stdio"))] : []) + start)
    try Terminal.print(
      JSONWriter.pretty(
        .object([
          .init(isVSCode ? "servers" : "mcpServers", .object([.init("agora", server)]))
        ])))
    Terminal.say("agora: this belongs into \(client.place)")
    return .done
  }
}
