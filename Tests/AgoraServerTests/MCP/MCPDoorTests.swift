import AgoraStore
import Synchronization
import TestSupport
import Testing

@testable import AgoraServer

/// What MCP's doors have in common: a call as a message, and its answer as other doors give theirs.
private enum MCPDoor {
  static func message(_ tool: String, _ arguments: JSON, isModern: Bool) -> String {
    MCPBench.text(
      "tools/call", #""name":\#(JSON.string(tool)),"arguments":\#(arguments)"#,
      isModern: isModern)
  }

  static func answer(_ message: JSON) throws -> DoorAnswer {
    let result = message["result"]
    if let data = result?["structuredContent"], result?["isError"] == .bool(false) {
      let text = result?["content"]?.elements?.first?["text"]?.text ?? ""
      guard try JSON.parse(text) == data else { throw CancellationError() }
      return .result(data)
    }
    // An unknown tool is no result.
    let error = result?["_meta"]?["dev.agora/error"] ?? message["error"]?["data"]
    return .failure(
      code: error?["code"]?.text ?? "", message: error?["message"]?.text ?? "",
      parameter: error?["parameter"]?.text)
  }
}

/// MCP over lines, with a conversation for each caller.
private struct MCPLinesDoor: Door {
  let bazaar: TestMarketplace
  let isModern: Bool
  private let core: MCPCore

  init(_ bazaar: TestMarketplace, isModern: Bool) {
    self.bazaar = bazaar
    self.isModern = isModern
    core = MCPCore(ToolDoor(bazaar.marketplace))
  }

  private final class Reply: Sendable {
    let line = Mutex<[UInt8]>([])
  }

  func call(_ tool: String, _ arguments: JSON, as caller: DoorCaller) throws -> DoorAnswer {
    let reply = Reply()
    let lines = MCPLines(
      core,
      as: .bound(to: AgentReference(caller.name), authority: caller.authority, origin: .mcp)
    ) { bytes in reply.line.withLock { $0 += bytes } }
    lines.feed(Array((MCPDoor.message(tool, arguments, isModern: isModern) + "\n").utf8))
    while lines.pending > 0 { System.yield() }
    return try MCPDoor.answer(JSON.parse(reply.line.withLock { $0 }))
  }
}

/// MCP at `/mcp` of the whole server, with a token for each caller.
private struct MCPHTTPDoor: Door {
  let harness: ServiceHarness
  let isModern: Bool
  var bazaar: TestMarketplace { harness.bazaar }
  private let tokens: [DoorCaller: String]

  init(_ harness: ServiceHarness, isModern: Bool) throws {
    self.harness = harness
    self.isModern = isModern
    var tokens: [DoorCaller: String] = [:]
    for caller in DoorCalls.callers {
      tokens[caller] = try harness.token(caller.name, authority: caller.authority).text
    }
    self.tokens = tokens
  }

  func call(_ tool: String, _ arguments: JSON, as caller: DoorCaller) throws -> DoorAnswer {
    let fields =
      isModern
      ? [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", tool)]
      : []
    let answer = try harness.ask(
      "POST /mcp", fields + [("Authorization", "Bearer \(tokens[caller] ?? "")")],
      body: MCPDoor.message(tool, arguments, isModern: isModern))
    return try MCPDoor.answer(answer.json)
  }
}

/// The suite of calls that all doors share.
@Suite struct MCPDoorTests {
  @Test(arguments: [false, true])
  func `the same suite of calls has the same answers in process, over stdio and over HTTP`(
    isModern: Bool
  ) throws {
    try withTemporaryFolder { first in
      try withTemporaryFolder { second in
        try withTemporaryFolder { third in
          let direct = try DoorCalls.run(
            through: DirectDoor(TestMarketplace(in: first), origin: .mcp))
          let lines = try DoorCalls.run(
            through: MCPLinesDoor(TestMarketplace(in: second), isModern: isModern))
          let http = try DoorCalls.run(
            through: MCPHTTPDoor(ServiceHarness(in: third), isModern: isModern))
          for (index, call) in DoorCalls.all.enumerated() {
            #expect(lines[index] == direct[index], "\(call.tool) \(call.parameters)")
            #expect(http[index] == direct[index], "\(call.tool) \(call.parameters)")
          }
        }
      }
    }
  }
}
