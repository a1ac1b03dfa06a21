public import AgoraStore
import Synchronization

/// Who the caller of a request is, and whether the request may be answered at all.
///
/// The one door for every surface: it checks `Host` and `Origin`, reads the token, holds the rate, and
/// gives a ``Caller`` or a ``Problem``.
public final class Access: Sendable {
  /// How a server is set up to be reached.
  public struct Rules: Sendable {
    /// Whether nobody but this machine reaches the server's addresses.
    public var isLoopbackOnly = true
    /// Whether callers without a token are let in from anywhere, as long as there are no tokens.
    public var isInsecure = false
    /// Under which other names the server is reached, such as that of a reverse proxy.
    public var publicOrigins: [WebOrigin] = []
    /// Calls a second for each token; 0 for no limit.
    public var callsPerSecond = 250
    /// The highest authority that a token can give.
    public var highestAuthority = Caller.supreme

    /// The usual rules: this machine only.
    public init() {}
  }

  private let register: TokenRegister
  private let rules: Rules
  private let clock: Clock
  private let limiter: RateLimiter
  /// When the use of each token was written down last.
  private let touched = Mutex<[String: Int64]>([:])
  /// Whether a token has been seen; there will never be none again.
  private let isClosed = Mutex(false)

  /// Makes the door of a store.
  ///
  /// - Parameter milliseconds: a clock that only goes forward, for the rate.
  public init(
    _ store: Store, _ rules: Rules = Rules(), clock: Clock = .system,
    milliseconds: @escaping @Sendable () -> Int64 = ServerConfiguration().milliseconds
  ) {
    register = TokenRegister(store)
    self.rules = rules
    self.clock = clock
    limiter = RateLimiter(rate: rules.callsPerSecond, milliseconds: milliseconds)
  }

  // MARK: What surfaces ask

  /// The caller of a request to v5: agent tools, MCP, events.
  ///
  /// A caller without a token may use agent tools from this machine until the first token exists; whatever
  /// a tool needs besides is the marketplace's to ask.
  ///
  /// - Throws: ``Problem`` 401, 403, 429 or 503.
  public func caller(
    of request: HTTPRequest, _ context: RequestContext, through origin: Caller.Origin
  ) throws(Problem) -> Caller { try caller(of: request, context, through: origin, .call) }

  /// The same caller, for what goes on after the answer has begun.
  ///
  /// - Throws: ``Problem`` 401, 403, 429 or 503.
  public func standing(
    of request: HTTPRequest, _ context: RequestContext, through origin: Caller.Origin
  ) throws(Problem) -> Standing {
    try standing(request) { request, question throws(Problem) in
      try self.caller(of: request, context, through: origin, question)
    }
  }

  private func caller(
    of request: HTTPRequest, _ context: RequestContext, through origin: Caller.Origin,
    _ question: Standing.Question
  ) throws(Problem) -> Caller {
    try checkPlace(request, needsToken: !rules.isInsecure)
    if let text = try credentials(request) {
      guard let secret = TokenSecret(text) else { throw Self.badToken("is none of this server's") }
      return try caller(secret, origin, question)
    }
    guard try !closed(), isLocal(request, context) || rules.isInsecure else {
      throw Self.unauthorized("this server needs a token: send Authorization: Bearer TOKEN")
    }
    if !isLocal(request, context) { try hold("client \(context.client)", question) }
    return .anonymous(origin)
  }

  /// The caller of a request to the doors of v4, which stay open on this machine.
  ///
  /// SpacetimeDB's own tokens are taken there for what they are: nobody.
  ///
  /// - Throws: ``Problem`` 401, 403, 429 or 503.
  public func legacyStanding(
    of request: HTTPRequest, _ context: RequestContext
  ) throws(Problem) -> Standing {
    try standing(request) { request, question throws(Problem) in
      try self.legacyCaller(of: request, context, question)
    }
  }

  private func legacyCaller(
    of request: HTTPRequest, _ context: RequestContext, _ question: Standing.Question
  ) throws(Problem) -> Caller {
    try checkPlace(request, needsToken: !rules.isInsecure)
    // Whatever else it has for credentials does not concern us.
    if let text = try? credentials(request), let secret = TokenSecret(text) {
      return try caller(secret, .v4, question)
    }
    if isLocal(request, context) { return .anonymous(.v4) }
    guard rules.isInsecure, try !closed() else {
      throw Self.unauthorized(
        "from another machine, calls of v4 need a token of this server: send Authorization: Bearer TOKEN"
      )
    }
    try hold("client \(context.client)", question)
    return .anonymous(.v4)
  }

  private func standing(
    _ request: HTTPRequest,
    _ caller: @escaping @Sendable (HTTPRequest, Standing.Question) throws(Problem) -> Caller
  ) throws(Problem) -> Standing {
    let first = try caller(request, .call)
    // A stream asks again as long as it stands, and keeps no body for that.
    var bare = request
    bare.body = []
    return Standing(first) { [bare] question in
      do throws(Problem) {
        _ = try caller(bare, question)
        return nil
      } catch { return error }
    }
  }

  /// Checks that a request is meant for this server and comes from no strange page.
  ///
  /// Enough for what anybody may see, such as a health check; the others do it themselves.
  ///
  /// - Throws: ``Problem`` 403.
  public func checkPlace(_ request: HTTPRequest) throws(Problem) {
    try checkPlace(request, needsToken: false)
  }

  /// Checks the same where something else may have to be shown besides.
  ///
  /// - Parameter needsToken: whether nothing is told from beyond this machine without a token.
  private func checkPlace(_ request: HTTPRequest, needsToken: Bool) throws(Problem) {
    let host = request.host.flatMap { WebOrigin(scheme: "http", authority: $0) }
    // A name of somebody else's that leads here: a page of theirs would read our answers (DNS rebinding).
    if let host {
      guard isOurs(host, needsToken: needsToken) else {
        throw Self.forbidden(
          "this server is not \(host.host); the operator can add the name with agora serve --public-url"
        )
      }
    }
    let origins = request.headers.all("Origin")
    guard let text = origins.first else { return }
    guard origins.count == 1, let origin = WebOrigin(text), isAllowed(origin, host) else {
      throw Self.forbidden(
        "pages from \(ValueCheck.shown(text)) may not call this server; the operator can add them with agora serve --public-url"
      )
    }
  }

  // MARK: Places

  private func isOurs(_ host: WebOrigin, needsToken: Bool) -> Bool {
    if host.isLoopback || rules.publicOrigins.contains(where: { $0.host == host.host }) {
      return true
    }
    guard !rules.isLoopbackOnly else { return false }
    // Beyond this machine a token says who may call, and no page of a stranger's has one; what is told
    // without a token is told under names only that no stranger can lead here.
    return needsToken || host.isAddress || !host.host.contains(".")
      || host.host == System.hostName.lowercased()
  }

  private func isAllowed(_ origin: WebOrigin, _ host: WebOrigin?) -> Bool {
    if rules.publicOrigins.contains(origin) { return true }
    if let host, origin.host == host.host,
      origin.port == host.port || host.port == 80 && origin.port == 443
    {
      return true
    }
    // A developer's page on this machine, whatever port it has.
    return rules.isLoopbackOnly && origin.isLoopback
  }

  /// Whether the request was made on this machine, and not handed on by a proxy of it.
  private func isLocal(_ request: HTTPRequest, _ context: RequestContext) -> Bool {
    guard SocketAddress(host: context.client, port: 0).isLoopback else { return false }
    for name in ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"]
    where request.headers[name] != nil { return false }
    guard let host = request.host else { return true }
    return WebOrigin(scheme: "http", authority: host)?.isLoopback == true
  }

  // MARK: Tokens

  /// What stands behind `Bearer`; nil where the request has no credentials.
  private func credentials(_ request: HTTPRequest) throws(Problem) -> String? {
    let fields = request.headers.all("Authorization")
    guard let field = fields.first else { return nil }
    let parts = field.split(separator: " ", maxSplits: 1)
    guard fields.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else {
      throw Self.unauthorized("Authorization has to be one Bearer TOKEN")
    }
    return String(parts[1].drop { $0 == " " })
  }

  private func caller(
    _ secret: TokenSecret, _ origin: Caller.Origin, _ question: Standing.Question
  ) throws(Problem) -> Caller {
    let now = clock.now()
    guard let token = try reading({ try register.find(secret) }) else {
      throw Self.badToken("is none of this server's")
    }
    switch token.state(at: now) {
    case .active: break
    case .expired: throw Self.badToken("has expired")
    case .revoked: throw Self.badToken("was revoked")
    }
    try hold(token.id, question)
    if question == .call { note(token.id, now) }
    return .bound(
      to: AgentReference(token.agent), authority: min(token.authority, rules.highestAuthority),
      origin: origin)
  }

  /// Whether there has ever been a token.
  private func closed() throws(Problem) -> Bool {
    if isClosed.withLock({ $0 }) { return true }
    let isNow = try reading { try register.hasAny() }
    if isNow { isClosed.withLock { $0 = true } }
    return isNow
  }

  private func reading<Result>(_ body: () throws -> Result) throws(Problem) -> Result {
    do { return try body() } catch { throw Problem(ToolFailure(error)) }
  }

  /// Writes the use of a token down once a minute.
  private func note(_ id: String, _ now: Timestamp) {
    let isDue = touched.withLock { touched in
      if let last = touched[id], abs(now.microseconds - last) < 60_000_000 { return false }
      touched[id] = now.microseconds
      return true
    }
    if isDue { register.touch(id, at: now) }
  }

  private func hold(_ caller: String, _ question: Standing.Question) throws(Problem) {
    guard question == .call, let seconds = limiter.admit(caller) else { return }
    var problem = Problem(
      429, ToolFailure.Code.rateLimited.rawValue,
      "more than \(limiter.rate) calls a second; come again in \(seconds) s")
    problem.headers.append("Retry-After", "\(seconds)")
    throw problem
  }

  // MARK: Refusals

  private static func unauthorized(_ detail: String) -> Problem {
    Problem(401, ToolFailure.Code.unauthorized.rawValue, detail)
  }

  private static func badToken(_ reason: String) -> Problem {
    var problem = unauthorized("the token \(reason); agora token create makes one")
    problem.headers.append("WWW-Authenticate", #"Bearer realm="agora", error="invalid_token""#)
    return problem
  }

  private static func forbidden(_ detail: String) -> Problem {
    Problem(403, ToolFailure.Code.forbidden.rawValue, detail)
  }
}
