import AgoraStore
import Foundation
import Synchronization
import TestSupport
import Testing

/// The drop-in `spacetime` through a server, and all doors for agents of v4 at once.
@Suite struct SpacetimeServerTests {
  private static let warning =
    "WARNING: This command is UNSTABLE and subject to breaking changes.\n\n"

  private func spacetime(
    _ words: [String], at url: String, in folder: String, _ environment: [String: String] = [:]
  ) throws -> Child {
    try Child.run(
      "spacetime", words, in: folder,
      environment: ["AGORA_URL": url, "AGORA_STORE": "", "PATH": "/nowhere"].merging(environment) {
        $1
      })
  }

  @Test func `what works on a store works through a server, and makes no store here`() throws {
    try withTemporaryFolder { folder in
      let server = try ServerProcess(store: folder + "/far.db")
      let url = "http://localhost:\(server.port)/"
      let here = folder + "/here"
      try FileManager.default.createDirectory(
        atPath: here, withIntermediateDirectories: true)
      let db = "agora-marketplace"
      let message = "he said \"hi\"\n\u{1F600}"
      let rows: [([String], Int32, String, String)] = [
        (["call", db, "register_agent_capability", "A", "testing", "8", "2"], 0, "agent_", ""),
        (
          ["call", db, "send_agent_message", "\"A\"", "\"B\"", "info", message, "5"], 0, "msg_", ""
        ),
        (
          [
            "call", db, "send_agent_message", "--from_agent", "A", "--to_agent", "*",
            "--message_type", "info", "--payload", "{}", "--priority", "1",
          ], 0, "success", ""
        ),
        (["call", db, "agent_heartbeat", "A", "--quiet-stdout"], 0, "", ""),
        (["call", db, "query_coordination_data", "active_agents", "{}"], 0, "[{\"agent_id\"", ""),
        (
          ["call", db, "send_agent_mesage", "A"], 1, "",
          "A reducer with a similar name exists: `send_agent_message`"
        ),
        (
          ["call", db, "send_agent_message", "A"], 1, "",
          "The reducer has the following signature:\n\tsend_agent_message(from_agent: String"
        ),
        (["call", db, "user_directive", "u", "x"], 1, "", "(530 <unknown status code>) for url ("),
        (["call", db, "agent_heartbeat", "--wrong", "x"], 2, "", "unexpected argument '--wrong'"),
        (["call", db, "a/../../b", "x"], 1, "", "No such reducer `a/../../b`"),
        (
          ["call", db, "agent_heartbeat", String(repeating: "x", count: 100_000)], 1, "",
          "cannot be an agent's name"
        ),
        (["sql", db, "SELECT COUNT(*) FROM agent_message"], 0, " COUNT(*) \n----------\n 2", ""),
        (
          ["sql", db, "SELECT priority FROM agent_message", "--format", "json"], 0,
          #""rows":[[5],[1]]"#, ""
        ),
        (["sql", db, "SELECT * FROM agents"], 1, "", "Error: `agents` is not a valid table"),
        (["logs", db], 0, #"Agent "A" registered successfully"#, ""),
        (["logs", db, "-n", "1", "--format", "json"], 0, #"{"level":"Warn""#, ""),
        (["describe", "--json", db, "reducer", "agent_heartbeat"], 0, "agent_name", ""),
        (
          ["subscribe", db, "SELECT * FROM agent_registry", "--print-initial-update", "-n", "0"], 0,
          #"{"agent_registry":{"deletes":[],"inserts":[{"agent_id":"A"#, ""
        ),
        (["subscribe", db, "SELECT * FROM nope"], 1, "", "`nope` is not a valid table"),
        (["export", db, "--format", "json"], 0, #"{"agent_capability":[{"capability_id""#, ""),
        (["server", "ping", "local"], 0, "Server is online: http://localhost:\(server.port)", ""),
        (["server", "ping", url], 0, "Server is online: http://localhost:\(server.port)\n", ""),
        (
          ["server", "ping", "http://127.0.0.1:1"], 0,
          "Server could not be reached (Connection refused (os error 111)): http://127.0.0.1:1\n",
          ""
        ),
        (["status"], 0, "Status: online", ""), (["list"], 0, db, ""),
      ]
      for (words, status, output, talk) in rows {
        let run = try spacetime(words, at: url, in: here)
        #expect(run.status == status, "\(words): \(run.talk)")
        #expect(
          output.isEmpty ? run.output.isEmpty : run.output.contains(output),
          "\(words): \(run.output)")
        #expect(talk.isEmpty || run.talk.contains(talk), "\(words): \(run.talk)")
      }
      #expect(try names(in: here).isEmpty)
      let store = try Store(path: folder + "/far.db")
      let said = try store.read { connection in
        try connection.first(
          Query("test", "SELECT content FROM messages ORDER BY rowid"), map: { $0.text(0) })
      }
      let doors = try store.read { connection in
        try connection.all(Query("test", "SELECT DISTINCT door FROM v4_calls"), map: { $0.text(0) })
      }
      #expect(said == message && doors == ["cli"])
    }
  }

  @Test func `servers that are not there, not meant or silent have their texts`() throws {
    try withTemporaryFolder { folder in
      let rows: [(String, String)] = [
        (
          "https://agora.example.com",
          "https, which this program does not speak\nWhat to do: Give the http address of a reverse proxy"
        ),
        ("agora.example.com:80", "is no address of a server"), ("http://", "is no address"),
        ("http://user@host", "is no address"), ("http://host:0", "is no address"),
        (
          "http://127.0.0.1:1",
          "error sending request for url (http://127.0.0.1:1/v1/database/agora-marketplace/call/agent_heartbeat)\n\nCaused by:\n    0: client error (Connect)\n    1: tcp connect error: Connection refused (os error 111)\n    2: Connection refused (os error 111)"
        ),
        ("http://nowhere.invalid", "client error (Connect)"),
      ]
      for (url, text) in rows {
        let run = try spacetime(
          ["call", "agora-marketplace", "agent_heartbeat", "A"], at: url, in: folder)
        #expect(run.status == 1 && run.output.isEmpty, "\(url)")
        #expect(
          run.talk.hasPrefix(Self.warning + "Error: ") && run.talk.contains(text), "\(run.talk)")
      }
      let ping = try spacetime(["server", "ping"], at: "http://127.0.0.1:1", in: folder)
      #expect(ping.status == 0)
      #expect(ping.output.contains("Server could not be reached (Connection refused"))
    }
  }

  @Test func `an update is printed when somebody makes it, here and through a server`() throws {
    try withTemporaryFolder { folder in
      let server = try ServerProcess(store: folder + "/s.db")
      let url = "http://127.0.0.1:\(server.port)"
      for environment in [["AGORA_URL": url], ["AGORA_STORE": folder + "/s.db", "AGORA_URL": ""]] {
        let watching = Background {
          try Child.run(
            "spacetime",
            [
              "subscribe", "agora-marketplace", "SELECT * FROM agent_message WHERE priority = 3",
              "-n", "1", "-t", "10", "--print-initial-update",
            ], environment: environment)
        }
        // It is there when it has been asked often enough: each call is another message.
        let done = Switch()
        let calling = Background {
          while !done.isOn {
            _ = try HTTPConnection(ServerAddress(url)).exchange(
              "POST", "/v1/database/agora-marketplace/call/send_agent_message",
              body: Array(#"["A","B","info","x",3]"#.utf8))
          }
        }
        let run = try watching.value()
        done.turnOn()
        try calling.value()
        let lines = run.output.split(separator: "\n")
        #expect(run.status == 0 && lines.count == 2, "\(run.output) \(run.talk)")
        #expect(
          lines.last?.hasPrefix(#"{"agent_message":{"deletes":[],"inserts":[{"message_id":"msg_"#)
            == true)
      }
    }
  }

  @Test func `first calls of one agent through all doors at once make one agent`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/s.db"
      let server = try ServerProcess(store: store)
      let url = "http://127.0.0.1:\(server.port)"
      let address = try ServerAddress(url)
      let words = [
        "call", "agora-marketplace", "send_agent_message", "New", "Other", "info", "x", "2",
      ]
      let mcp =
        #"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"send_agent_message","arguments":{"from_agent":"New","to_agent":"Other","message_type":"info","payload":"x","priority":2}}}"#
      let doors: [@Sendable () throws -> Bool] = [
        {
          try Child.run("spacetime", words, environment: ["AGORA_STORE": store, "AGORA_URL": ""])
            .status == 0
        },
        { try Child.run("spacetime", words, environment: ["AGORA_URL": url]).status == 0 },
        {
          try HTTPConnection(address).exchange(
            "POST", "/v1/database/agora-marketplace/call/send_agent_message",
            body: Array(#"["New","Other","info","x",2]"#.utf8)
          ).status == 200
        },
        {
          let reply = try HTTPConnection(address).exchange(
            "POST", "/mcp",
            fields: [
              ("Content-Type", "application/json"),
              ("Accept", "application/json, text/event-stream"),
            ], body: Array(mcp.utf8))
          return reply.status == 200 && reply.text.contains("msg_")
        },
      ]
      let running = (0..<5).flatMap { _ in doors }.map { door in Background { try door() } }
      for (number, run) in running.enumerated() {
        #expect(try run.value(), "door \(number % doors.count)")
      }
      let connection = try Store(path: store)
      let counts = try connection.read { connection in
        try ["agents", "messages", "v4_calls"].map { table in
          try connection.integer(Query("test", "SELECT count(*) FROM \(table)")) ?? 0
        }
      }
      #expect(counts == [2, 20, 20])
    }
  }

  @Test func `many calls at once are all done, each once`() throws {
    try withTemporaryFolder { folder in
      let server = try ServerProcess(store: folder + "/s.db")
      let address = try ServerAddress("http://127.0.0.1:\(server.port)")
      let (threads, calls) = Crowd.isStress ? (100, 10) : (40, 5)
      let running = (0..<threads).map { number in
        Background {
          var statuses: [Int] = []
          for call in 0..<calls {
            let body = #"["agent \#(number % 7)","Other","info","\#(number) \#(call)",2]"#
            statuses.append(
              try HTTPConnection(address).exchange(
                "POST", "/v1/database/agora-marketplace/call/send_agent_message",
                body: Array(body.utf8)
              ).status)
          }
          return statuses
        }
      }
      for run in running { #expect(try run.value() == [Int](repeating: 200, count: calls)) }
      let store = try Store(path: folder + "/s.db")
      let counts = try store.read { connection in
        try [
          "SELECT count(*) FROM agents", "SELECT count(DISTINCT content) FROM messages",
          "SELECT count(*) FROM v4_calls",
        ].map { try connection.integer(Query("test", $0)) ?? 0 }
      }
      #expect(counts == [8, Int64(threads * calls), Int64(threads * calls)])
    }
  }
}

/// What one thread tells another once.
private final class Switch: Sendable {
  private let state = Atomic<Bool>(false)
  var isOn: Bool { state.load(ordering: .relaxed) }
  func turnOn() { state.store(true, ordering: .relaxed) }
}
