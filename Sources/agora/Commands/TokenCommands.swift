import AgoraServer
import AgoraStore

/// `agora token`: who may call over the network.
enum TokenCommands {
  static let create = Command(
    words: ["token", "create"], summary: "Makes a token that lets its holder call as an agent.",
    options: [
      .init(name: "agent", value: "NAME", help: "The agent that the holder is: a name or an id."),
      .init(
        name: "authority", value: "N",
        help:
          "What the holder may do besides, 0 (default) to 255; tools of operators say what they need."
      ),
      .init(
        name: "expires", value: "TIME",
        help: "Until when it is taken: 90d, 12h, 30m, or a time in RFC 3339 (default: for good)."),
      Command.store,
    ],
    discussion: """
      Prints the token on standard output, once: only a hash of it is stored. Its holder sends it as

        Authorization: Bearer agora_…

      and acts as that agent and as no other. From the first token on, a server on this store asks everybody for one. An agent that is not registered yet can register itself with it. ADMIN_AUTHORITY_LEVEL in the environment is the highest authority that can be given.
      """,
    run: runCreate)

  static let list = Command(
    words: ["token", "list"], summary: "Lists the tokens, without their secrets.",
    options: [Command.store],
    run: { invocation in
      let now = try Clock.ofEnvironment().now()
      let tokens = try TokenRegister(invocation.openStore()).list()
      let rows =
        [["token", "agent", "state", "authority", "created", "expires", "last used"]]
        + tokens.map { token in
          [
            token.id, token.agentName ?? token.agent, token.state(at: now).rawValue,
            "\(token.authority)", token.createdAt.description,
            token.expiresAt?.description ?? "never", token.lastUsedAt?.description ?? "never",
          ]
        }
      try invocation.report(
        .object([
          .init("tokens", .array(tokens.map { $0.json(at: now) })),
          .init("count", .int(tokens.count)),
        ]),
        tokens.isEmpty
          ? "There are no tokens." : TextTable.lines(rows, leftColumns: 3).joined(separator: "\n"))
      return .done
    })

  static let revoke = Command(
    words: ["token", "revoke"], summary: "Revokes a token; no server takes it from then on.",
    operands: [.init(name: "TOKEN", help: "The token's id, tok_…, as the list shows it.")],
    options: [Command.store],
    run: { invocation in
      let now = try Clock.ofEnvironment().now()
      // Whoever gives the whole token by mistake means its id, and its secret is repeated nowhere.
      let id = TokenRegister.id(named: invocation.operands[0])
      guard let token = try TokenRegister(invocation.openStore()).revoke(id, at: now) else {
        throw AgoraError(
          .notFound, "there is no token \(TextTable.visible(id))",
          remedy: "agora token list shows them.")
      }
      invocation.reportDone(token.json(at: now), "\(token.id) is revoked.")
      return .done
    })

  /// The highest authority that a token gives, as the environment says.
  static func highestAuthority() throws -> Int {
    guard let text = System.environment("ADMIN_AUTHORITY_LEVEL") else { return Caller.supreme }
    guard let level = Int(text), (0...Caller.supreme).contains(level) else {
      throw AgoraError(
        .misuse, "ADMIN_AUTHORITY_LEVEL is \"\(TextTable.visible(text))\"",
        remedy: "Set it to a whole number from 0 to 255.")
    }
    return level
  }

  private static func runCreate(_ invocation: Invocation) throws -> ExitCode {
    guard let agent = invocation.value("agent") else {
      throw AgoraError(.misuse, "agora token create needs --agent NAME")
    }
    let authority = try invocation.number("authority", in: 0...Caller.supreme) ?? 0
    let highest = try highestAuthority()
    guard authority <= highest else {
      throw AgoraError(
        .refused, "ADMIN_AUTHORITY_LEVEL allows no authority above \(highest)",
        remedy: "Ask for less, or have the level raised.")
    }
    let now = try Clock.ofEnvironment().now()
    let expires = try invocation.value("expires").map { try instant($0, after: now) }
    let register = TokenRegister(try invocation.openOrMakeStore())
    let created: TokenRegister.Created
    do {
      created = try register.create(
        agent: agent, authority: authority, expiresAt: expires, at: now)
    } catch let failure as ToolFailure {
      throw AgoraError(
        .misuse, failure.message, remedy: "agora call agora.query.agents lists them.")
    }
    if created.token.agentName == nil {
      Terminal.say(
        "agora: no agent is called \(TextTable.visible(agent)) yet; the token's holder can register it"
      )
    }
    guard case .object(let members) = created.token.json(at: now) else { return .failed }
    invocation.reportDone(
      .object([.init("token", .string(created.text))] + members), created.text)
    return .done
  }

  /// An instant in RFC 3339, or a time from now on: `90d`, `12h`, `30m`, `45s`.
  private static func instant(_ text: String, after now: Timestamp) throws -> Timestamp {
    let units: [Character: Int64] = ["d": 86_400, "h": 3_600, "m": 60, "s": 1]
    if let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()),
      (1...100_000_000).contains(count), count <= 3_153_600_000 / unit
    {
      return Timestamp(microseconds: now.microseconds + count * unit * 1_000_000)
    }
    guard let instant = Timestamp(text), instant > now else {
      throw AgoraError(
        .misuse, "--expires takes 90d, 12h, 30m or a time to come, not \"\(text)\"",
        remedy: "Write a time as 2026-01-31T00:00:00Z.")
    }
    return instant
  }
}
