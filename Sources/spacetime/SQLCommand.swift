import AgoraStore
import CompatProxy

/// `spacetime sql DB "SELECT …"`.
enum SQLCommand {
  static func run(_ arguments: [String], whole: [String]) -> Int32 {
    let options = Options(
      arguments,
      valued: ["s": "server", "server": "server", "format": "format", "confirmed": "confirmed"],
      switches: [
        "anonymous": "anonymous", "y": "yes", "yes": "yes", "interactive": "interactive",
      ])
    let format = options.value("format") ?? "text"
    let usage = "sql [OPTIONS] <database> <query>"
    if let fault = options.fault { return Talk.misuse(fault, usage) }
    guard format == "text" || format == "json" else {
      return Talk.misuse(
        "invalid value '\(format)' for '--format <FORMAT>': it takes text or json", usage)
    }
    guard options.words.count == 2, !options.has("interactive") else {
      return Talk.misuse("name one database and one query", usage)
    }
    if let status = Spacetime.passOn(options.words[0], whole) { return status }
    Talk.warnUnstable()
    if let url = Spacetime.serverURL { return ask(url, options.words, format) }
    let start = System.monotonicSeconds()
    do {
      // A new store answers with no rows, as a new database does.
      if let status = Spacetime.refuse(
        reading: Replacement("agora.query.marketplace", []), of: options.words[0], at: "sql",
        in: try Spacetime.open())
      {
        return status
      }
      let answer = try LegacySQL.answer(options.words[1], path: Spacetime.storePath)
      let text =
        format == "json"
        ? JSONWriter.compact(answer.json(microseconds: System.microseconds(since: start))) + "\n"
        : try answer.table()
      return Talk.print(text) ? 0 : 1
    } catch let refusal as Refusal {
      let identity = LegacyDatabase.identity(of: options.words[0])
      return Talk.fail(
        """
        \(refusal.text)

        Caused by:
            HTTP status client error (400 Bad Request) for url (http://127.0.0.1:3000/v1/database/\(identity)/sql)
        """)
    } catch { return Talk.fail(Spacetime.text(error)) }
  }

  /// Has a server answer the query.
  private static func ask(_ url: String, _ words: [String], _ format: String) -> Int32 {
    do throws(RemoteFault) {
      let server = try RemoteServer(url)
      let path = "/v1/database/\(words[0])/sql"
      let reply = try server.ask(
        "POST", path, [("Accept", format == "json" ? "application/json" : "text/plain")],
        Array(words[1].utf8))
      if let line = reply.field("agora-notice") { Talk.error(line + "\n") }
      guard reply.status == 200 else { return Talk.fail(server.failure(reply, path)) }
      return Talk.print(reply.text + (format == "json" ? "\n" : "")) ? 0 : 1
    } catch { return Talk.fail(error.text) }
  }
}
