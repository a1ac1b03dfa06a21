import AgoraStore
import CompatProxy

/// `spacetime subscribe DB QUERY…`: what changes in the rows of queries, one JSON object a line.
enum SubscribeCommand {
  /// What was asked for.
  private struct Wish {
    let database: String
    let queries: [WatchedQuery]
    let printsInitial: Bool
    /// How many updates; nil for all.
    let updates: Int?
    /// Until when, on a clock that only goes forward; nil for as long as it goes.
    let deadline: Double?
  }

  /// Why the watching ended before it was to.
  private struct Failure: Error {
    let text: String
    init(_ text: String) { self.text = text }
  }

  static func run(_ arguments: [String], whole: [String]) -> Int32 {
    let options = Options(
      arguments,
      valued: [
        "s": "server", "server": "server", "n": "updates", "num-updates": "updates",
        "t": "timeout", "timeout": "timeout", "confirmed": "confirmed",
      ],
      switches: [
        "print-initial-update": "initial", "anonymous": "anonymous", "y": "yes", "yes": "yes",
      ])
    if let fault = options.fault { return misuse(fault) }
    let words = options.words
    guard words.count >= 2 else {
      return misuse(Talk.missing(words.isEmpty ? ["<database>", "<query>..."] : ["<query>..."]))
    }
    var numbers: [String: UInt32] = [:]
    for name in ["updates", "timeout"] {
      guard let text = options.value(name) else { continue }
      guard let number = UInt32(text) else {
        return misuse("invalid value '\(text)' for '--\(name == "updates" ? "num-updates" : name)'")
      }
      numbers[name] = number
    }
    if let status = Spacetime.passOn(words[0], whole) { return status }
    Talk.warnUnstable()
    var queries: [WatchedQuery] = []
    do throws(Refusal) {
      for word in words.dropFirst() { queries += try WatchedQuery.read(word) }
    } catch { return Talk.fail(error.text) }
    let wish = Wish(
      database: words[0], queries: queries, printsInitial: options.has("initial"),
      updates: numbers["updates"].map { Int($0) },
      deadline: numbers["timeout"].map { System.monotonicSeconds() + Double($0) })
    do throws(Failure) {
      if let url = Spacetime.serverURL {
        try watch(wish, at: url)
      } else {
        let marketplace: Marketplace
        do { marketplace = try Spacetime.open() } catch { throw Failure(Spacetime.text(error)) }
        if let status = Spacetime.refuse(
          reading: instead, of: words[0], at: "subscribe", in: marketplace)
        {
          return status
        }
        try watch(wish, in: marketplace)
      }
    } catch { return Talk.fail(error.text) }
    return 0
  }

  private static func misuse(_ text: String) -> Int32 {
    Talk.misuse(text, "subscribe [OPTIONS] <database> <query>...")
  }

  /// One table's part of a line.
  private struct Part {
    let table: String
    var deletes: [JSON] = []
    var inserts: [JSON] = []
  }

  /// Prints a line.
  private static func print(_ parts: [Part]) throws(Failure) {
    var tables: [Part] = []
    for part in parts {
      if let index = tables.firstIndex(where: { $0.table == part.table }) {
        tables[index].deletes += part.deletes
        tables[index].inserts += part.inserts
      } else {
        tables.append(part)
      }
    }
    let line = JSON.object(
      tables.map {
        .init(
          $0.table,
          // A program that reads an export of v4 passes over the mark; agora migrate does not.
          .object([
            .init("deletes", .array($0.deletes)), .init("inserts", .array($0.inserts)),
            .init(LegacyMark.member, .string(LegacyMark.value)),
          ]))
      })
    guard Talk.print(JSONWriter.compact(line) + "\n") else {
      throw Failure("nobody takes the output")
    }
  }

  // MARK: the store

  /// Milliseconds between two looks at the store.
  private static let interval: Int32 = 50

  /// What to call instead once v4 has ended.
  private static let instead = Replacement("agora.messaging.subscribe")

  private static func watch(_ wish: Wish, in marketplace: Marketplace) throws(Failure) {
    do {
      let watch = try LegacyWatch(path: Spacetime.storePath)
      var rows = try wish.queries.map { try watch.rows(of: $0) }
      if wish.printsInitial {
        try print(
          zip(wish.queries, rows).map { query, rows in
            Part(table: query.table.name, inserts: rows.map { $0.named(in: query.table) })
          })
      }
      var left = wish.updates
      while left != 0 {
        if let deadline = wish.deadline, System.monotonicSeconds() >= deadline { return }
        System.pause(milliseconds: interval)
        guard try watch.hasChanged() else { continue }
        if let refusal = try Spacetime.end(of: instead, in: marketplace) {
          throw Failure(refusal.text)
        }
        var parts: [Part] = []
        for (index, query) in wish.queries.enumerated() {
          let new = try watch.rows(of: query)
          let change = WatchedChange(from: rows[index], to: new)
          rows[index] = new
          guard !change.isEmpty else { continue }
          parts.append(
            Part(
              table: query.table.name, deletes: change.deletes.map { $0.named(in: query.table) },
              inserts: change.inserts.map { $0.named(in: query.table) }))
        }
        guard !parts.isEmpty else { continue }
        try print(parts)
        left = left.map { $0 - 1 }
      }
    } catch let failure as Failure {
      throw failure
    } catch let refusal as Refusal {
      throw Failure(refusal.text)
    } catch { throw Failure(Spacetime.text(error)) }
  }

  // MARK: a server

  private static func watch(_ wish: Wish, at url: String) throws(Failure) {
    do {
      let server = try RemoteServer(url)
      let path = "/v1/database/\(wish.database)/subscribe?compression=None"
      do { try watch(wish, at: server, path) } catch let fault as HTTPConnection.Fault {
        // Silence until the time is over is no failure.
        if case .broken(let error) = fault, ClientSocket.isTimeout(error),
          let deadline = wish.deadline, System.monotonicSeconds() >= deadline
        {
          return
        }
        throw RemoteFault(fault, server.address.url(path))
      }
    } catch let failure as Failure {
      throw failure
    } catch let fault as RemoteFault {
      throw Failure(fault.text)
    } catch { throw Failure("\(error)") }
  }

  private static func watch(_ wish: Wish, at server: RemoteServer, _ path: String) throws {
    let (opened, refusal) = try WebSocketConnection.open(
      server.address, path,
      fields: RemoteServer.fields + [("Sec-WebSocket-Protocol", "v1.json.spacetimedb")])
    if let refusal { throw Failure(server.failure(refusal, path)) }
    guard let socket = opened else { return }
    let request = JSON.object([
      .init(
        "Subscribe",
        .object([
          .init("query_strings", .array(wish.queries.map { .string($0.text) })),
          .init("request_id", .int(1)),
        ]))
    ])
    try socket.send(JSONWriter.compact(request))
    var left = wish.updates
    var isInitial = true
    while isInitial || left != 0 {
      // A century is as good as no end.
      socket.deadline =
        isInitial
        ? System.monotonicSeconds() + 30 : wish.deadline ?? System.monotonicSeconds() + 3e9
      guard let text = try socket.receive() else {
        throw Failure("the server has closed the subscription")
      }
      guard let frame = try? JSON.parse(text), let member = frame.members?.first else {
        throw Failure("the server has sent a frame that is no JSON")
      }
      let update = member.value
      switch member.name {
      case "InitialSubscription":
        isInitial = false
        if wish.printsInitial { try print(parts(update["database_update"])) }
      case "TransactionUpdate":
        let parts = parts(update["status"]?["Committed"])
        guard !parts.isEmpty else { continue }
        try print(parts)
        left = left.map { $0 - 1 }
      case "SubscriptionError": throw Failure(update["error"]?.text ?? "refused")
      default: continue
      }
    }
  }

  /// The tables of an update, whose rows are objects or arrays.
  private static func parts(_ update: JSON?) -> [Part] {
    (update?["tables"]?.elements ?? []).compactMap { element in
      guard let name = element["table_name"]?.text, let table = LegacyTable(named: name) else {
        return nil
      }
      func rows(_ list: String) -> [JSON] {
        (element["updates"]?.elements ?? []).flatMap { $0[list]?.elements ?? [] }.compactMap {
          guard let text = $0.text, let row = try? JSON.parse(text) else { return nil }
          return row.elements == nil ? row : WatchedRow(bytes: Array(text.utf8)).named(in: table)
        }
      }
      return Part(table: name, deletes: rows("deletes"), inserts: rows("inserts"))
    }
  }
}
