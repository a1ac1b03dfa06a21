import AgoraStore
import CompatProxy

/// The commands of SpacetimeDB's command line that v4's agents run.
enum Spacetime {
  /// The version that v4 ran on, which agents look for.
  static let version = "1.1.2"
  static let versionText = """
    spacetime \(version)
    spacetimedb tool version \(version); spacetimedb-lib version \(version);

    """

  /// Runs one command line.
  ///
  /// - Returns: the exit code.
  static func run(_ words: [String]) -> Int32 {
    var rest = words[...]
    while let word = rest.first,
      let name = Options.everywhere.keys.first(where: {
        word == "--\($0)" || word.hasPrefix("--\($0)=")
      })
    {
      rest = rest.dropFirst(word == "--\(name)" ? 2 : 1)
    }
    guard let command = rest.popFirst() else {
      Talk.error(usage)
      return 2
    }
    // A reducer's arguments are looked at by the call itself.
    let isHelp = rest.prefix { $0 != "--" }.contains { $0 == "-h" || $0 == "--help" }
    if isHelp, command != "call", isOwn(command) {
      Talk.print(usage)
      return 0
    }
    return run(command, Array(rest), whole: words)
  }

  private static func isOwn(_ command: String) -> Bool {
    usage.contains("\n  \(command) ") || ["ping", "logout"].contains(command)
  }

  private static func run(_ command: String, _ rest: [String], whole words: [String]) -> Int32 {
    switch command {
    case "--version", "-V":
      Talk.print(versionText)
      return 0
    case "--help", "-h", "help":
      Talk.print(usage)
      return 0
    case "call": return CallCommand.run(rest, whole: words)
    case "list": return ListCommand.run(rest)
    case "identity": return IdentityCommand.run(rest)
    case "login": return LoginCommand.run(rest)
    case "logout":
      let options = Options(rest, valued: ["auth-host": "host"])
      guard let fault = options.fault ?? options.surplus(beyond: 0) else { return 0 }
      return Talk.misuse(fault, "logout [OPTIONS]")
    case "energy": return EnergyCommand.run(rest)
    case "version": return VersionCommand.run(rest)
    case "publish": return PublishCommand.run(rest, whole: words)
    case "server": return ServerCommand.run(rest)
    case "ping": return ServerCommand.ping(rest)
    case "status": return StatusCommand.run(rest)
    case "sql": return SQLCommand.run(rest, whole: words)
    case "logs": return LogsCommand.run(rest, whole: words)
    case "export": return ExportCommand.run(rest, whole: words)
    case "describe": return DescribeCommand.run(rest, whole: words)
    case "subscribe": return SubscribeCommand.run(rest, whole: words)
    default:
      if let status = passOn(nil, words) { return status }
      return Talk.misuse(
        command.hasPrefix("-")
          ? "unexpected argument '\(command)' found" : "unrecognized subcommand '\(command)'",
        "[OPTIONS] <COMMAND>")
    }
  }

  static let usage = """
    The drop-in for agents of Agora v4: SpacetimeDB's command line, answered by an Agora v5 store.

    Usage: spacetime [OPTIONS] <COMMAND>

    Commands:
      call      Calls a reducer of one of v4's databases
      sql       Asks v4's and v3's tables with a SELECT
      subscribe Prints what changes in the rows of SELECTs
      describe  Prints the tables and reducers as JSON
      list      Lists the databases
      identity  Shows the local identity (list, new)
      login     Says that nobody has to log in (show)
      publish   Says that there is no module to publish
      server    Looks whether a server, or the store, is there (ping [URL], list)
      energy    Shows that nobody pays for calls (balance)
      version   Shows the version (list)
      status    Says how the store is
      logs      Shows what happened (-n NUM_LINES, -f to follow, --format json)
      export    Gives v4's bundle, as v4 would have it now (--format json)

    The store is the file AGORA_STORE (default: agora.db in the current folder), or that of the server
    AGORA_URL (http://HOST:PORT; AGORA_TOKEN where it asks for a token). Calls of other databases
    go to the next spacetime on the PATH, or to AGORA_REAL_SPACETIME.

    """

  /// Whether a database is one of v4's, by name or identity.
  static func isOurs(_ database: String) -> Bool { LegacyDatabase(named: database) != nil }

  /// Hands a command line to the real `spacetime` where its database is not ours.
  ///
  /// - Returns: the exit code; nil where the command is ours.
  static func passOn(_ database: String?, _ words: [String]) -> Int32? {
    if let database, isOurs(database) { return nil }
    guard let real = RealSpacetime.path else {
      guard let database else { return nil }
      // The real one's words, and where ours are.
      let known = LegacyDatabase.allCases.map(\.rawValue).joined(separator: ", ")
      return Talk.fail(
        "the dns resolution of `\(database)` failed.\n\nCaused by:\n    no database of Agora v4 has this name (there are \(known)), and there is no other spacetime on the PATH"
      )
    }
    return RealSpacetime.become(real, words)
  }

  /// The store's path.
  static var storePath: String { System.environment("AGORA_STORE") ?? "agora.db" }

  /// The server that has the store; nil where this process opens the store itself.
  static var serverURL: String? { System.environment("AGORA_URL") }

  /// Whether standard output stays as quiet as the real one's.
  static var isStrict: Bool {
    guard let value = System.environment("AGORA_STRICT_CLI") else { return false }
    return value != "0"
  }

  /// Opens the marketplace; a store that is not there is made, for v4's agents cannot.
  static func open() throws -> Marketplace {
    var options = Marketplace.Options()
    options.keepsRegister = false
    return try Marketplace(Store(path: storePath, creates: true), options: options)
  }

  /// How far v4 is from its end at least, as the environment says it; the end itself is the store's alone.
  static func leastPhase() throws -> SunsetPhase? { try SunsetEnvironment().phase }

  /// The text of an error.
  static func text(_ error: any Error) -> String {
    if let error = error as? AgoraError {
      return [error.message, error.file.map { "(\($0))" }, error.remedy].compactMap { $0 }
        .joined(separator: " ")
    }
    return "\(error)"
  }
}
