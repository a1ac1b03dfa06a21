import AgoraStore
import CompatProxy
import Synchronization

/// Makes WebSockets of requests for `v1.json.spacetimedb`.
struct SpacetimeSockets: Sendable {
  let hub: SubscriptionHub
  let calls: SpacetimeCalls

  /// The one protocol that is spoken; SpacetimeDB's others are binary.
  static let name = "v1.json.spacetimedb"

  /// Opens a connection.
  ///
  /// - Throws: ``SpacetimeReply`` 400 where no protocol is offered that is spoken here, or where a
  ///   parameter is malformed.
  func open(
    _ database: SpacetimeDatabase, _ routed: RoutedRequest, _ visitor: SpacetimeVisitor
  ) throws(SpacetimeReply) -> SpacetimeReply {
    var connection = UInt128.random(in: 1...UInt128.max)
    var isLight = false
    for (name, value) in routed.request.target.parameters {
      switch name {
      case "connection_id", "client_address":
        guard value.utf8.count == 32, let id = UInt128(value, radix: 16), id != 0 else {
          throw .text(400, "Invalid connection ID")
        }
        connection = id
      case "light": isLight = value == "true"
      case "compression" where !["None", "Gzip", "Brotli"].contains(value):
        throw .text(
          400,
          "Failed to deserialize query string: unknown variant `\(value.prefix(40))`, expected one of `None`, `Brotli`, `Gzip`"
        )
      default: continue
      }
    }
    do throws(Problem) { _ = try WebSocketHandshake.key(of: routed.request) } catch {
      throw SpacetimeReply(error)
    }
    let socket = SpacetimeSocket(
      hub, database, visitor, connection: connection, isLight: isLight)
    var response = WebSocketHandshake.respond(to: routed.request, with: socket.acceptance)
    guard response.status == 101 else { return SpacetimeReply(response: response) }
    guard routed.request.headers.lists("Sec-WebSocket-Protocol", Self.name) else {
      throw .text(400, "no valid protocol selected")
    }
    response.headers.append("Sec-WebSocket-Protocol", Self.name)
    // The handshake's answer says that v4 ends; when it has ended there is no connection.
    let accepted = SpacetimeReply(response: response)
    return try calls.reading(SpacetimeSocket.instead, for: routed) {
      () throws(SpacetimeReply) in accepted
    }
  }
}

/// One client of `v1.json.spacetimedb`.
final class SpacetimeSocket: Sendable {
  private let hub: SubscriptionHub
  private let database: SpacetimeDatabase
  private let visitor: SpacetimeVisitor
  private let connection: UInt128
  /// Whether it wants other clients' changes without their story.
  let isLight: Bool
  private let outbox: SpacetimeOutbox

  /// What to call when v4 has ended, instead of watching its tables.
  static let instead = Replacement("agora.messaging.subscribe")

  init(
    _ hub: SubscriptionHub, _ database: SpacetimeDatabase, _ visitor: SpacetimeVisitor,
    connection: UInt128, isLight: Bool
  ) {
    self.hub = hub
    self.database = database
    self.visitor = visitor
    self.connection = connection
    self.isLight = isLight
    outbox = SpacetimeOutbox(hub.outboxes)
  }

  /// Whether the client is gone.
  var isOver: Bool { outbox.isClosed }

  /// Sends a frame, now or when the client has taken what waits.
  func send(_ frame: String) { outbox.send(frame) }

  /// Sends what waits.
  ///
  /// - Returns: whether something still does.
  func flush() -> Bool {
    outbox.flush()
    return outbox.isWaiting
  }

  /// What the route does with the connection.
  var acceptance: WebSocketAcceptance {
    WebSocketAcceptance(
      opened: { client in self.open(client) },
      received: { _, message in self.receive(message) })
  }

  private func open(_ client: WebSocketClient) {
    outbox.open(client)
    client.whenClosed { [outbox, hub] in
      outbox.end()
      hub.wake()
    }
    send(
      SpacetimeAnswerFrame.identityToken(
        visitor.identity, token: visitor.token.text, connection: connection))
    do throws(SystemError) { try hub.add(self) } catch {
      outbox.close(.failed, error.description)
    }
  }

  /// Ends the connection where whoever opened it may not watch any more.
  ///
  /// - Parameter isV4Over: whether nobody may.
  func check(isV4Over: Bool) {
    if isV4Over {
      outbox.close(.policy, "v4 has ended; call \(Self.instead.tool)")
    } else if !visitor.standing.holds {
      endForToken()
    }
  }

  private func endForToken() { outbox.close(.policy, "the token is not taken any more") }

  private func receive(_ message: WebSocketMessage) {
    // Each frame is a call, with the same token and the same rate as any.
    let objection = visitor.standing.objection()
    if objection?.endsStreams == true { return endForToken() }
    guard !isOver else { return }
    guard case .text(let text) = message else {
      return outbox.close(.failed, "a frame of \(SpacetimeSockets.name) is text")
    }
    do throws(SpacetimeRequestFrame.Fault) {
      answer(
        try SpacetimeRequestFrame(text), objection.map { .notNow($0.detail, code: $0.code) })
    } catch { outbox.close(.failed, error.message) }
  }

  /// - Parameter refusal: why nothing is done for the caller at the moment.
  private func answer(_ frame: SpacetimeRequestFrame, _ refusal: Refusal?) {
    switch frame {
    case .callReducer(let reducer, let arguments, let request, let isQuiet):
      let call = LegacyCall(
        database: database.known.rawValue, reducer: reducer,
        arguments: .document(Array(arguments.utf8)), door: "http", caller: visitor.caller)
      let cause = SpacetimeAnswerFrame.Cause(
        identity: visitor.identity, connection: connection, reducer: reducer,
        arguments: arguments, request: request, timestamp: hub.clock.now())
      if let refusal {
        return send(SpacetimeAnswerFrame.transactionUpdate([], cause, failure: refusal.text))
      }
      hub.call(call, cause, from: self, isQuiet: isQuiet)
    case .subscribe(let queries, let request):
      subscribe(.whole, queries, request, refusal) { rows, micros in
        SpacetimeAnswerFrame.initialSubscription(rows, request: request, microseconds: micros)
      }
    case .subscribeSingle(let query, let request, let id):
      subscribe(.numbered(id), [query], request, refusal) { rows, micros in
        guard rows.count == 1, let only = rows.first else {
          return SpacetimeAnswerFrame.multiApplied(
            "SubscribeMultiApplied", rows, request: request, id: id, microseconds: micros)
        }
        return SpacetimeAnswerFrame.applied(
          "SubscribeApplied", only, request: request, id: id, microseconds: micros)
      }
    case .subscribeMulti(let queries, let request, let id):
      subscribe(.numbered(id), queries, request, refusal) { rows, micros in
        SpacetimeAnswerFrame.multiApplied(
          "SubscribeMultiApplied", rows, request: request, id: id, microseconds: micros)
      }
    case .unsubscribe(let request, let id):
      unsubscribe(request, id) { rows, micros in
        guard rows.count == 1, let only = rows.first else {
          return SpacetimeAnswerFrame.multiApplied(
            "UnsubscribeMultiApplied", rows, request: request, id: id, microseconds: micros)
        }
        return SpacetimeAnswerFrame.applied(
          "UnsubscribeApplied", only, request: request, id: id, microseconds: micros)
      }
    case .unsubscribeMulti(let request, let id):
      unsubscribe(request, id) { rows, micros in
        SpacetimeAnswerFrame.multiApplied(
          "UnsubscribeMultiApplied", rows, request: request, id: id, microseconds: micros)
      }
    case .oneOffQuery(let message, let query): ask(query, message, refusal)
    }
  }

  private typealias Saying = @Sendable ([SpacetimeAnswerFrame.Rows], Int) -> String

  private func subscribe(
    _ key: SubscriptionHub.Key, _ texts: [String], _ request: UInt32, _ refusal: Refusal?,
    _ say: Saying
  ) {
    let start = System.monotonicSeconds()
    do throws(Refusal) {
      if let refusal { throw refusal }
      try hub.checkSunset(reading: Self.instead)
      var queries: [WatchedQuery] = []
      var known: Set<WatchedQuery> = []
      for text in texts {
        for query in try WatchedQuery.read(text) where known.insert(query).inserted {
          queries.append(query)
          try hub.checkCount(queries.count)
        }
      }
      try hub.subscribe(self, key, queries) { rows in
        say(
          rows.map { SpacetimeAnswerFrame.Rows($0, inserts: $1) },
          System.microseconds(since: start))
      }
    } catch {
      var id: UInt32?
      if case .numbered(let number) = key { id = number }
      send(
        SpacetimeAnswerFrame.subscriptionError(
          error.text, request: request, id: id, microseconds: System.microseconds(since: start)))
    }
  }

  private func unsubscribe(_ request: UInt32, _ id: UInt32, _ say: Saying) {
    let start = System.monotonicSeconds()
    let isKnown = hub.unsubscribe(self, .numbered(id)) { rows in
      say(
        rows.map { SpacetimeAnswerFrame.Rows($0, deletes: $1) }, System.microseconds(since: start))
    }
    guard !isKnown else { return }
    send(
      SpacetimeAnswerFrame.subscriptionError(
        "Subscription not found", request: request, id: id))
  }

  /// Answers a query once.
  private func ask(_ query: String, _ message: String, _ refusal: Refusal?) {
    let start = System.monotonicSeconds()
    let outcome: Result<(table: String, rows: [String]), Refusal>
    do throws(Refusal) {
      if let refusal { throw refusal }
      try hub.checkSunset(reading: Replacement("agora.query.marketplace", []))
      let table = WatchedQuery.firstTable(of: query)
      let answer = try LegacySQL.answer(
        query, path: hub.marketplace.store.path, within: .stranger)
      outcome = .success((table, answer.namedRows.map { JSONWriter.compact($0) }))
    } catch { outcome = .failure(error) }
    send(
      SpacetimeAnswerFrame.oneOffQueryResponse(
        message, outcome, microseconds: System.microseconds(since: start)))
  }
}
