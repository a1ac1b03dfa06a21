import AgoraStore
import CompatProxy
import Synchronization
import TestSupport

@testable import AgoraServer

/// A marketplace behind MCP's core, asked in process.
struct MCPBench {
  let place: TestMarketplace
  let core: MCPCore

  init(in folder: String, _ change: (inout MCPCore.Options) -> Void = { _ in }) throws {
    place = try TestMarketplace(in: folder)
    var options = MCPCore.Options()
    change(&options)
    core = MCPCore(ToolDoor(place.marketplace), options)
  }

  /// What a modern request says of itself.
  static let envelope =
    #""io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}"#

  /// A request as text.
  ///
  /// - Parameters:
  ///   - params: the members of the parameters, without braces.
  ///   - meta: members of `_meta`.
  static func text(
    _ method: String, _ params: String = "", meta: String = "", isModern: Bool = false,
    id: String = "1"
  ) -> String {
    let all = [meta, isModern ? envelope : ""].filter { !$0.isEmpty }.joined(separator: ",")
    let members = [params, all.isEmpty ? "" : "\"_meta\":{\(all)}"].filter { !$0.isEmpty }
    return
      #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{\#(members.joined(separator: ","))}}"#
  }

  static func request(_ text: String) throws -> RPCRequest {
    guard case .request(let request) = try RPCMessage(Array(text.utf8)) else {
      throw CancellationError()
    }
    return request
  }

  /// The answer to a request, and what was told before it.
  func ask(
    _ text: String, as caller: Caller = .owner(.mcp)
  ) throws -> (answer: JSON, told: [JSON]) {
    let told = Told()
    let request = try Self.request(text)
    let answer = core.answer(request, MCPExchange(caller: caller) { told.add($0) })
    return (answer, told.all)
  }

  private final class Told: Sendable {
    private let messages = Mutex<[JSON]>([])
    func add(_ message: JSON) { messages.withLock { $0.append(message) } }
    var all: [JSON] { messages.withLock { $0 } }
  }

  /// A tool's call.
  func call(
    _ tool: String, _ arguments: String = "{}", isModern: Bool = false,
    as caller: Caller = .owner(.mcp)
  ) throws -> JSON {
    try ask(
      Self.text(
        "tools/call", #""name":"\#(tool)","arguments":\#(arguments)"#, isModern: isModern),
      as: caller
    ).answer
  }

  /// The code of an answer that is an error.
  static func code(_ answer: JSON) -> Int? { answer["error"]?["code"]?.integer }
}
