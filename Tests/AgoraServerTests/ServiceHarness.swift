import AgoraStore
import TestSupport

@testable import AgoraServer

/// A server without sockets: requests are text, and go through a session, the router and the surfaces.
final class ServiceHarness {
  let bazaar: TestMarketplace
  let parts: ServiceParts
  let client: String
  private let router: Router
  private let clock: HandClock

  init(
    in folder: String, client: String = "127.0.0.1", catalog: ToolCatalog = .agora,
    _ change: (inout ServiceOptions) -> Void = { _ in }
  ) throws {
    bazaar = try TestMarketplace(in: folder, catalog: catalog)
    self.client = client
    var options = ServiceOptions()
    change(&options)
    let clock = HandClock()
    self.clock = clock
    parts = ServiceParts(
      bazaar.marketplace, options, log: ServerLog { _ in },
      clock: Clock { [bazaar] in bazaar.now }, milliseconds: { clock.now })
    var router = Router()
    for surface in try Service.surfaces(parts, EventHub(parts.marketplace)) {
      surface.mount(on: &router)
    }
    self.router = router
  }

  /// Lets time go by for the server and the marketplace.
  func pass(seconds: Int64) {
    clock.go(seconds * 1000)
    bazaar.pass(seconds: Double(seconds))
  }

  /// Makes a token.
  func token(_ agent: String, authority: Int = 0, expiresAfter seconds: Int64? = nil) throws
    -> TokenRegister.Created
  {
    let now = bazaar.now
    return try TokenRegister(bazaar.store).create(
      agent: agent, authority: authority,
      expiresAt: seconds.map { Timestamp(microseconds: now.microseconds + $0 * 1_000_000) }, at: now
    )
  }

  /// An answer, taken apart.
  struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let text: String
    var json: JSON { (try? JSON.parse(text)) ?? .null }
    var code: String? { json["code"]?.text }
  }

  /// Asks: `GET /path` or `POST /path` with header fields and a body.
  func ask(
    _ line: String, _ headers: [(String, String)] = [], body: String? = nil
  ) throws -> Answer {
    var text = "\(line) HTTP/1.1\r\n"
    var fields = headers
    if !fields.contains(where: { $0.0 == "Host" }) { fields.append(("Host", "127.0.0.1:8080")) }
    if let body {
      fields.append(("Content-Length", "\(body.utf8.count)"))
      if !fields.contains(where: { $0.0 == "Content-Type" }) {
        fields.append(("Content-Type", "application/json"))
      }
    }
    for (name, value) in fields { text += "\(name): \(value)\r\n" }
    text += "\r\n" + (body ?? "")
    let settings = SessionSettings(handler: router, seconds: { 0 }, requestID: { "id" })
    let session = Session(settings, client: client, now: 1_000_000) {}
    return try Self.read(String(decoding: session.talk(Array(text.utf8)), as: UTF8.self))
  }

  static func read(_ reply: String) throws -> Answer {
    guard let end = reply.firstRange(of: "\r\n\r\n") else { throw AgoraError(.broken, reply) }
    let head = reply[..<end.lowerBound].split(separator: "\r\n").map(String.init)
    var headers = HTTPHeaders()
    for line in head.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      headers.append(parts[0], parts[1].trimmingPrefix(" ").description)
    }
    return Answer(
      status: Int(head[0].split(separator: " ")[1]) ?? 0, headers: headers,
      text: String(reply[end.upperBound...]))
  }
}

/// REST as a door, with a token for each caller.
struct RESTDoor: Door {
  let harness: ServiceHarness
  var bazaar: TestMarketplace { harness.bazaar }
  private let tokens: [DoorCaller: String]

  init(_ harness: ServiceHarness) throws {
    self.harness = harness
    var tokens: [DoorCaller: String] = [:]
    for caller in DoorCalls.callers {
      tokens[caller] = try harness.token(caller.name, authority: caller.authority).text
    }
    self.tokens = tokens
  }

  func call(_ tool: String, _ arguments: JSON, as caller: DoorCaller) throws -> DoorAnswer {
    let path = "/" + tool.split(separator: ".", maxSplits: 2).joined(separator: "/")
    let answer = try harness.ask(
      "POST \(path)", [("Authorization", "Bearer \(tokens[caller] ?? "")")],
      body: JSONWriter.compact(arguments))
    guard answer.status != 200 else { return .result(answer.json) }
    return .failure(
      code: answer.code ?? "", message: answer.json["detail"]?.text ?? "",
      parameter: answer.json["parameter"]?.text)
  }
}
