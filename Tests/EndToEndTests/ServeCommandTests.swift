import AgoraStore
import Foundation
import TestSupport
import Testing

/// `agora serve` and `agora token` as programs.
@Suite struct ServeCommandTests {
  private static func request(_ line: String, _ body: String = "", _ field: String = "") -> String {
    "\(line) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(field)"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func `it says where it listens, answers, drains on a signal and ends well`() throws {
    for (number, format) in [(SIGTERM, "json"), (SIGINT, "text")] {
      try withTemporaryFolder { folder in
        let server = try ServerProcess(
          store: folder + "/agora.db", ["--log", format, "--events-port", "0"],
          environment: ["LOG_LEVEL": "INFO", "SPACETIME_URI": "http://x"])
        let lines = server.greeting.split(separator: "\n")
        #expect(lines.first == "listening on http://127.0.0.1:\(server.port)")
        let client = try Client(server.port)
        client.send(Self.request("POST /agents/register", #"{"agent_name":"ann"}"#))
        _ = try client.take(until: "available_services")
        let half = try Client(server.port)
        half.send("POST /agents/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n")
        half.send("Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n")
        _ = try half.take(until: "100 Continue\r\n\r\n")
        server.signal(number)
        #expect(client.takeAll().isEmpty)
        // What had begun is finished.
        half.send(#"{"agent_name":"bob"}"#)
        #expect(half.takeAll().hasPrefix("HTTP/1.1 200"))
        half.endOutput()
        client.endOutput()
        let end = server.wait()
        #expect(end.status == 0, "\(end.talk)")
        // The store was closed, which takes the log in and writes down what only looked.
        #expect(try File.status(folder + "/agora.db-wal") == nil)
        let told = end.talk.split(separator: "\n").filter { !$0.hasPrefix("agora: made") }
        #expect(told.contains { $0.contains("SPACETIME_URI has no use here") })
        #expect(told.contains { $0.contains("stopped") })
        if format == "json" {
          let parsed = try told.map { try JSON.parse(String($0)) }
          let request = parsed.first { $0["message"]?.text == "request" }
          #expect(request?["status"]?.integer == 200 && request?["request_id"]?.text != nil)
        }
      }
    }
  }

  @Test func `what cannot be served is refused with words`() throws {
    try withTemporaryFolder { folder in
      let rows: [([String], [String: String], Int32, String)] = [
        (["--listen", "0.0.0.0:0"], [:], 5, "there is no token"),
        (["--listen", "nonsense"], [:], 2, "ADDR:PORT"),
        (["--listen", "203.0.113.9:0", "--insecure"], [:], 1, "203.0.113.9"),
        (
          ["--listen", "0.0.0.0:0", "--insecure"], ["AGORA_NOW": "2025-06-06T10:00:00Z"], 2,
          "AGORA_NOW"
        ),
        ([], ["AGORA_NOW": "today"], 2, "AGORA_NOW"),
        ([], ["ADMIN_AUTHORITY_LEVEL": "256"], 2, "ADMIN_AUTHORITY_LEVEL"),
        (["--events-port", "70000"], [:], 2, "--events-port"),
        (["--tool-names", "camel"], [:], 2, "dotted"), (["--log", "xml"], [:], 2, "json"),
        (["--public-url", "agora.example"], [:], 2, "--public-url"),
        (["--store", folder], ["LOG_LEVEL": "loud"], 1, "folder"),
      ]
      for (arguments, environment, status, words) in rows {
        let run = try Child.run(
          "agora", ["serve"] + arguments, in: folder,
          environment: environment.merging(["AGORA_STORE": folder + "/agora.db"]) { one, _ in one })
        #expect(run.status == status && run.talk.contains(words), "\(arguments): \(run.talk)")
        #expect(run.output.isEmpty)
        // What is refused beyond this machine leaves no store behind.
        if status == 5 { #expect(try File.status(folder + "/agora.db") == nil) }
      }
    }
  }

  @Test func `tokens are made, shown once, listed and revoked while the server runs`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      func agora(_ words: String..., level: String = "") throws -> Child {
        try Child.run(
          "agora", words + ["--store", store], in: folder,
          environment: ["ADMIN_AUTHORITY_LEVEL": level, "AGORA_NOW": ""])
      }
      let server = try ServerProcess(store: store, ["--insecure"])
      let client = try Client(server.port)
      func status(_ token: String) throws -> Int? {
        client.send(
          Self.request("GET /agora/query/agents", "", "Authorization: Bearer \(token)\r\n")
            .replacing("Content-Type: application/json\r\n", with: ""))
        let answer = try client.take(until: "}")
        return Int(answer.split(separator: " ")[1])
      }
      let plain = try agora("token", "create", "--agent", "ann", "--expires", "90d")
      let token = plain.output.trimmingCharacters(in: .newlines)
      #expect(plain.status == 0 && token.hasPrefix("agora_") && token.utf8.count == 87)
      #expect(plain.talk.contains("no agent is called ann yet"))
      #expect(try status(token) == 200)
      let made = try agora(
        "token", "create", "--agent", "chief", "--authority", "255", "--json")
      let json = try JSON.parse(made.output)
      #expect(json["authority"]?.integer == 255 && json["expires_at"] == .null)
      #expect(try status(json["token"]?.text ?? "") == 200)
      let list = try agora("token", "list", "--json")
      let tokens = try JSON.parse(list.output)["tokens"]?.elements ?? []
      #expect(tokens.count == 2 && !list.output.contains(token.suffix(64)))
      let id = tokens.first { $0["agent"]?.text == "ann" }?["token_id"]?.text ?? ""
      let revoked = try agora("token", "revoke", id)
      #expect(revoked.status == 0)
      #expect(try status(token) == 401)
      let again = try agora("token", "revoke", id, "--json")
      #expect(try JSON.parse(again.output)["state"]?.text == "revoked")
      // By the whole token, which nobody sees again.
      let whole = json["token"]?.text ?? ""
      for (given, code) in [(whole, Int32(0)), ("agora_" + whole.suffix(64), 1)] {
        let run = try agora("token", "revoke", given)
        #expect(run.status == code, "\(run.talk)")
        #expect(!(run.output + run.talk).contains(whole.suffix(64)))
      }
      #expect(try status(whole) == 401)
      let text = try agora("token", "list")
      #expect(text.output.contains("revoked") && text.output.contains("chief"))
      let rows: [(Child, Int32, String)] = [
        (try agora("token", "create"), 2, "--agent"),
        (try agora("token", "create", "--agent", "system_wide"), 2, "reserved"),
        (try agora("token", "create", "--agent", "a", "--expires", "yesterday"), 2, "90d"),
        (
          try agora("token", "create", "--agent", "a", "--expires", "2001-01-01T00:00:00Z"), 2,
          "come"
        ),
        (try agora("token", "create", "--agent", "a", "--expires", "99999999999d"), 2, "90d"),
        (
          try agora("token", "create", "--agent", "a", "--authority", "101", level: "100"), 5, "100"
        ),
        (try agora("token", "revoke", "tok_0"), 1, "not_found"),
      ]
      for (run, status, words) in rows {
        #expect(run.status == status && run.talk.contains(words), "\(run.talk)")
      }
      server.signal(SIGTERM)
      client.endOutput()
      #expect(server.wait().status == 0)
    }
  }

  @Test(.timeLimit(.minutes(20)))
  func `what was answered with success is there after kill -9`() throws {
    let kills = Crowd.isStress ? 200 : 4
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      var confirmed: Set<String> = []
      var dice = SeededDice(seed: 9)
      for round in 0..<kills {
        let server = try ServerProcess(store: store, environment: ["LOG_LEVEL": "error"])
        let wanted = Int(dice.next() % 40)
        let (port, id) = (server.port, server.id)
        let writers = (0..<4).map { writer in
          Background { () -> [String] in
            let client = try Client(port)
            client.send(Self.request("POST /agents/register", #"{"agent_name":"w\#(writer)"}"#))
            guard (try? client.take(until: "available_services")) != nil else { return [] }
            var ids: [String] = []
            for number in 0... {
              client.send(
                Self.request(
                  "POST /agora/messaging/send",
                  #"{"from_agent":"w\#(writer)","to_agent":"w\#(writer)","content":"\#(round).\#(number)"}"#
                ))
              guard let reply = try? client.take(until: "}") else { break }
              guard reply.hasPrefix("HTTP/1.1 200"), let body = reply.firstRange(of: "{\"") else {
                throw AgoraError(.broken, reply)
              }
              let json = try JSON.parse(String(reply[body.lowerBound...]))
              ids.append(json["message_id"]?.text ?? "")
              if writer == 0, ids.count == wanted { kill(id, SIGKILL) }
            }
            return ids
          }
        }
        if wanted == 0 { server.signal(SIGKILL) }
        for writer in writers { confirmed.formUnion(try writer.value()) }
        #expect(server.wait().status == 128 + SIGKILL)
      }
      let found = try Store(path: store).read { connection in
        try connection.all(Query("test", "SELECT message_id FROM messages")) { $0.text(0) }
      }
      #expect(confirmed.count > kills && confirmed.subtracting(found).isEmpty)
      #expect(try StoreCheck(Store(path: store)).isSound)
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `a thousand idle clients and many busy ones are served without an error`() throws {
    let (idle, busy, rounds) = Crowd.isStress ? (1000, 64, 20) : (100, 8, 5)
    try withTemporaryFolder { folder in
      let server = try ServerProcess(
        store: folder + "/agora.db", environment: ["LOG_LEVEL": "error"])
      let port = server.port
      let waiting = try (0..<idle).map { _ in
        let client = try Client(port)
        client.send(Self.request("GET /health"))
        _ = try client.take(until: "5.0.0")
        return client
      }
      let workers = (0..<busy).map { worker in
        Background { () -> Int in
          let client = try Client(port)
          client.send(Self.request("POST /agents/register", #"{"agent_name":"w\#(worker)"}"#))
          _ = try client.take(until: "available_services")
          for round in 0..<rounds {
            client.send(
              Self.request(
                "POST /agora/messaging/send",
                #"{"from_agent":"w\#(worker)","to_agent":"broadcast","content":"\#(round)"}"#))
            guard try client.take(until: "}").hasPrefix("HTTP/1.1 200") else { return round }
          }
          return rounds
        }
      }
      var slowest = 0.0
      for client in waiting.prefix(20) + waiting.suffix(20) {
        let start = System.monotonicSeconds()
        client.send(Self.request("GET /health"))
        _ = try client.take(until: "5.0.0")
        slowest = max(slowest, System.monotonicSeconds() - start)
      }
      let done = try workers.map { try $0.value() }
      #expect(done == Array(repeating: rounds, count: busy))
      // Far from what it takes alone: many tests share the machine.
      #expect(slowest < 5)
      server.signal(SIGTERM)
      #expect(server.wait().status == 0)
    }
  }
}
