import AgoraStore
import CompatProxy
import Synchronization

/// MCP over HTTP (the Streamable HTTP transport) at one path: both eras, without sessions.
///
/// Each request is a POST and its answer one JSON document, or a stream of events where the client wants
/// to be told how far it is. There is no stream to GET and no session to DELETE: both are 405.
package struct MCPEndpoint: Surface {
  /// Says who makes a request, or refuses it: tokens, `Origin` and `Host` are looked at there.
  package typealias Callers = @Sendable (HTTPRequest, RequestContext) throws -> Standing

  /// The path.
  package static let path = "/mcp"

  private let core: MCPCore
  private let caller: Callers

  package init(_ core: MCPCore, caller: @escaping Callers) {
    self.core = core
    self.caller = caller
  }

  /// Makes it of the server's parts.
  ///
  /// - Throws: ``AgoraError`` `misuse` where the environment says of v4's end what cannot be understood.
  init(_ parts: ServiceParts, _ hub: EventHub) throws(AgoraError) {
    var options = MCPCore.Options()
    options.naming = parts.options.toolNames
    options.listsLegacyTools = parts.options.listsLegacyTools
    options.leastPhase = try SunsetEnvironment().phase
    var core = MCPCore(parts.tools, options, hub: hub)
    core.reports = parts.reports
    let access = parts.access
    self.init(core) { request, context in
      try access.standing(of: request, context, through: .mcp)
    }
  }

  /// Adds the path to a router.
  package func mount(on router: inout Router) {
    router.add(.post, Self.path, bodyLimit: MCPLines.lineLimit) { try respond(to: $0) }
  }

  private func respond(to routed: RoutedRequest) throws -> HTTPResponse {
    let request = routed.request
    let standing = try caller(request, routed.context)
    let form = try Form(request)
    do {
      switch try RPCMessage(request.body) {
      case .response, .notification: return try acknowledge(request)
      case .request(let message):
        return try answer(message, request.headers, form, standing)
      }
    } catch let fault as RPCMessage.Fault {
      return form.response(
        fault.error.answer(to: fault.id), status: Self.status(fault.error, isModern: false))
    }
  }

  /// Takes a message that wants no answer; there is none that would mean something here.
  private func acknowledge(_ request: HTTPRequest) throws(RPCMessage.Fault) -> HTTPResponse {
    if let version = request.headers[MCPHeaders.version], MCPVersion(rawValue: version) == nil {
      throw RPCMessage.Fault(id: nil, error: .unsupported(version))
    }
    return HTTPResponse(202)
  }

  private func answer(
    _ message: RPCRequest, _ headers: HTTPHeaders, _ form: Form, _ standing: Standing
  ) throws -> HTTPResponse {
    let versions = headers.all(MCPHeaders.version)
    let isModern =
      MCPEnvelope.isMeant(message)
      || versions.contains { MCPVersion(rawValue: $0)?.isModern == true }
    do {
      if isModern {
        let envelope = try MCPEnvelope(message)
        try MCPHeaders.check(headers, message, envelope)
        try envelope.check()
      } else if let version = versions.first, MCPVersion(rawValue: version) == nil {
        throw RPCError.unsupported(version)
      }
      if message.method == "subscriptions/listen", core.tellsChanges {
        return try listen(message, form, standing)
      }
      if let opening = core.opening(of: message), form.takesEvents {
        return stream(message, from: opening, standing.caller)
      }
      let result = try core.result(message, MCPExchange(caller: standing.caller))
      return form.response(MCPCore.answer(to: message.id, result))
    } catch let error as RPCError {
      return form.response(
        error.answer(to: message.id), status: Self.status(error, isModern: isModern))
    }
  }

  /// A stream of changes, until the client goes or the server stops.
  ///
  /// - Throws: ``RPCError`` for what cannot be wanted.
  private func listen(
    _ message: RPCRequest, _ form: Form, _ standing: Standing
  ) throws(RPCError) -> HTTPResponse {
    guard form.takesEvents else { return Form.unacceptable.response }
    _ = try MCPInterest(message, in: core.marketplace)
    return HTTPResponse(
      200, Form.eventHeaders,
      body: .stream { [core] stream in
        let listener = MCPCore.Listener(
          send: { stream.send($0.flatMap { Form.event($0) }) },
          keepAlive: { stream.send(Array(": still here\n\n".utf8)) },
          end: { stream.finish(with: Form.event($0)) }, waitingBytes: { stream.waitingBytes },
          isAllowed: { standing.holds })
        do throws(RPCError) {
          let feed = try core.listen(message, to: listener)
          stream.whenClosed { feed.stop() }
          stream.whenDraining { feed.end(.failed("the server ends")) }
        } catch { stream.finish(with: Form.event(error.answer(to: message.id))) }
      })
  }

  /// The status of an answer that is an error.
  private static func status(_ error: RPCError, isModern: Bool) -> HTTPStatus {
    switch error.code {
    case .parse, .invalidRequest, .headerMismatch, .unsupportedVersion: 400
    case .invalidParams: isModern ? 400 : 200
    case .methodNotFound: isModern ? 404 : 200
    case .internal, .resourceNotFound: 200
    }
  }

  /// An answer as events: that the call begins, and, when the client has taken that, all the rest.
  ///
  /// A client that is gone by then has cancelled its call, and it is not done.
  private func stream(
    _ message: RPCRequest, from opening: JSON, _ caller: Caller
  ) -> HTTPResponse {
    let steps = Steps()
    return HTTPResponse(
      200, Form.eventHeaders,
      body: .pieces { [core] in
        switch steps.next() {
        case 0: return Form.event(opening)
        case 1:
          let told = Told()
          let exchange = MCPExchange(caller: caller) { told.add(Form.event($0)) }
          let answer = core.answer(message, exchange)
          return told.all + Form.event(answer)
        default: return nil
        }
      })
  }

  private final class Steps: Sendable {
    private let count = Mutex(0)
    func next() -> Int {
      count.withLock { count in
        defer { count += 1 }
        return count
      }
    }
  }

  private final class Told: Sendable {
    private let bytes = Mutex<[UInt8]>([])
    func add(_ more: [UInt8]) { bytes.withLock { $0 += more } }
    var all: [UInt8] { bytes.withLock { $0 } }
  }
}

extension MCPEndpoint {
  /// The media types of a request, and of its answer.
  private struct Form {
    let takesJSON: Bool
    let takesEvents: Bool

    /// - Throws: ``Problem`` 415 for a body that is not said to be JSON, 406 where neither form is taken.
    init(_ request: HTTPRequest) throws(Problem) {
      // Without a type a page of anybody's could send it without being asked (a simple request).
      let types = request.headers.all("Content-Type")
      guard types.count == 1, JSONBody.isJSON(types[0]) else {
        throw Problem(
          415, "unsupported_media_type",
          "a message is JSON: send Content-Type: application/json")
      }
      let ranges = request.headers.list("Accept").map(Self.essence)
      func takes(_ names: String...) -> Bool {
        ranges.isEmpty || ranges.contains { names.contains($0) }
      }
      takesJSON = takes("*/*", "application/*", "application/json")
      takesEvents = takes("*/*", "text/*", "text/event-stream")
      guard takesJSON || takesEvents else {
        throw Self.unacceptable
      }
    }

    static let unacceptable = Problem(
      406, "not_acceptable",
      "answers are application/json or text/event-stream: name both in Accept")

    private static func essence(_ type: String) -> String {
      let bytes = Array(type.utf8.prefix { $0 != 0x3b })
      return String(decoding: HTTPHeaders.trimmed(bytes), as: UTF8.self).lowercased()
    }

    func response(_ message: JSON, status: HTTPStatus = 200) -> HTTPResponse {
      guard takesJSON || status != 200 else {
        return HTTPResponse(status, Self.eventHeaders, body: .bytes(Self.event(message)))
      }
      var bytes: [UInt8] = []
      JSONWriter.write(message, into: &bytes)
      return HTTPResponse(
        status, [("Content-Type", "application/json"), ("Cache-Control", "no-store")],
        body: .bytes(bytes))
    }

    static let eventHeaders = [
      ("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache, no-transform"),
      ("X-Accel-Buffering", "no"),
    ]

    /// A message as an event.
    static func event(_ message: JSON) -> [UInt8] {
      var bytes = Array("event: message\ndata: ".utf8)
      JSONWriter.write(message, into: &bytes)
      bytes += [0x0a, 0x0a]
      return bytes
    }
  }
}
