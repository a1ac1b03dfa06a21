import AgoraStore

/// The stream of events in the form that browsers read (HTML Standard, §9.2 Server-sent events).
struct ServerSentEvents {
  private let hub: EventHub
  private let filter: EventFilter
  private let position: EventPosition
  private let standing: Standing

  /// Reads what a request asks for: `agent_id`, `event_types` (names with commas between), `filters` (a
  /// JSON object), `subscription_id`, and where to go on (`Last-Event-ID`, or `since`).
  ///
  /// - Throws: ``ToolFailure`` as `agora.messaging.subscribe` does, and `gone` when what came after
  ///   the last event is not kept any more.
  init(
    _ hub: EventHub, _ request: HTTPRequest, as standing: Standing
  ) throws(ToolFailure) {
    self.hub = hub
    self.standing = standing
    let caller = standing.caller
    var members: [JSON.Member] = []
    var subscription: String?
    var since: String?
    for (name, value) in request.target.parameters {
      switch name {
      case "since": since = value
      case "subscription_id": subscription = value
      case "event_types":
        let names = value.split(separator: ",").map { JSON.string(String($0)) }
        members.append(.init(name, .array(names)))
      case "filters":
        do { members.append(.init(name, try JSON.parse(value))) } catch {
          throw ToolFailure(.invalidParameter, "filters is no JSON: \(error)", parameter: name)
        }
      default: members.append(.init(name, .string(value)))
      }
    }
    if let subscription {
      if let other = members.first {
        throw ToolFailure(
          .invalidParameter,
          "with subscription_id there can only be since: the subscription says what is wanted",
          parameter: other.name)
      }
      filter = try hub.marketplace.subscription(subscription, as: caller).filter
    } else {
      filter = try EventRequest(members).filter(in: hub.marketplace, as: caller)
    }
    // A browser that comes back says how far it got; the address still has what it began with.
    let last = request.headers["Last-Event-ID"].flatMap { $0.isEmpty ? nil : $0 } ?? since
    position = try hub.marketplace.position(after: last)
  }

  /// The answer, which ends when the client goes or the server stops.
  var response: HTTPResponse {
    HTTPResponse(
      200,
      [
        ("Content-Type", "text/event-stream"), ("Cache-Control", "no-store"),
        // A proxy that collects what comes would keep the events back.
        ("X-Accel-Buffering", "no"),
      ],
      body: .stream { [hub, filter, position, standing] stream in
        stream.send(Array("retry: 2000\n\n".utf8))
        let feed = EventFeed(
          filter, after: position, now: hub.milliseconds(),
          EventFeed.Client(
            send: { stream.send(Self.text(of: $0)) },
            keepAlive: { stream.send(Array(": still here\n\n".utf8)) },
            end: { end in
              if case .failed(let why) = end {
                // Behind what waits; where there is no room the end alone has to do.
                stream.send(
                  Array(": \(why.split(separator: "\n").joined(separator: " "))\n\n".utf8))
              }
              stream.finish()
            },
            waitingBytes: { stream.waitingBytes }, isAllowed: { standing.holds }))
        stream.whenClosed { feed.stop() }
        do throws(SystemError) { try hub.add(feed) } catch { stream.finish() }
      })
  }

  /// An event: its id, its type and itself; JSON has no line breaks outside of strings, where they are
  /// escaped.
  private static func text(of event: Event) -> [UInt8] {
    // A type comes from the store and may be any text; a line break would end the field.
    let type = event.type.unicodeScalars.allSatisfy { $0 != "\n" && $0 != "\r" } ? event.type : ""
    let data = JSONWriter.compact(event.json)
    return Array("id: \(event.id)\n\(type.isEmpty ? "" : "event: \(type)\n")data: \(data)\n\n".utf8)
  }
}
