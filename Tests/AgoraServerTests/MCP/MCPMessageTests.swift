import AgoraStore
import TestSupport
import Testing

@testable import AgoraServer

/// What is a message, and what becomes of all else.
@Suite struct MCPMessageTests {
  private func fault(_ bytes: [UInt8]) -> (code: Int, id: JSON)? {
    do throws(RPCMessage.Fault) {
      _ = try RPCMessage(bytes)
      return nil
    } catch {
      let answer = error.error.answer(to: error.id)
      return (MCPBench.code(answer) ?? 0, answer["id"] ?? .bool(false))
    }
  }

  @Test func `what is no message is refused with its code, and with the id where there is one`() {
    let refused: [(String, Int, String)] = [
      ("", -32700, "null"), ("{", -32700, "null"), ("nul", -32700, "null"),
      (#"{"jsonrpc":"2.0","id":1,"method":"ping"} x"#, -32700, "null"),
      (#"{"jsonrpc":"2.0","id":NaN,"method":"ping"}"#, -32700, "null"),
      ("1", -32600, "null"), ("null", -32600, "null"), ("\"ping\"", -32600, "null"),
      ("[]", -32600, "null"),
      (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600, "null"),
      ("{}", -32600, "null"), (#"{"id":7}"#, -32600, "7"),
      (#"{"jsonrpc":"1.0","id":"a","method":"ping"}"#, -32600, "\"a\""),
      (#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, -32600, "1"),
      (#"{"jsonrpc":"2.0","id":0}"#, -32600, "0"),
      (#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600, "1"),
      (#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, "null"),
      (#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, -32600, "null"),
      (#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#, -32600, "null"),
      (#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#, -32600, "null"),
      (#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"x"}"#, -32600, "1"),
      (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}"#, -32602, "1"),
      (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#, -32602, "1"),
      (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"a":2}}"#, -32602, "1"),
      (#"{"jsonrpc":"2.0","result":{}}"#, -32600, "null"),
    ]
    for (text, code, id) in refused {
      let found = fault(Array(text.utf8))
      #expect(
        found?.code == code && found?.id.description == id, "\(text): \(String(describing: found))")
    }
  }

  @Test func `depth, bytes that are no UTF-8 and line ends in strings are refused without a trap`()
  {
    let deep = Array(String(repeating: "[", count: 50_000).utf8)
    let nested = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":"
    let closed =
      nested + String(repeating: "[", count: 50_000) + String(repeating: "]", count: 50_000) + "}}"
    for bytes in [deep, Array(closed.utf8), [0xff, 0xfe], Array("\"a\nb\"".utf8), [0x7b, 0x00]] {
      let found = fault(bytes)
      #expect(found?.code == -32700 && found?.id == .null, "\(bytes.prefix(20))")
    }
  }

  @Test func `ids are kept as they came, and an answer or a notification is told from a request`()
    throws
  {
    for id in ["0", "-7", "12345678901234567890", "\"\"", "\"7\"", "\"é\\n\""] {
      let request = try MCPBench.request(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)
      #expect(request.id.json == (try JSON.parse(id)), "\(id)")
    }
    #expect(RPCID(.number("7")) != RPCID(.string("7")))
    let kinds = [
      #"{"jsonrpc":"2.0","method":"x"}"#, #"{"jsonrpc":"2.0","id":1,"result":{}}"#,
      #"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#,
      #" {"jsonrpc":"2.0","id":1,"method":"x","params":{}} "#,
    ].map { text -> String in
      switch try? RPCMessage(Array(text.utf8)) {
      case .notification: "notification"
      case .response: "response"
      case .request: "request"
      case nil: "nothing"
      }
    }
    #expect(kinds == ["notification", "response", "response", "request"])
  }

  /// Damaged copies of good messages, and what comes of them: always one answer or none, never a trap.
  @Test func `damaged messages are answered`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder) { $0.listsLegacyTools = true }
      let seeds = [
        MCPBench.text("tools/list", #""cursor":"""#, isModern: true),
        MCPBench.text(
          "tools/call", #""name":"agora_query_agents","arguments":{"limit":1}"#,
          meta: #""progressToken":1"#, isModern: true),
        MCPBench.text(
          "tools/call",
          #""name":"agora.messaging.send","arguments":{"from_agent":"a","payload":{"x":[1]}}"#),
        MCPBench.text("resources/read", #""uri":"agora://agents/a%20b""#),
        MCPBench.text("initialize", #""protocolVersion":"2025-06-18","capabilities":{}"#),
        MCPBench.text("server/discover", isModern: true),
      ].map { Array($0.utf8) }
      var dice = SeededDice(seed: 41)
      let rounds = Int(System.environment("FUZZ_ROUNDS") ?? "") ?? 1500
      for round in 0..<rounds {
        var bytes = dice.pick(seeds)
        for _ in 0..<Int.random(in: 1...4, using: &dice) {
          let place = Int.random(in: 0..<bytes.count, using: &dice)
          switch Int.random(in: 0..<5, using: &dice) {
          case 0: bytes[place] = UInt8.random(in: 0...255, using: &dice)
          case 1: bytes.remove(at: place)
          case 2: bytes.insert(dice.pick(Array("{}[]\",:\\0-9eu".utf8)), at: place)
          case 3: bytes.removeSubrange(place..<min(bytes.count, place + 9))
          default:
            let other = dice.pick(seeds)
            bytes.replaceSubrange(
              place..., with: other[Int.random(in: 0..<other.count, using: &dice)...])
          }
          if bytes.isEmpty { bytes = [0x20] }
        }
        do throws(RPCMessage.Fault) {
          guard case .request(let request) = try RPCMessage(bytes) else { continue }
          let answer = bench.core.answer(request, MCPExchange(caller: .anonymous(.mcp)))
          let isWhole =
            answer["id"] == request.id.json
            && (answer["result"] != nil) != (answer["error"] != nil)
          #expect(isWhole, "round \(round): \(String(decoding: bytes, as: UTF8.self))")
        } catch { continue }
      }
    }
  }
}
