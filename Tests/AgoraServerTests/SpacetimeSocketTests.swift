import AgoraStore
import CompatProxy
import TestSupport
import Testing

@testable import AgoraServer

/// `v1.json.spacetimedb` over real sockets: what clients ask, and what they are told of each other's and
/// of other doors' changes.
@Suite struct SpacetimeSocketTests {
  /// One client, whose frames are JSON.
  private final class Peer {
    private let socket: WebSocketConnection
    let first: JSON

    init(_ address: ServerAddress, query: String = "", protocols: String = "v1.json.spacetimedb")
      throws
    {
      let (socket, refusal) = try WebSocketConnection.open(
        address, "\(SpacetimeServer.place)/subscribe\(query)",
        fields: [("Sec-WebSocket-Protocol", protocols)])
      guard let socket else {
        throw AgoraError(.refused, "\(refusal?.status ?? 0) \(refusal?.text ?? "")")
      }
      self.socket = socket
      first = try JSON.parse(try socket.receive() ?? "null")
    }

    func send(_ text: String) throws { try socket.send(text) }

    /// The next frame: its name and what is in it.
    func take() throws -> (name: String, body: JSON) {
      guard let text = try socket.receive() else { return ("closed", .null) }
      let member = try JSON.parse(text).members?.first
      return (member?.name ?? "", member?.value ?? .null)
    }

    func ask(_ text: String) throws -> (name: String, body: JSON) {
      try send(text)
      return try take()
    }
  }

  private func serving(
    _ body: (ServerAddress, ServiceParts) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let bazaar = try TestMarketplace(in: folder)
      var options = ServiceOptions()
      options.address = SocketAddress(host: "127.0.0.1", port: 0)
      let parts = ServiceParts(bazaar.marketplace, options, log: ServerLog { _ in })
      let service = try Service(parts)
      let running = Background { try service.run() }
      defer { service.stop() }
      try body(try ServerAddress("http://\(service.address)"), parts)
      service.stop()
      try running.value()
    }
  }

  private func call(_ parts: ServiceParts, _ reducer: String, _ body: String) {
    let answer = Proxy(parts.marketplace).answer(
      LegacyCall(
        database: "agora-marketplace", reducer: reducer, arguments: .document(Array(body.utf8))))
    if let refusal = answer.refusal { Issue.record("\(refusal.text)") }
  }

  /// The rows that an update inserts or deletes, as `content` of messages.
  private func contents(_ update: JSON?, _ list: String) -> [String] {
    (update?["tables"]?.elements ?? []).flatMap { $0["updates"]?.elements ?? [] }
      .flatMap { $0[list]?.elements ?? [] }.compactMap { row in
        let json = row.text.flatMap { try? JSON.parse($0) }
        return json?["content"]?.text ?? json?.elements?[4].text
      }
  }

  @Test
  func `clients are told who they are, and refused where they speak nothing that is spoken here`()
    throws
  {
    try serving { address, _ in
      let peer = try Peer(address, query: "?connection_id=000000000000000000000000000000ff")
      let token = peer.first["IdentityToken"]
      let identity = token?["identity"]?["__identity__"]?.text ?? ""
      #expect(identity.hasPrefix("0xc200") && token?["token"]?.text?.contains(".") == true)
      #expect(token?["connection_id"]?["__connection_id__"] == .int(255))
      _ = try Peer(address, protocols: "v1.bsatn.spacetimedb, v1.json.spacetimedb")
      let rows = [
        ("", "v1.bsatn.spacetimedb", "400 no valid protocol selected"),
        ("", "v2.bsatn.spacetimedb, v3.bsatn.spacetimedb", "400 no valid protocol selected"),
        ("?connection_id=00", "v1.json.spacetimedb", "400 Invalid connection ID"),
        ("?compression=Zip", "v1.json.spacetimedb", "400 Failed to deserialize query string"),
        ("?token=x", "v1.json.spacetimedb", "401 TokenError"),
      ]
      for (query, protocols, expected) in rows {
        do {
          _ = try Peer(address, query: query, protocols: protocols)
          Issue.record("\(query) was accepted")
        } catch let error as AgoraError {
          #expect(error.message.hasPrefix(expected), "\(error.message)")
        }
      }
    }
  }

  @Test func `subscribers see what is there, and then what anybody changes`() throws {
    try serving { address, parts in
      call(parts, "send_agent_message", #"["A","B","info","first",3]"#)
      let one = try Peer(address)
      let two = try Peer(address, query: "?light=true")
      let all =
        #"{"Subscribe":{"query_strings":["SELECT * FROM agent_message","SELECT * FROM task_queue"],"request_id":1}}"#
      let initial = try one.ask(all)
      #expect(initial.name == "InitialSubscription" && initial.body["request_id"] == .int(1))
      #expect(contents(initial.body["database_update"], "inserts") == ["first"])
      #expect(initial.body["database_update"]?["tables"]?.elements?.count == 2)
      let single = try two.ask(
        #"{"SubscribeSingle":{"query":"SELECT * FROM agent_message WHERE from_agent = 'C'","request_id":2,"query_id":{"id":7}}}"#
      )
      #expect(single.name == "SubscribeApplied" && single.body["query_id"]?["id"] == .int(7))
      #expect(single.body["rows"]?["table_rows"]?["num_rows"] == .int(0))
      // By another door.
      call(parts, "send_agent_message", #"["C","B","info","second",3]"#)
      let seen = try one.take()
      #expect(seen.name == "TransactionUpdate")
      #expect(contents(seen.body["status"]?["Committed"], "inserts") == ["second"])
      let light = try two.take()
      #expect(light.name == "TransactionUpdateLight")
      #expect(contents(light.body["update"], "inserts") == ["second"])
      // A change of a row is its going and its coming.
      call(parts, "create_task", #"["t-1","A","review",2,"{}"]"#)
      _ = try one.take()
      call(parts, "complete_task", #"["t-1"]"#)
      let done = try one.take()
      let table = done.body["status"]?["Committed"]?["tables"]?.elements?.first
      #expect(table?["table_name"]?.text == "task_queue" && table?["num_rows"] == .int(2))
      // By a client of this protocol: the caller gets the whole story, with its request's number.
      let called = try two.ask(
        #"{"CallReducer":{"reducer":"send_agent_message","args":"[\"C\",\"B\",\"info\",\"third\",3]","request_id":9,"flags":0}}"#
      )
      #expect(called.name == "TransactionUpdate")
      #expect(called.body["reducer_call"]?["request_id"] == .int(9))
      #expect(called.body["reducer_call"]?["reducer_name"]?.text == "send_agent_message")
      #expect(contents(called.body["status"]?["Committed"], "inserts") == ["third"])
      let heard = try one.take()
      let caller = two.first["IdentityToken"]?["identity"]
      #expect(heard.body["caller_identity"] == caller && caller != nil)
      #expect(contents(heard.body["status"]?["Committed"], "inserts") == ["third"])
      // Replaced as a whole, and ended one by one.
      let replaced = try one.ask(
        #"{"Subscribe":{"query_strings":["SELECT * FROM workflows"],"request_id":3}}"#)
      #expect(replaced.body["database_update"]?["tables"]?.elements?.count == 1)
      let ended = try two.ask(#"{"Unsubscribe":{"request_id":4,"query_id":{"id":7}}}"#)
      #expect(ended.name == "UnsubscribeApplied")
      #expect(ended.body["rows"]?["table_rows"]?["num_rows"] == .int(2))
      call(parts, "send_agent_message", #"["C","B","info","unseen",3]"#)
      let again = try two.ask(#"{"Unsubscribe":{"request_id":5,"query_id":{"id":7}}}"#)
      #expect(again.name == "SubscriptionError" && again.body["query_id"]?["some"] == .int(7))
      let ping = try one.ask(
        #"{"OneOffQuery":{"message_id":"0a","query_string":"SELECT * FROM workflows"}}"#)
      #expect(ping.name == "OneOffQueryResponse")
    }
  }

  @Test func `calls that fail, quiet calls and queries asked once have their answers`() throws {
    try serving { address, parts in
      let peer = try Peer(address)
      func call(_ reducer: String, _ arguments: String, flags: Int = 0) -> String {
        let text = JSONWriter.compact(.string(arguments))
        return
          #"{"CallReducer":{"reducer":"\#(reducer)","args":\#(text),"request_id":1,"flags":\#(flags)}}"#
      }
      let rows = [
        ("nosuch", "[]", "no such reducer"),
        (
          "agent_heartbeat", "[]",
          "invalid arguments for reducer agent_heartbeat: .: .: invalid length 0"
        ),
        (
          "agent_heartbeat", "[",
          "invalid arguments for reducer agent_heartbeat: .: .: EOF while parsing"
        ),
        ("user_directive", #"["u","x"]"#, "user_directive has no meaning"),
      ]
      for (reducer, arguments, text) in rows {
        let answer = try peer.ask(call(reducer, arguments))
        #expect(answer.body["status"]?["Failed"]?.text?.hasPrefix(text) == true, "\(answer)")
      }
      let done = try peer.ask(call("agent_heartbeat", #"["A"]"#))
      #expect(done.body["status"]?["Committed"]?["tables"] == .array([]))
      // The quiet call is not answered; the next frame is that of the query behind it.
      try peer.send(call("agent_heartbeat", #"["A"]"#, flags: 1))
      let counted = try peer.ask(
        #"{"OneOffQuery":{"message_id":"ab01","query_string":"SELECT event_type FROM system_events LIMIT 1"}}"#
      )
      #expect(counted.name == "OneOffQueryResponse" && counted.body["message_id"]?.text == "ab01")
      let row = counted.body["tables"]?.elements?.first?["rows"]?.elements?.first?.text
      #expect(row == #"{"event_type":"v4_api_call"}"# && counted.body["error"]?["none"] != nil)
      let refused = try peer.ask(
        #"{"OneOffQuery":{"message_id":"02","query_string":"SELECT * FROM tokens"}}"#)
      #expect(refused.body["error"]?["some"]?.text == "`tokens` is not a valid table")
      #expect(counted.body["tables"]?.elements?.first?["table_name"]?.text == "system_events")
      let multi = try peer.ask(
        #"{"SubscribeMulti":{"query_strings":["SELECT * FROM agent_registry","SELECT * FROM nope"],"request_id":3,"query_id":{"id":1}}}"#
      )
      #expect(multi.name == "SubscriptionError" && multi.body["request_id"]?["some"] == .int(3))
      #expect(
        multi.body["error"]?.text
          == "`nope` is not a valid table, executing: `SELECT * FROM nope`")
      let both = try peer.ask(
        #"{"SubscribeMulti":{"query_strings":["SELECT * FROM *"],"request_id":3,"query_id":{"id":1}}}"#
      )
      #expect(both.name == "SubscribeMultiApplied")
      #expect(both.body["update"]?["tables"]?.elements?.count == LegacyTable.all.count)
      let none = try peer.ask(#"{"UnsubscribeMulti":{"request_id":4,"query_id":{"id":1}}}"#)
      #expect(none.name == "UnsubscribeMultiApplied")
      let many = (0..<300).map { "\"SELECT * FROM workflows WHERE status = '\($0)'\"" }
      let tooMany = try peer.ask(
        #"{"Subscribe":{"query_strings":[\#(many.joined(separator: ","))],"request_id":5}}"#)
      #expect(tooMany.name == "SubscriptionError")
      let calls = try parts.store.read { connection in
        try connection.integer(
          Query("test", "SELECT count(*) FROM v4_calls WHERE door='http'"))
      }
      #expect(calls == 6)
    }
  }

  @Test func `a frame that is none ends the connection with its reason`() throws {
    try serving { address, _ in
      for text in [
        "nonsense", "[]", "{}", #"{"Nope":{}}"#, #"{"Subscribe":{"query_strings":[]}}"#,
        #"{"Subscribe":{"query_strings":[1],"request_id":1}}"#,
        #"{"CallReducer":{"reducer":"x","args":[],"request_id":1,"flags":0}}"#,
        #"{"SubscribeSingle":{"query":"x","request_id":-1,"query_id":{"id":1}}}"#,
        #"{"OneOffQuery":{"message_id":"xyz","query_string":"x"}}"#,
        #"{"CallReducer":{"reducer":"x","args":"[]","request_id":4294967296,"flags":0}}"#,
      ] {
        let peer = try Peer(address)
        #expect(try peer.ask(text).name == "closed", "\(text)")
      }
    }
  }

  @Test func `who is connected when v4 ends reads nothing more`() throws {
    try serving { address, parts in
      let peer = try Peer(address)
      let query = #"{"OneOffQuery":{"message_id":"01","query_string":"SELECT * FROM workflows"}}"#
      let single =
        #"{"SubscribeSingle":{"query":"SELECT * FROM workflows","request_id":2,"query_id":{"id":7}}}"#
      #expect(try peer.ask(query).body["error"]?["none"] != nil)
      #expect(try peer.ask(single).name == "SubscribeApplied")
      try parts.store.write { connection in
        var state = try SunsetState(connection)
        state.phase = .sunset
        try state.write(to: connection)
      }
      let refused = try peer.ask(query)
      #expect(refused.body["error"]?["some"]?.text?.contains("v4_sunset") == true, "\(refused)")
      let unseen = try peer.ask(single)
      #expect(unseen.name == "SubscriptionError")
      #expect(unseen.body["error"]?.text?.contains("agora.messaging.subscribe") == true)
    }
  }
}
