import AgoraStore
import CompatProxy

/// `spacetime logs DB`: what happened, as the log of v4's module.
enum LogsCommand {
  static func run(_ arguments: [String], whole: [String]) -> Int32 {
    let options = Options(
      arguments,
      valued: [
        "s": "server", "server": "server", "n": "lines", "num-lines": "lines", "format": "format",
        "l": "level", "level": "level",
      ],
      switches: [
        "f": "follow", "follow": "follow", "y": "yes", "yes": "yes", "anonymous": "anonymous",
        "level-exact": "exact",
      ])
    // Before 1.0 the number was a word of its own.
    let number = options.value("lines") ?? options.words.dropFirst().first
    let format = options.value("format") ?? "text"
    let usage = "logs [OPTIONS] <database> [-n <NUM_LINES>] [-f]"
    if let fault = options.fault { return Talk.misuse(fault, usage) }
    if let number, number.allSatisfy(\.isWholeNumber) == false || Int(number) == nil {
      return Talk.misuse(
        "invalid value '\(number)' for '--num-lines <NUM_LINES>': it takes a whole number", usage)
    }
    if format != "text", format != "json" {
      return Talk.misuse(
        "invalid value '\(format)' for '--format <FORMAT>': it takes text or json", usage)
    }
    guard (1...2).contains(options.words.count) else {
      return Talk.misuse("name one database", usage)
    }
    let database = options.words[0]
    if let status = Spacetime.passOn(database, whole) { return status }
    if let url = Spacetime.serverURL {
      return ask(
        url, database, last: number.flatMap(Int.init), follows: options.has("follow"),
        asJSON: format == "json")
    }
    do {
      let marketplace = try Spacetime.open()
      if let status = Spacetime.refuse(
        reading: instead, of: database, at: "logs",
        in: marketplace)
      {
        return status
      }
      return try print(
        marketplace, last: number.flatMap(Int.init), follows: options.has("follow"),
        asJSON: format == "json")
    } catch { return Talk.fail(Spacetime.text(error)) }
  }

  /// What to call instead once v4 has ended.
  private static let instead = Replacement("agora.query.marketplace", [])

  /// - Parameter last: how many lines there are at first; nil for all of them, or ten where new ones follow.
  private static func print(
    _ marketplace: Marketplace, last: Int?, follows: Bool, asJSON: Bool
  ) throws -> Int32 {
    let store = marketplace.store
    let count = last ?? (follows ? 10 : nil)
    var place = try count.map { count in
      try store.read { try LegacyLog($0).place(ofLast: count) }
    }
    while true {
      let start = place ?? 0
      let (end, isTaken) = try store.read { connection in
        try write(LegacyLog(connection), after: start, asJSON: asJSON)
      }
      guard isTaken, follows else { return isTaken ? 0 : 1 }
      place = end
      System.pause(milliseconds: 200)
      if let refusal = try Spacetime.end(of: instead, in: marketplace) {
        return Talk.fail(refusal.text)
      }
    }
  }

  /// - Returns: the place of the last line, and whether somebody took what was written.
  private static func write(
    _ log: LegacyLog, after start: Int64, asJSON: Bool
  ) throws -> (Int64, Bool) {
    var (place, text, isTaken) = (start, "", true)
    try log.each(after: start) { line in
      place = line.seq
      guard isTaken else { return }
      text += (asJSON ? JSONWriter.compact(line.json) : line.text) + "\n"
      if text.utf8.count > 1 << 16 {
        isTaken = Talk.print(text)
        text = ""
      }
    }
    if isTaken, !text.isEmpty { isTaken = Talk.print(text) }
    return (place, isTaken)
  }

  // MARK: a server

  /// Has a server tell its lines, as they come.
  private static func ask(
    _ url: String, _ database: String, last: Int?, follows: Bool, asJSON: Bool
  ) -> Int32 {
    let count = last ?? (follows ? 10 : nil)
    let path =
      "/v1/database/\(database)/logs?follow=\(follows)" + (count.map { "&num_lines=\($0)" } ?? "")
    do throws(RemoteFault) {
      let server = try RemoteServer(url)
      do throws(HTTPConnection.Fault) {
        let connection = try HTTPConnection(server.address)
        try connection.send("GET", path, fields: RemoteServer.fields)
        let reply = try connection.readHead()
        guard reply.status == 200 else {
          var whole = reply
          whole.body = try connection.readBody(reply)
          return Talk.fail(server.failure(whole, path))
        }
        if let line = reply.field("agora-notice") { Talk.error(line + "\n") }
        // Between two lines there may be any time.
        if follows { connection.deadline = System.monotonicSeconds() + 3e9 }
        var rest: [UInt8] = []
        while let chunk = try connection.readChunk() {
          rest += chunk
          guard let end = rest.lastIndex(of: 0x0a) else { continue }
          let lines = rest[...end]
          guard Talk.print(asJSON ? String(decoding: lines, as: UTF8.self) : text(of: lines)) else {
            return 1
          }
          rest.removeSubrange(...end)
        }
        return 0
      } catch { throw RemoteFault(error, server.address.url(path)) }
    } catch { return Talk.fail(error.text) }
  }

  private static func text(of lines: some Collection<UInt8>) -> String {
    lines.split(separator: 0x0a).compactMap { line in
      (try? JSON.parse(Array(line))).flatMap { LegacyLog.Line(json: $0) }.map { $0.text + "\n" }
    }.joined()
  }
}
