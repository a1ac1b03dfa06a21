import AgoraStore
import Synchronization
import TestSupport
import Testing

@testable import AgoraServer

/// The stdio transport without descriptors.
@Suite struct MCPLinesTests {
  /// What was written, and a way to wait for it.
  private final class Paper: Sendable {
    private let lines = Mutex<[JSON]>([])
    let isWhole = Mutex(true)

    func write(_ bytes: [UInt8]) {
      let isLine = bytes.last == 0x0a && !bytes.dropLast().contains(0x0a)
      guard isLine, let json = try? JSON.parse(Array(bytes.dropLast())) else {
        return isWhole.withLock { $0 = false }
      }
      lines.withLock { $0.append(json) }
    }

    var all: [JSON] { lines.withLock { $0 } }
  }

  private func talk(
    _ bench: MCPBench, _ bytes: [UInt8], cuts: Int = Int.max, limit: Int = MCPLines.lineLimit
  ) -> [JSON] {
    let paper = Paper()
    let lines = MCPLines(bench.core, as: .owner(.mcp), limit: limit) { paper.write($0) }
    var rest = bytes[...]
    while !rest.isEmpty {
      lines.feed(Array(rest.prefix(cuts)))
      rest = rest.dropFirst(min(cuts, rest.count))
    }
    lines.finish()
    while lines.pending > 0 { System.yield() }
    #expect(paper.isWhole.withLock { $0 })
    return paper.all
  }

  private func talk(_ bench: MCPBench, _ lines: [String]) -> [JSON] {
    talk(bench, Array((lines.joined(separator: "\n") + "\n").utf8))
  }

  @Test func `what is sent without waiting is done in its order`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      func call(_ id: Int, _ tool: String, _ arguments: String) -> String {
        MCPBench.text("tools/call", #""name":"\#(tool)","arguments":\#(arguments)"#, id: "\(id)")
      }
      var texts = [call(0, "agora_agent_register", #"{"agent_name":"a"}"#)]
      for round in 0..<20 {
        texts += [
          call(
            round * 3 + 1, "agora_messaging_send",
            #"{"to_agent":"a","content":"x","from_agent":"a"}"#),
          call(round * 3 + 2, "agora_agent_status", #"{"agent_id":"a"}"#),
          call(round * 3 + 3, "agora_agent_status", #"{"agent_id":"a"}"#),
        ]
      }
      let answers = talk(bench, texts)
      #expect(answers.count == texts.count)
      for answer in answers {
        let id = answer["id"]?.integer ?? -1
        let data = answer["result"]?["structuredContent"]
        guard id > 0, id % 3 != 1 else { continue }
        #expect(data?["unread_messages"]?.integer == (id - 1) / 3 + 1, "\(id)")
      }
    }
  }

  @Test func `lines may come in any pieces, with any line ends, blank, and without a last one`()
    throws
  {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      let text =
        "\n\r\n  \n" + MCPBench.text("ping", id: "1") + "\r\n" + MCPBench.text("ping", id: "\"é\"")
        + "\n" + #"{"jsonrpc":"2.0","method":"notifications/initialized"}"# + "\n"
        + #"{"jsonrpc":"2.0","id":9,"result":{}}"# + "\n" + MCPBench.text("ping", id: "3")
      for cuts in [1, 2, 7, 64, 10_000] {
        let ids = talk(bench, Array(text.utf8), cuts: cuts).map { $0["id"]?.description }
        #expect(ids == ["1", "\"é\"", "3"], "\(cuts)")
      }
    }
  }

  @Test func `no line ends the conversation, whatever is in it`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      let big = MCPBench.text(
        "tools/call",
        #""name":"agora_agent_status","arguments":{"agent_id":"\#(String(repeating: "x", count: 4 << 20))"}"#
      )
      let rows: [([UInt8], Int?)] = [
        (Array(String(repeating: "[", count: 50_000).utf8), -32700),
        (Array(String(repeating: #"{"a":"#, count: 50_000).utf8), -32700),
        ([0xff, 0xc0, 0x80], -32700), (Array("[]".utf8), -32600), (Array("null".utf8), -32600),
        (Array(#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#.utf8), -32600),
        ([UInt8](repeating: 0x20, count: (5 << 20) + 1), -32600),
        (Array(big.utf8), nil),
      ]
      for (bytes, code) in rows {
        let answers = talk(
          bench, bytes + [0x0a] + Array(MCPBench.text("ping", id: "2").utf8), limit: 5 << 20)
        let (first, last) = (
          answers.first { $0["id"] != .number("2") }, answers.last { $0["id"] == .number("2") }
        )
        #expect(answers.count == 2 && last?["result"] == .object([]), "\(bytes.prefix(30))")
        #expect(first.flatMap { MCPBench.code($0) } == code, "\(bytes.prefix(30))")
        #expect(code == nil || first?["id"] == .null)
      }
    }
  }

  @Test func `a call that is cancelled before it begins is not done and not answered`() throws {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder)
      try bench.place.register("a")
      let paper = Paper()
      let lines = MCPLines(bench.core, as: .owner(.mcp)) { paper.write($0) }
      // Nothing can be written while the store's writer is held here.
      try bench.place.store.withWriter { _ in
        for id in 1...3 {
          let send = MCPBench.text(
            "tools/call",
            #""name":"agora_messaging_send","arguments":{"to_agent":"a","content":"\#(id)","from_agent":"a"}"#,
            id: "\(id)")
          lines.feed(Array((send + "\n").utf8))
        }
        // Reading goes on meanwhile.
        lines.feed(Array((MCPBench.text("ping", id: "4") + "\n").utf8))
        for id in ["2", "99", "\"3\"", "null"] {
          let text =
            #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":\#(id)}}"#
          lines.feed(Array((text + "\n").utf8))
        }
        #expect(paper.all.map { $0["id"]?.integer } == [4])
      }
      while lines.pending > 0 { System.yield() }
      let ids = paper.all.compactMap { $0["id"]?.integer }.sorted()
      let contents = try bench.place.rows("SELECT content FROM messages ORDER BY rowid")
      #expect(ids == [1, 3, 4] && contents == [["1"], ["3"]])
    }
  }

  @Test func `lines are cut at their ends and their limit`() {
    var splitter = LineSplitter(limit: 4)
    let rows: [(String, [LineSplitter.Line])] = [
      ("ab", []), ("c\nd", [.whole(Array("abc".utf8))]),
      ("e\n\n", [.whole(Array("de".utf8)), .whole([])]),
      ("12345", []), ("678", []), ("\nx", [.tooLong]), ("yz1\n", [.whole(Array("xyz1".utf8))]),
    ]
    for (piece, lines) in rows { #expect(splitter.append(Array(piece.utf8)) == lines, "\(piece)") }
    #expect(splitter.finish() == nil)
    _ = splitter.append([0x61])
    #expect(splitter.finish() == .whole([0x61]) && splitter.finish() == nil)
  }
}
