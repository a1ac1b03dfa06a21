import AgoraStore
import Synchronization

/// One client of `/ws`: it asks for events in JSON and gets them as they are committed.
final class EventSocket: Sendable {
  /// How many subscriptions one connection has at most.
  static let limit = 64

  private let hub: EventHub
  private let tools: ToolDoor
  private let standing: Standing
  private let feeds = Mutex<[String: EventFeed]>([:])

  init(_ hub: EventHub, _ tools: ToolDoor, as standing: Standing) {
    self.hub = hub
    self.tools = tools
    self.standing = standing
  }

  private var caller: Caller { standing.caller }

  /// What the route does with the connection.
  var acceptance: WebSocketAcceptance {
    WebSocketAcceptance(opened: { client in client.whenClosed { self.stop() } }) {
      client, message in
      self.receive(message, from: client)
    }
  }

  private func stop() {
    let all = feeds.withLock { feeds in
      defer { feeds = [:] }
      return Array(feeds.values)
    }
    for feed in all { feed.stop() }
  }

  private func receive(_ message: WebSocketMessage, from client: WebSocketClient) {
    // Who called when the connection was opened may not call any more.
    // Each message is a call, with the same token and the same rate as any.
    if let problem = standing.objection() {
      if problem.endsStreams { return client.close(.policy, Self.reason(.unauthorized)) }
      let error: [JSON.Member] = [
        .init("code", .string(problem.code)), .init("message", .string(problem.detail)),
      ]
      Self.send([.init("type", .string("error")), .init("error", .object(error))], to: client)
      return
    }
    guard case .text(let text) = message else {
      return client.close(.unsupported, "requests are JSON in text messages")
    }
    do throws(ToolFailure) { try answer(text, client) } catch {
      Self.send(Self.problem(error), to: client)
    }
  }

  private func answer(_ text: String, _ client: WebSocketClient) throws(ToolFailure) {
    let request: JSON
    do { request = try JSON.parse(text) } catch {
      throw ToolFailure(.invalidParameter, "the message is no JSON: \(error)")
    }
    guard let members = request.members else {
      throw ToolFailure(.invalidParameter, "the message has to be an object with a type")
    }
    let rest = members.filter { $0.name != "type" }
    switch request["type"]?.text {
    case "ping": Self.send([.init("type", .string("pong"))], to: client)
    case "subscribe": try subscribe(rest, client)
    case "unsubscribe": try unsubscribe(rest, client)
    default:
      throw ToolFailure(
        .invalidParameter, "type has to be subscribe, unsubscribe or ping", parameter: "type")
    }
  }

  // MARK: subscribing

  private func subscribe(_ members: [JSON.Member], _ client: WebSocketClient) throws(ToolFailure) {
    let since = try EventRequest.text(members, "since")
    // An event that is not kept any more is said before anything is subscribed to.
    if let since { _ = try hub.marketplace.position(after: since) }
    let subscription = try find(members.filter { $0.name != "since" })
    // From here on nothing is missed: what is committed later comes after the answer.
    let position = try hub.marketplace.position(after: since)
    let id = subscription.id
    let feed = EventFeed(
      subscription.filter, after: position, now: hub.milliseconds(),
      EventFeed.Client(
        send: { Self.send(Self.event($0, of: id), to: client) },
        // The connection has its own pings.
        keepAlive: {},
        end: { end in client.close(end == .unauthorized ? .policy : .tryLater, Self.reason(end)) },
        waitingBytes: { client.waitingBytes },
        isAllowed: { [standing] in standing.holds }))
    let replaced = try feeds.withLock { feeds throws(ToolFailure) -> EventFeed? in
      guard feeds[id] != nil || feeds.count < Self.limit else {
        throw ToolFailure(
          .conflict, "this connection has \(Self.limit) subscriptions, the most there can be")
      }
      return feeds.updateValue(feed, forKey: id)
    }
    replaced?.stop()
    Self.send(
      [.init("type", .string("subscribed")), .init("subscription_id", .string(id))], to: client)
    do throws(SystemError) { try hub.add(feed) } catch {
      throw ToolFailure(.unavailable, error.description)
    }
  }

  /// The subscription that is meant: one that was made before, or that of the wishes given.
  private func find(_ members: [JSON.Member]) throws(ToolFailure) -> Subscription {
    let marketplace = hub.marketplace
    if let id = try EventRequest.text(members, "subscription_id") {
      if let other = members.first(where: { $0.name != "subscription_id" }) {
        throw ToolFailure(
          .invalidParameter,
          "with subscription_id there can only be since: the subscription says what is wanted",
          parameter: other.name)
      }
      return try marketplace.subscription(id, as: caller)
    }
    var wishes = members.filter { $0.value != .null || $0.name == "event_types" }
    if !wishes.contains(where: { $0.name == "agent_id" }) {
      // Who acts for nobody, or for the operator, looks on: nothing of that is kept.
      guard let agent = caller.agent, caller.authority < Caller.administrative else {
        return try EventRequest(wishes).view(in: marketplace, as: caller)
      }
      wishes.append(.init("agent_id", agent.json))
    }
    let reply = try tools.call(Subscribe.tool.name, .object(wishes), as: caller)
    guard let id = reply.result["subscription_id"]?.text else {
      throw ToolFailure(.internal, "the subscription has no id")
    }
    return try marketplace.subscription(id)
  }

  private func unsubscribe(
    _ members: [JSON.Member], _ client: WebSocketClient
  ) throws(ToolFailure) {
    guard let id = try EventRequest.text(members, "subscription_id") else {
      throw ToolFailure(
        .invalidParameter, "subscription_id is missing", parameter: "subscription_id")
    }
    let feed = feeds.withLock { $0.removeValue(forKey: id) }
    feed?.stop()
    // One that is kept is ended for good; a view of this connection is gone with its feed.
    if feed == nil || !EventRequest.isView(id) {
      var arguments = [JSON.Member("subscription_id", .string(id))]
      if let agent = try EventRequest.text(members, "agent_id") {
        arguments.append(.init("agent_id", .string(agent)))
      } else if let agent = feed?.filter.agent {
        arguments.append(.init("agent_id", .string(agent)))
      }
      _ = try tools.call(Unsubscribe.tool.name, .object(arguments), as: caller)
    }
    Self.send(
      [.init("type", .string("unsubscribed")), .init("subscription_id", .string(id))], to: client)
  }

  // MARK: messages

  private static func event(_ event: Event, of subscription: String) -> [JSON.Member] {
    [
      .init("type", .string("event")), .init("subscription_id", .string(subscription)),
      .init("event", event.json),
    ]
  }

  private static func problem(_ failure: ToolFailure) -> [JSON.Member] {
    [.init("type", .string("error")), .init("error", failure.json)]
  }

  /// At most 123 bytes, as a close frame asks for (RFC 6455 §5.5).
  private static func reason(_ end: EventFeed.End) -> String {
    switch end {
    case .tooSlow(let last): "too slow; resume" + (last.map { " with since \($0)" } ?? "")
    case .unauthorized: "the token is not valid any more"
    case .failed: "the events cannot be read at the moment"
    }
  }

  @discardableResult
  private static func send(
    _ members: [JSON.Member], to client: WebSocketClient
  ) -> ClientStream.Delivery {
    client.send(.text(JSONWriter.compact(.object(members))))
  }
}
