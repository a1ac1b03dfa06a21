/// Who makes a call, and with what right.
public struct Caller: Sendable {
  /// The door through which a call came.
  public enum Origin: String, Sendable, CaseIterable {
    /// The command line.
    case cli
    /// REST.
    case http
    /// The Model Context Protocol.
    case mcp
    /// A v4 call that was translated.
    case v4
    /// A Swift program that has the store open.
    case swift
  }

  /// The highest authority.
  public static let supreme = 255
  /// The authority from which a caller may do what agents may not, such as reopening a task.
  public static let administrative = 200

  /// The agent that acts where a call names none; nil where there is no such default.
  public let agent: AgentReference?
  /// Whether the caller may act as ``agent`` only.
  public let isBound: Bool
  /// Whether the caller has shown who it is.
  public let isAuthenticated: Bool
  /// The authority, 0–255.
  public let authority: Int
  /// The door.
  public let origin: Origin

  private init(
    agent: AgentReference?, isBound: Bool, isAuthenticated: Bool, authority: Int, origin: Origin
  ) {
    self.agent = agent
    self.isBound = isBound
    self.isAuthenticated = isAuthenticated
    self.authority = min(max(authority, 0), Self.supreme)
    self.origin = origin
  }

  /// The local user, who owns the file and may do everything.
  ///
  /// - Parameter agent: the agent that acts where a call names none.
  public static func owner(_ origin: Origin, as agent: AgentReference? = nil) -> Caller {
    Caller(
      agent: agent, isBound: false, isAuthenticated: true, authority: supreme, origin: origin)
  }

  /// A caller whose token binds it to one agent.
  public static func bound(to agent: AgentReference, authority: Int, origin: Origin) -> Caller {
    Caller(
      agent: agent, isBound: true, isAuthenticated: true, authority: authority, origin: origin)
  }

  /// An agent of v4, which names in each call who it is, with the right of who really calls.
  ///
  /// - Parameters:
  ///   - caller: who really calls; one that is bound stays so.
  ///   - agent: whom the call names.
  package static func legacy(of caller: Caller, as agent: AgentReference? = nil) -> Caller {
    Caller(
      agent: caller.isBound ? caller.agent : agent, isBound: caller.isBound,
      isAuthenticated: caller.isAuthenticated, authority: caller.authority, origin: .v4)
  }

  /// A caller who has shown nothing: agent tools only.
  public static func anonymous(_ origin: Origin) -> Caller {
    Caller(agent: nil, isBound: false, isAuthenticated: false, authority: 0, origin: origin)
  }
}
