import AgoraStore
import CompatProxy

/// Calls of reducers and queries, over HTTP.
struct SpacetimeCalls: Sendable {
  private let marketplace: Marketplace
  private let proxy: Proxy

  init(_ marketplace: Marketplace) {
    self.marketplace = marketplace
    proxy = Proxy(marketplace)
  }

  /// The type of a body that has a command line's words, as the drop-in `spacetime` sends them.
  static let words = "application/vnd.agora.words+json"

  private static func microseconds(since start: Double) -> Int {
    Int(max(0, min(System.monotonicSeconds() - start, 1_000_000)) * 1_000_000)
  }

  /// Calls a reducer.
  func call(
    _ database: SpacetimeDatabase, _ routed: RoutedRequest, _ visitor: SpacetimeVisitor
  ) throws(SpacetimeReply) -> SpacetimeReply {
    let start = System.monotonicSeconds()
    let request = routed.request
    let isWords = request.headers["Content-Type"]?.lowercased().hasPrefix(Self.words) == true
    let call = LegacyCall(
      database: database.known.rawValue, reducer: routed.places["reducer"] ?? "",
      arguments: isWords ? try Self.words(in: request.body) : .document(request.body),
      door: isWords ? "cli" : "http", caller: visitor.caller)
    let answer = proxy.answer(call)
    var reply: SpacetimeReply
    if let refusal = answer.refusal {
      reply = Self.refused(refusal)
    } else if request.headers.list("Accept").contains(where: Self.isJSON) {
      reply = .json(answer.output)
    } else {
      reply = .text(200, "")
    }
    if [200, 402, 530].contains(reply.response.status.code) {
      reply.response.headers.append("spacetime-energy-used", "0")
      reply.response.headers.append(
        "spacetime-execution-duration-micros", "\(Self.microseconds(since: start))")
    }
    return reply
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

  /// Asks v4's tables.
  func ask(
    _ database: SpacetimeDatabase, _ body: [UInt8], _ spelling: SATSType.Spelling
  ) throws(SpacetimeReply) -> SpacetimeReply {
    guard let text = String(validating: body, as: UTF8.self) else {
      throw .text(400, "Request body didn't contain valid UTF-8")
    }
    let start = System.monotonicSeconds()
    let answer: LegacySQL.Answer
    do throws(Refusal) {
      answer = try LegacySQL.answer(text, path: marketplace.store.path, within: .stranger)
    } catch {
      let isOurs = error.code == ToolFailure.Code.unavailable.rawValue
      throw .text(isOurs ? 503 : 400, error.text, [("agora-code", error.code)])
    }
    let micros = Self.microseconds(since: start)
    return .json(
      answer.json(microseconds: micros, spelling),
      [("spacetime-execution-duration-micros", "\(micros)")])
  }
}
