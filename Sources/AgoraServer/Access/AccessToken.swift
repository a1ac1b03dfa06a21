public import AgoraStore

/// What is known of an access token, without its secret.
public struct AccessToken: Sendable, Equatable {
  /// Whether a token is taken.
  public enum State: String, Sendable {
    /// It is taken.
    case active
    /// Its time is over.
    case expired
    /// Somebody has revoked it.
    case revoked
  }

  /// Its id, `tok_` and 16 hex digits.
  public let id: String
  /// The agent that its holder is: an id, or a name where that was not registered.
  public let agent: String
  /// The authority of its holder, 0–255.
  public let authority: Int
  /// When it was made.
  public let createdAt: Timestamp
  /// From when on it is not taken; nil where it never ends by itself.
  public let expiresAt: Timestamp?
  /// Since when it is revoked; nil where it is not.
  public let revokedAt: Timestamp?
  /// When it was used last, to the minute; nil where it never was.
  public let lastUsedAt: Timestamp?
  /// The agent's name, where it is registered.
  public let agentName: String?

  /// Whether it is taken at an instant.
  public func state(at now: Timestamp) -> State {
    if revokedAt != nil { return .revoked }
    if let expiresAt, expiresAt <= now { return .expired }
    return .active
  }

  /// The token as JSON.
  public func json(at now: Timestamp) -> JSON {
    .object([
      .init("token_id", .string(id)), .init("agent", .string(agentName ?? agent)),
      .init("agent_id", .optional(Identifier(agent)?.description)),
      .init("authority", .int(authority)), .init("state", .string(state(at: now).rawValue)),
      .init("created_at", createdAt.json), .init("expires_at", expiresAt.json),
      .init("revoked_at", revokedAt.json), .init("last_used_at", lastUsedAt.json),
    ])
  }
}
