import AgoraStore
import CompatProxy

/// Calls of reducers and queries, over HTTP.
struct SpacetimeCalls: Sendable {
  private let marketplace: Marketplace
  private let proxy: Proxy
  private let clock: Clock
  private let leastPhase: SunsetPhase?

  /// - Parameter leastPhase: the phase in which v4 is at least, as the environment says.
  init(_ marketplace: Marketplace, clock: Clock, atLeast leastPhase: SunsetPhase?) {
    self.marketplace = marketplace
    self.clock = clock
    self.leastPhase = leastPhase
    proxy = Proxy(marketplace, atLeast: leastPhase)
  }

  /// Calls a reducer.
  func call(
    _ database: SpacetimeDatabase, _ routed: RoutedRequest, _ visitor: SpacetimeVisitor
  ) throws(SpacetimeReply) -> SpacetimeReply {
    let start = System.monotonicSeconds()
    let request = routed.request
    let isWords =
      request.headers["Content-Type"]?.lowercased().hasPrefix(LegacyCall.wordsType) == true
    let call = LegacyCall(
      database: database.known.rawValue, reducer: routed.places["reducer"] ?? "",
      arguments: isWords ? try Self.words(in: request.body) : .document(request.body),
      door: isWords ? "cli" : "http", caller: visitor.caller)
    let answer = proxy.answer(call)
    var reply: SpacetimeReply
    if let problem = answer.notice?.problem(instance: "urn:agora:request:\(routed.context.id)") {
      reply = Self.ended(problem, answer.refusal)
    } else if let refusal = answer.refusal {
      reply = Self.refused(refusal)
    } else if request.headers.list("Accept").contains(where: Self.isJSON) {
      reply = .json(answer.output)
    } else {
      reply = .text(200, "")
    }
    tell(answer.notice, request, in: &reply)
    if [200, 402, 530].contains(reply.response.status.code) {
      reply.response.headers.append("spacetime-energy-used", "0")
      reply.response.headers.append(
        "spacetime-execution-duration-micros", "\(System.microseconds(since: start))")
    }
    return reply
  }

  /// What says that v4 ends: the fields of RFC 9745 and RFC 8594, and for the drop-in `spacetime` the line
  /// that it prints.
  private func tell(
    _ notice: SunsetNotice?, _ request: HTTPRequest, in reply: inout SpacetimeReply
  ) {
    guard let notice else { return }
    for (name, value) in notice.headerFields(at: clock.now()) {
      reply.response.headers.append(name, value)
    }
    let isCommandLine = request.headers["User-Agent"]?.hasPrefix("spacetimedb-cli/") == true
    if isCommandLine, !notice.decision.isRefusal {
      reply.response.headers.append("agora-notice", notice.line)
    }
  }

  /// The answer while v4 is switched off, which is no answer of SpacetimeDB's.
  private static func ended(_ problem: JSON, _ refusal: Refusal?) -> SpacetimeReply {
    var response = HTTPResponse.text(
      JSONWriter.compact(problem), status: HTTPStatus(SunsetNotice.status),
      type: "application/problem+json")
    if let refusal { response.headers.append("agora-code", refusal.code) }
    return SpacetimeReply(response: response)
  }

  /// Does a reading of v4's data, unless v4 has ended.
  ///
  /// - Parameter replacement: what to read instead.
  func reading(
    _ replacement: Replacement, for routed: RoutedRequest,
    _ body: () throws(SpacetimeReply) -> SpacetimeReply
  ) throws(SpacetimeReply) -> SpacetimeReply {
    let notice: SunsetNotice?
    do {
      notice = try SunsetGate.notice(
        forReading: replacement, in: marketplace.store, atLeast: leastPhase)
    } catch { throw .text(503, "the store cannot be read: \(ToolFailure(error).message)") }
    var reply: SpacetimeReply
    if let problem = notice?.problem(instance: "urn:agora:request:\(routed.context.id)") {
      reply = Self.ended(problem, notice?.refusal)
    } else {
      do throws(SpacetimeReply) { reply = try body() } catch { reply = error }
    }
    tell(notice, routed.request, in: &reply)
    return reply
  }

  /// The right to watch v4's data, which ends with v4 also where nothing speaks against the caller.
  func whileV4Lasts(_ standing: Standing, _ replacement: Replacement) -> Standing {
    standing.unless { [marketplace] in
      let notice = try? SunsetGate.notice(
        forReading: replacement, in: marketplace.store)
      guard let refusal = notice?.refusal else { return nil }
      return Problem(HTTPStatus(SunsetNotice.status), refusal.code, refusal.text)
    }
  }

  private static func isJSON(_ range: String) -> Bool {
    range == "application/json" || range.hasPrefix("application/json;")
  }

  private static func words(in body: [UInt8]) throws(SpacetimeReply) -> LegacyCall.Arguments {
    guard let elements = (try? JSON.parse(body))?.elements else {
      throw .text(400, "the body has to be a JSON array of words")
    }
    let words = elements.compactMap(\.text)
    guard words.count == elements.count else {
      throw .text(400, "the body has to be a JSON array of words")
    }
    return .words(words)
  }

  /// A refusal in SpacetimeDB's words and statuses; the header says Agora's own code.
  static func refused(_ refusal: Refusal) -> SpacetimeReply {
    let status: HTTPStatus =
      switch (refusal.kind, refusal.code) {
      case (.noSuchReducer, _): 404
      case (.invalidArguments, _), (.usage, _): 400
      case (.reducer, ToolFailure.Code.unavailable.rawValue): 503
      case (.reducer, ToolFailure.Code.internal.rawValue): 500
      case (.reducer, _): 530
      }
    return .text(status, refusal.text, [("agora-code", refusal.code)])
  }

  /// Asks v4's tables, which are the same in all of its databases.
  func ask(
    _: SpacetimeDatabase, _ routed: RoutedRequest, _ spelling: SATSType.Spelling
  ) throws(SpacetimeReply) -> SpacetimeReply {
    // The drop-in `spacetime` asks so, and need not know how tables are drawn.
    let isText = routed.request.headers.list("Accept") == ["text/plain"]
    return try reading(
      Replacement("agora.query.marketplace", []), for: routed
    ) { () throws(SpacetimeReply) in
      try rows(of: routed.request, isText: isText, spelling)
    }
  }

  private func rows(
    of request: HTTPRequest, isText: Bool, _ spelling: SATSType.Spelling
  ) throws(SpacetimeReply) -> SpacetimeReply {
    guard let text = String(validating: request.body, as: UTF8.self) else {
      throw .text(400, "Request body didn't contain valid UTF-8")
    }
    let start = System.monotonicSeconds()
    let answer: LegacySQL.Answer
    var table: String?
    do throws(Refusal) {
      answer = try LegacySQL.answer(text, path: marketplace.store.path, within: .stranger)
      if isText { table = try answer.table(within: LegacySQL.Budget.stranger.bytes) }
    } catch {
      let isOurs = error.code == ToolFailure.Code.unavailable.rawValue
      throw .text(isOurs ? 503 : 400, error.text, [("agora-code", error.code)])
    }
    let micros = System.microseconds(since: start)
    let duration = [("spacetime-execution-duration-micros", "\(micros)")]
    if let table { return .text(200, table, duration) }
    return .json(answer.json(microseconds: micros, spelling), duration)
  }
}
