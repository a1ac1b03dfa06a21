import AgoraStore
import TestSupport
import Testing

@testable import AgoraServer

/// What clients are shown of the tools.
@Suite struct MCPToolListTests {
  private func tools(
    _ change: (inout MCPCore.Options) -> Void = { _ in },
    before: (TestMarketplace) throws -> Void = { _ in }
  ) throws -> [JSON] {
    try withTemporaryFolder { folder in
      let bench = try MCPBench(in: folder, change)
      try before(bench.place)
      return try bench.ask(MCPBench.text("tools/list")).answer["result"]?["tools"]?.elements ?? []
    }
  }

  @Test func `every tool is described for every client, down to its parameters`() throws {
    let tools = try tools { $0.listsLegacyTools = true }
    #expect(tools.count == ToolCatalog.agora.names.count + 7)
    for tool in tools {
      let name = tool["name"]?.text ?? ""
      let isPlain = name.utf8.allSatisfy { $0 == 0x5f || (0x61...0x7a).contains($0) }
      #expect(isPlain && (1...45).contains(name.utf8.count), "\(name)")
      #expect(tool["title"]?.text?.isEmpty == false && tool["description"]?.text?.isEmpty == false)
      let hints = tool["annotations"]?.members?.map(\.name)
      #expect(
        hints == ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"], "\(name)")
      let input = tool["inputSchema"]
      #expect(input?["type"]?.text == "object" && input?["$schema"] == nil, "\(name)")
      for property in input?["properties"]?.members ?? [] {
        #expect(property.value["description"]?.text?.isEmpty == false, "\(name).\(property.name)")
      }
    }
    let names = tools.compactMap { $0["name"]?.text }
    #expect(Set(names).count == names.count)
    for tool in ToolCatalog.agora.entries.map(\.tool) {
      guard let card = tools.first(where: { $0["name"]?.text == tool.underscoreName }) else {
        Issue.record("\(tool.name) is missing")
        continue
      }
      #expect(card["title"]?.text == "\(tool.title) (\(tool.name))")
      #expect(card["_meta"]?["dev.agora/name"]?.text == tool.name)
      #expect(card["_meta"]?["dev.agora/version"]?.text == tool.version.description)
      #expect(card["_meta"]?["dev.agora/status"]?.text == "active")
      #expect(card["annotations"]?["readOnlyHint"] == .bool(tool.access == .reads))
      #expect(card["annotations"]?["destructiveHint"] == .bool(tool.isDestructive))
      for (schema, whole) in [
        ("inputSchema", tool.parametersSchema), ("outputSchema", tool.resultSchema),
      ] {
        let members = (whole.members ?? []).filter { $0.name != "$schema" }
        #expect(card[schema] == .object(members), "\(tool.name) \(schema)")
        #expect(card[schema]?["additionalProperties"] == .bool(false), "\(tool.name)")
      }
    }
  }

  @Test func `dots are listed where they are asked for`() throws {
    let tools = try tools { $0.naming = .dotted }
    #expect(tools.compactMap { $0["name"]?.text } == ToolCatalog.agora.names)
  }

  @Test func `pages put together are the list, whatever their size`() throws {
    try withTemporaryFolder { folder in
      let whole = try MCPBench(in: folder) { $0.listsLegacyTools = true }
      let all = try whole.ask(MCPBench.text("tools/list")).answer["result"]
      #expect(all?["nextCursor"] == nil)
      for size in [1, 4, 7, 28, 29, 30] {
        var options = whole.core.options
        options.pageSize = size
        let core = MCPCore(ToolDoor(whole.place.marketplace), options)
        var found: [JSON] = []
        var cursor: String?
        repeat {
          let text = MCPBench.text("tools/list", cursor.map { #""cursor":"\#($0)""# } ?? "")
          let answer = core.answer(try MCPBench.request(text), MCPExchange(caller: .owner(.mcp)))
          let page = answer["result"]?["tools"]?.elements ?? []
          #expect((1...size).contains(page.count))
          found += page
          cursor = answer["result"]?["nextCursor"]?.text
        } while cursor != nil && found.count < 100
        #expect(JSON.array(found) == all?["tools"], "\(size)")
      }
    }
  }

  @Test func `a tool that operators have deprecated says so, and one that has ended is gone`()
    throws
  {
    let deprecate = { (sunset: String) in
      { (place: TestMarketplace) in
        _ = try place.call(
          "agora.admin.manage",
          #"{"action":"deprecate_service","service_name":"agora.messaging.send","version":"1.0.0","deprecation_date":"2025-01-01T00:00:00Z","sunset_date":"\#(sunset)","replacement":"agora.task.assign@1.0.0"}"#
        )
      }
    }
    let open = try tools(before: deprecate("2025-12-01T00:00:00Z"))
      .first { $0["name"]?.text == "agora_messaging_send" }
    let description = open?["description"]?.text ?? ""
    #expect(
      description.hasPrefix("[DEPRECATED - use agora_task_assign - sunset 2025-12-01] "),
      "\(description)")
    let meta = open?["_meta"]
    #expect(meta?["dev.agora/status"]?.text == "deprecated")
    #expect(meta?["dev.agora/deprecated"]?.text == "2025-01-01T00:00:00Z")
    #expect(meta?["dev.agora/sunset"]?.text == "2025-12-01T00:00:00Z")
    #expect(meta?["dev.agora/replacement"]?.text == "agora_task_assign")
    // The test's day is 2025-06-06.
    let ended = try tools(before: deprecate("2025-06-06T09:00:00Z"))
    #expect(!ended.contains { $0["name"]?.text == "agora_messaging_send" })
  }
}
