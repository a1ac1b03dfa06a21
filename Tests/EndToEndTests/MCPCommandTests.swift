import AgoraStore
import Foundation
import TestSupport
import Testing

/// `agora mcp` as clients start it.
@Suite struct MCPCommandTests {
  private static let call =
    #"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"agora_agent_register","arguments":{"agent_name":"alice"}}}"#
  private static let start =
    #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#

  @Test
  func `what is piped in is answered, standard output is clean, and the end of input is the end`()
    throws
  {
    try withTemporaryFolder { folder in
      let send =
        #"{"jsonrpc":"2.0","id":"s","method":"tools/call","params":{"name":"agora_messaging_send","arguments":{"to_agent":"alice","content":"hi"}}}"#
      let legacy =
        #"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"send_agent_message","arguments":{"from_agent":"old","to_agent":"alice","message_type":"info","payload":"x","priority":2}}}"#
      let input = [Self.start, Self.call, send, legacy, "nonsense"].joined(separator: "\n")
      let run = try Child.run(
        "agora", ["mcp", "--as", "alice"], in: folder, input: Array(input.utf8),
        environment: ["AGORA_AGENT": "", "AGORA_STORE": ""])
      #expect(run.status == 0 && run.talk == "agora: made a new store, agora.db\n")
      let lines = try run.output.split(separator: "\n").map { try JSON.parse(String($0)) }
      let ids = lines.map { $0["id"]?.description ?? "" }.sorted()
      #expect(ids == ["\"s\"", "1", "2", "4", "null"], "\(run.output)")
      for line in lines where line["id"] != .null {
        #expect(line["result"] != nil && line["result"]?["isError"] != .bool(true), "\(line)")
      }
      let log = try Child.run("agora", ["compat", "log", "--json"], in: folder)
      #expect(try JSON.parse(log.output)["calls"]?.elements?.count == 1)
    }
  }

  @Test func `over HTTP too the environment says how far v4's tools are from their end`() throws {
    let body =
      #"{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"send_agent_message","arguments":{"from_agent":"old","to_agent":"new","message_type":"info","payload":"x","priority":2}}}"#
    let rows: [([String: String], String, String?)] = [
      ([:], #""isError":false"#, "Warning:"),
      (["DEPRECATION_WARNINGS": "enabled"], "Warning:", #""isError":true"#),
      (["COMPATIBILITY_MODE": "disabled"], "-32602", #""isError":false"#),
    ]
    for (environment, wanted, unwanted) in rows {
      try withTemporaryFolder { folder in
        let server = try ServerProcess(store: folder + "/agora.db", environment: environment)
        let client = try Client(server.port)
        client.send(
          "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Connection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let answer = client.takeAll()
        #expect(answer.contains(wanted), "\(environment): \(answer)")
        if let unwanted { #expect(!answer.contains(unwanted), "\(environment): \(answer)") }
        server.signal(SIGTERM)
        client.endOutput()
        #expect(server.wait().status == 0)
      }
    }
  }

  @Test func `a signal ends it while its client still holds the line`() throws {
    try withTemporaryFolder { folder in
      let process = Process()
      process.executableURL = Child.products.appendingPathComponent("agora")
      process.arguments = ["mcp"]
      process.currentDirectoryURL = URL(fileURLWithPath: folder)
      let (input, output) = (Pipe(), Pipe())
      process.standardInput = input
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      try input.fileHandleForWriting.write(contentsOf: Data((Self.start + "\n").utf8))
      let answer = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
      #expect(answer.contains("protocolVersion"))
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationReason == .exit && process.terminationStatus == 0)
    }
  }

  @Test func `a client's configuration names the program and the store from the root, and works`()
    throws
  {
    try withTemporaryFolder { folder in
      let here = File.absolute(folder)
      for (client, key) in [
        ("claude", "mcpServers"), ("vscode", "servers"), ("cursor", "mcpServers"),
      ] {
        let run = try Child.run(
          "agora",
          ["mcp", "--print-config", client, "--as", "alice", "--tool-names", "dotted"], in: folder,
          environment: ["AGORA_STORE": "", "AGORA_AGENT": ""])
        let server = try JSON.parse(run.output)[key]?["agora"]
        let program = server?["command"]?.text ?? ""
        let arguments = server?["args"]?.elements?.compactMap(\.text) ?? []
        #expect(run.status == 0 && run.talk.contains("mcp"), "\(run.talk)")
        #expect(
          arguments == [
            "mcp", "--store", here + "/agora.db", "--as", "alice", "--tool-names", "dotted",
          ])
        #expect((server?["type"]?.text == "stdio") == (client == "vscode"))
        let started = try Child.run(
          program, arguments, in: "/", input: Array((Self.start + "\n").utf8))
        #expect(started.status == 0 && started.output.contains("2025-11-25"), "\(started.talk)")
      }
      #expect(try names(in: folder).contains("agora.db"))
    }
  }

  @Test func `what is mistyped is named, and what is no store ends it before a word is said`()
    throws
  {
    try withTemporaryFolder { folder in
      try write("no store at all, but long enough to be read as a page", to: folder + "/text.db")
      let rows: [([String], Int32, String)] = [
        (["--tool-names", "dots"], 2, "underscore"), (["--print-config", "emacs"], 2, "claude"),
        (["--store", "text.db"], 1, "text.db"), (["--nothing"], 2, "--nothing"),
        (["--store", "none/agora.db"], 1, "none"),
      ]
      for (arguments, status, words) in rows {
        let run = try Child.run("agora", ["mcp"] + arguments, in: folder)
        #expect(run.status == status && run.output.isEmpty, "\(arguments): \(run.status)")
        #expect(run.talk.contains(words), "\(arguments): \(run.talk)")
      }
    }
  }
}
