import AgoraStore

/// What a client of `subscriptions/listen` wants to hear of, as far as it can be told.
struct MCPInterest: Sendable {
  /// Something that can be read, and whose changes are told.
  private enum Subject: Sendable {
    case agent(String)
    case workflow(String)

    /// Whether an event changes what is read there.
    func isChanged(by event: Event) -> Bool {
      switch self {
      case .agent(let id):
        let named = ["agent_id", "assigned_agent"].contains { event.data[$0]?.text == id }
        return named || event.source == id || event.target == id
          // It lies in every inbox.
          || event.type == "broadcast_message"
      case .workflow(let id): return event.data["workflow_id"]?.text == id
      }
    }
  }

  static let subscriptionKey = "io.modelcontextprotocol/subscriptionId"
  /// Resources of one request.
  private static let resourceLimit = 256

  private let id: RPCID
  private let wantsTools: Bool
  private let resources: [(uri: String, subject: Subject)]

  /// Reads what a request wants; what is not there, or never changes, is left out.
  ///
  /// - Throws: ``RPCError`` `-32602`, or `-32603` when the store cannot be read.
  init(_ request: RPCRequest, in marketplace: Marketplace) throws(RPCError) {
    guard case .object(let wanted)? = request["notifications"] else {
      throw RPCError(.invalidParams, "notifications has to be an object")
    }
    func isWanted(_ name: String) throws(RPCError) -> Bool {
      switch wanted.first(where: { $0.name == name })?.value {
      case .none, .null?: return false
      case .bool(let value)?: return value
      case .some: throw RPCError(.invalidParams, "notifications.\(name) has to be true or false")
      }
    }
    for name in ["promptsListChanged", "resourcesListChanged"] { _ = try isWanted(name) }
    wantsTools = try isWanted("toolsListChanged")
    let uris = try Self.uris(wanted.first { $0.name == "resourceSubscriptions" }?.value)
    do {
      resources = try marketplace.store.read { connection in
        try uris.compactMap { uri in
          try Self.subject(uri, in: connection).map { (uri: uri, subject: $0) }
        }
      }
    } catch { throw RPCError(.internal, ToolFailure(error).description) }
    id = request.id
  }

  private static func uris(_ json: JSON?) throws(RPCError) -> [String] {
    switch json {
    case .none, .null?: return []
    case .array(let elements)?:
      let uris = elements.compactMap(\.text)
      guard uris.count == elements.count, uris.count <= resourceLimit else { break }
      return uris
    case .some: break
    }
    throw RPCError(
      .invalidParams,
      "notifications.resourceSubscriptions has to be an array of \(resourceLimit) URIs at most")
  }

  private static func subject(_ uri: String, in connection: Connection) throws -> Subject? {
    switch MCPResources.Place(uri) {
    case .agent(let name):
      // A name of several agents is nobody's.
      let agent = (try? KnownAgent.find(AgentReference(name), in: connection)) ?? nil
      return agent.map { .agent($0.id) }
    case .workflow(let id):
      return try LegacyIDs(connection).workflow(id).map { .workflow($0) }
    case .report, .matrix, nil: return nil
    }
  }

  /// What is told first: what of the wishes is granted.
  var acknowledgment: JSON {
    var granted: [JSON.Member] = []
    if wantsTools { granted.append(.init("toolsListChanged", .bool(true))) }
    if !resources.isEmpty {
      granted.append(
        .init("resourceSubscriptions", .array(resources.map { .string($0.uri) })))
    }
    return notification(
      "notifications/subscriptions/acknowledged", [.init("notifications", .object(granted))])
  }

  /// What an event means to the client; empty where it means nothing.
  func notifications(of event: Event) -> [JSON] {
    var all: [JSON] = []
    if wantsTools, event.type == "service_deprecated" || event.type == "service_activated" {
      all.append(notification("notifications/tools/list_changed", []))
    }
    for (uri, subject) in resources where subject.isChanged(by: event) {
      all.append(notification("notifications/resources/updated", [.init("uri", .string(uri))]))
    }
    return all
  }

  /// What is told last, where this side ends it: the answer to the request.
  var end: JSON {
    MCPCore.answer(to: id, [.init("resultType", .string("complete")), meta])
  }

  private var meta: JSON.Member {
    .init("_meta", .object([.init(Self.subscriptionKey, id.json)]))
  }

  private func notification(_ method: String, _ params: [JSON.Member]) -> JSON {
    RPCNotification.json(method, [meta] + params)
  }
}

extension MCPCore {
  /// Where the notifications of one subscription go.
  struct Listener: Sendable {
    /// Takes messages, all or none.
    let send: @Sendable ([JSON]) -> ClientStream.Delivery
    /// Shows that the connection stands.
    var keepAlive: @Sendable () -> Void = {}
    /// Takes the last message and ends the answer.
    let end: @Sendable (JSON) -> Void
    var waitingBytes: @Sendable () -> Int = { 0 }
    /// Whether the client may still look.
    var isAllowed: @Sendable () -> Bool = { true }
  }

  /// Whether changes are told.
  var tellsChanges: Bool { hub != nil }

  /// Begins to tell a client what it wants to hear of; the acknowledgment goes before all else.
  ///
  /// - Throws: ``RPCError`` as ``MCPInterest`` does, `-32601` where changes are not told.
  func listen(_ request: RPCRequest, to listener: Listener) throws(RPCError) -> EventFeed {
    guard let hub else { throw unknown(request) }
    let interest = try MCPInterest(request, in: marketplace)
    do {
      let position = try marketplace.position(after: nil)
      _ = listener.send([interest.acknowledgment])
      let feed = EventFeed(
        EventFilter(), after: position, now: hub.milliseconds(),
        EventFeed.Client(
          send: { event in
            let messages = interest.notifications(of: event)
            return messages.isEmpty ? .taken : listener.send(messages)
          }, keepAlive: listener.keepAlive, end: { _ in listener.end(interest.end) },
          waitingBytes: listener.waitingBytes, isAllowed: listener.isAllowed))
      try hub.add(feed)
      return feed
    } catch { throw RPCError(.internal, ToolFailure(error).description) }
  }
}
