public import AgoraStore

/// The tokens of a store.
public struct TokenRegister: Sendable {
  /// A token that was made, and its text, which is never told again.
  public struct Created: Sendable {
    /// What is stored.
    public let token: AccessToken
    /// What its holder sends behind `Bearer`.
    public let text: String
  }

  private let store: Store

  /// The tokens of a store.
  public init(_ store: Store) { self.store = store }

  private static let columns = """
    t.token_id, t.agent, t.authority, t.created_at, t.expires_at, t.revoked_at, t.last_used_at,
      a.agent_name
    """
  private static let one = Query(
    "tokens.one",
    """
    SELECT \(columns), t.hash FROM tokens t
    LEFT JOIN agents a ON a.agent_id=\(MergedAgents.today("t.agent"))
    WHERE t.token_id=?1
    """)
  private static let all = Query(
    "tokens.all",
    """
    SELECT \(columns) FROM tokens t
    LEFT JOIN agents a ON a.agent_id=\(MergedAgents.today("t.agent"))
    ORDER BY t.created_at DESC, t.token_id
    """)
  private static let any = Query("tokens.any", "SELECT EXISTS(SELECT 1 FROM tokens)")
  private static let usable = Query(
    "tokens.usable",
    """
    SELECT EXISTS(SELECT 1 FROM tokens
      WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at>?1))
    """)
  private static let insert = Query(
    "tokens.insert",
    """
    INSERT INTO tokens(token_id, agent, authority, hash, created_at, expires_at)
    VALUES(?1,?2,?3,?4,?5,?6)
    """)
  private static let revoke = Query(
    "tokens.revoke", "UPDATE tokens SET revoked_at=?2 WHERE token_id=?1 AND revoked_at IS NULL")
  private static let touch = Query(
    "tokens.touch", "UPDATE tokens SET last_used_at=?2 WHERE token_id=?1")
  private static let audit = Query(
    "tokens.audit",
    """
    INSERT INTO audit(audit_id, actor, action, target, after, timestamp, metadata)
    VALUES(?1,'operator',?2,?3,?4,?5,'{"origin":"cli"}')
    """)

  private static func map(_ row: borrowing Row) -> AccessToken {
    func instant(_ column: Int32) -> Timestamp? {
      row.optionalInt64(column).map { Timestamp(microseconds: $0) }
    }
    return AccessToken(
      id: row.text(0), agent: row.text(1), authority: row.int(2),
      createdAt: Timestamp(microseconds: row.int64(3)), expiresAt: instant(4),
      revokedAt: instant(5), lastUsedAt: instant(6), agentName: row.optionalText(7))
  }

  /// Makes a token for an agent.
  ///
  /// - Parameters:
  ///   - agent: its id, name or name on v4; a name that nobody has is taken for one that will register.
  ///   - authority: 0–255.
  /// - Throws: ``ToolFailure`` `invalid_parameter` for what can be no agent's name, `conflict` for a v4 name
  ///   of several; ``AgoraError``.
  public func create(
    agent: String, authority: Int, expiresAt: Timestamp?, at now: Timestamp
  ) throws -> Created {
    let secret = TokenSecret.random()
    let ids = IdentifierSource(clock: .fixed(now))
    let token = try store.write { connection in
      let known = try KnownAgent.find(AgentReference(agent), in: connection)
      // What is held against a name when it is registered is held against it here.
      if known == nil { _ = try RegisterAgent(RegisterAgent.agentName(agent)) }
      try connection.run(
        Self.insert, .text(secret.id), .text(known?.id ?? agent), .int(authority),
        .text(secret.hash), .integer(now.microseconds), .optional(expiresAt?.microseconds))
      guard let token = try connection.first(Self.one, .text(secret.id), map: Self.map) else {
        throw AgoraError(.broken, "the token that was just made is not there")
      }
      try Self.audit("agora.token.create", token, ids, now, in: connection)
      return token
    }
    return Created(token: token, text: secret.text)
  }

  private static func audit(
    _ action: String, _ token: AccessToken, _ ids: IdentifierSource, _ now: Timestamp,
    in connection: Connection
  ) throws {
    try connection.run(
      audit, .text(ids.next(.audit).description), .text(action), .text(token.id),
      .text(JSONWriter.compact(token.json(at: now))), .integer(now.microseconds))
  }

  /// The id of the token that an operator names by its id, or by the whole token by mistake.
  ///
  /// - Returns: what can be shown: no part of a token's secret is in it.
  public static func id(named text: String) -> String { TokenSecret.id(named: text) }

  /// Revokes a token; from then on it is not taken by any server on the store.
  ///
  /// - Returns: the token, also where it was revoked already; nil where there is none of that id.
  public func revoke(_ id: String, at now: Timestamp) throws -> AccessToken? {
    let ids = IdentifierSource(clock: .fixed(now))
    return try store.write { connection in
      try connection.run(Self.revoke, .text(id), .integer(now.microseconds))
      guard let token = try connection.first(Self.one, .text(id), map: Self.map) else {
        return nil
      }
      if token.revokedAt == now {
        try Self.audit("agora.token.revoke", token, ids, now, in: connection)
      }
      return token
    }
  }

  /// All tokens, the newest first.
  public func list() throws -> [AccessToken] {
    try store.read { try $0.all(Self.all, map: Self.map) }
  }

  /// Whether any token is taken at an instant.
  public func hasUsable(at now: Timestamp) throws -> Bool {
    try store.read { try $0.integer(Self.usable, .integer(now.microseconds)) == 1 }
  }

  /// Whether there has ever been a token.
  func hasAny() throws -> Bool { try store.read { try $0.integer(Self.any) == 1 } }

  /// The token that a secret is of; nil where there is none.
  func find(_ secret: TokenSecret) throws -> AccessToken? {
    try store.read { connection in
      let found = try connection.first(Self.one, .text(secret.id)) { row in
        (Self.map(row), row.text(8))
      }
      guard let (token, hash) = found, secret.matches(hash) else { return nil }
      return token
    }
  }

  /// Notes that a token was used; a note that cannot be made at once is left out.
  func touch(_ id: String, at now: Timestamp) {
    try? store.withIdleWriter { connection in
      connection.setBusyTimeout(milliseconds: 50)
      defer { connection.setBusyTimeout(milliseconds: Pragmas.live.busyTimeout) }
      try connection.run(Self.touch, .text(id), .integer(now.microseconds))
    }
  }
}
