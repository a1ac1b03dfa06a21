import AgoraServer
import AgoraStore

/// `agora serve`: the one server.
enum ServeCommand {
  static let command = Command(
    words: ["serve"], summary: "Serves the marketplace over HTTP until it is told to stop.",
    options: [
      .init(
        name: "listen", value: "ADDR:PORT",
        help: "Where to listen (default 127.0.0.1:8080); port 0 picks a free one."),
      .init(
        name: "events-port", value: "N",
        help: "A second port of the same address, for the WebSocket of events alone."),
      .init(
        name: "tool-names", value: "dotted|underscore",
        help: "How MCP's list spells the tools (default underscore); calls may use both."),
      .init(
        name: "v4-tools",
        help: "Lists v4's seven tools over MCP too, as deprecated; they are answered in any case."),
      .init(
        name: "public-url", value: "URL",
        help:
          "A name under which a reverse proxy shows this server, such as https://agora.example.com; may be repeated.",
        repeats: true),
      .init(
        name: "rate-limit", value: "N",
        help:
          "Calls a second for each token (default \(ServiceOptions().callsPerSecond)), four times as many at once; 0 for no limit."
      ),
      .init(
        name: "insecure", help: "Listens beyond this machine even where there is no token."),
      .init(name: "ws-echo", help: "Adds /ws/echo, for test suites of WebSockets."),
      .init(
        name: "log", value: "json|text",
        help: "How each line of the log on standard error is written (default text)."),
      Command.store,
    ],
    discussion: """
      Prints one line, listening on http://…, when clients are accepted. SIGTERM or Control-C lets it finish what runs, for ten seconds at most, and end with exit code 0; a second signal ends it at once. A missing store is made.

      Until the first token exists, whoever is on this machine may use the agents' tools without one; tools of operators always need a token of enough authority. Beyond this machine a token is always needed: agora token create makes one.

      Environment: LOG_LEVEL (debug, info, warning or error), ADMIN_AUTHORITY_LEVEL (the highest authority that a token gives, 0 to 255), AGORA_NOW (a fixed time, for rehearsals; refused beyond this machine), DEPRECATION_WARNINGS=enabled and COMPATIBILITY_MODE=disabled (the phase of v4's end at start; never back).
      """,
    run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let options = try options(invocation)
    let clock = try Clock.ofEnvironment()
    guard options.address.isLoopback || System.environment("AGORA_NOW") == nil else {
      throw AgoraError(
        .misuse, "AGORA_NOW is for rehearsals, and \(options.address.host) is no rehearsal",
        remedy: "Unset it, or listen on 127.0.0.1.")
    }
    let format = try invocation.choice("log", LogFormat.self) ?? .text
    let (level, unknown) = level()
    let log = ServerLog(format, level: level, clock: clock) { Terminal.sayAsIs($0) }
    defer { log.finish() }
    if let unknown {
      log.note(
        .warning, "LOG_LEVEL is none of debug, info, warning, error; info it is",
        [.init("value", .string(unknown))])
    }
    for name in ["SPACETIME_URI", "SERVICE_DISCOVERY"] where System.environment(name) != nil {
      log.note(.warning, "\(name) has no use here: there is one server, and it is this one")
    }
    Interruption.watch()
    System.allowManyFiles()
    // A store that is not there yet has no token either, and is not made to be refused.
    let store = try invocation.openOrMakeStore { try Service.refuseOpenness(options) }
    let marketplace = try Marketplace(store, clock: clock)
    if store.isReadOnly {
      log.note(.warning, "this user may only read the store; what writes is refused")
    }
    try SunsetCommands.applyEnvironment(to: marketplace)
    let service = try Service(ServiceParts(marketplace, options, log: log, clock: clock)) {
      $0.stopsOnSignal = true
    }
    try announce(service, invocation)
    try service.run()
    log.note(.info, "stopped")
    return .done
  }

  private static func options(_ invocation: Invocation) throws -> ServiceOptions {
    var options = ServiceOptions()
    if let text = invocation.value("listen") {
      guard let address = SocketAddress(listening: text) else {
        throw AgoraError(
          .misuse, "--listen takes ADDR:PORT, not \"\(TextTable.visible(text))\"",
          remedy: "For all of this machine's addresses say 0.0.0.0:8080 or [::]:8080.")
      }
      options.address = address
    }
    options.eventsPort = try invocation.number("events-port", in: 0...65535)
    if let port = options.eventsPort, port != 0, port == options.address.port {
      throw AgoraError(.misuse, "--events-port is the port of --listen; give another")
    }
    options.toolNames =
      try invocation.choice("tool-names", ServiceOptions.ToolNames.self) ?? .underscore
    options.listsLegacyTools = invocation.has("v4-tools")
    options.isInsecure = invocation.has("insecure")
    options.echoes = invocation.has("ws-echo")
    for text in invocation.values("public-url") {
      let trimmed = text.hasSuffix("/") ? String(text.dropLast()) : text
      guard let origin = WebOrigin(trimmed) else {
        throw AgoraError(
          .misuse, "--public-url takes https://HOST or http://HOST:PORT, not \"\(text)\"")
      }
      options.publicOrigins.append(origin)
    }
    options.callsPerSecond =
      try invocation.number("rate-limit", in: 0...1_000_000) ?? options.callsPerSecond
    options.highestAuthority = try TokenCommands.highestAuthority()
    return options
  }

  /// The level that the environment asks for, and the word where it is none.
  private static func level() -> (LogLevel, unknown: String?) {
    guard let word = System.environment("LOG_LEVEL") else { return (.info, nil) }
    return LogLevel(word: word).map { ($0, nil) } ?? (.info, word)
  }

  private static func announce(_ service: Service, _ invocation: Invocation) throws {
    let url = "http://\(service.address)"
    let events = service.eventsAddress.map { "ws://\($0)/ws" }
    guard !invocation.wantsJSON else {
      return try Terminal.print(
        JSONWriter.compact(
          .object([
            .init("status", .string("listening")), .init("url", .string(url)),
            .init("events_url", .optional(events)),
          ])))
    }
    try Terminal.print("listening on \(url)" + (events.map { "\nevents on \($0)" } ?? ""))
  }
}

extension Invocation {
  /// Opens the store, which is made where there is none.
  ///
  /// - Parameter check: is asked before one is made.
  func openOrMakeStore(_ check: () throws -> Void = {}) throws -> Store {
    let path = storePath
    let isMissing: Bool
    do throws(SystemError) { isMissing = try File.status(path) == nil } catch {
      throw AgoraError(error, file: path)
    }
    if isMissing { try check() }
    let store = try Store(path: path, creates: true)
    if isMissing { Terminal.say("agora: made a new store, \(path)") }
    return store
  }
}
