import AgoraStore
import CompatProxy

/// `spacetime export DB --format json`, which no released SpacetimeDB has and v4's documents speak of: the
/// v4 bundle, as v4 would have it now.
///
/// The program agora makes it, for a drop-in that is started for each call has to stay small.
enum ExportCommand {
  static func run(_ arguments: [String], whole: [String]) -> Int32 {
    let options = Options(
      arguments,
      valued: [
        "s": "server", "server": "server", "format": "format", "o": "output", "output": "output",
      ],
      switches: ["y": "yes", "yes": "yes", "anonymous": "anonymous"])
    let usage = "export <database> [--format json] [-o <FILE>]"
    if let fault = options.fault { return Talk.misuse(fault, usage) }
    if let format = options.value("format"), format != "json" {
      return Talk.misuse(
        "invalid value '\(format)' for '--format <FORMAT>': it takes json", usage)
    }
    guard options.words.count == 1 else { return Talk.misuse("name one database", usage) }
    if let status = Spacetime.passOn(options.words[0], whole) { return status }
    if let url = Spacetime.serverURL {
      return ask(url, options.words[0], options.value("output"))
    }
    do {
      if let status = Spacetime.refuse(
        reading: Replacement("agora export --format v4 --with-new"), of: options.words[0],
        at: "export", in: try Spacetime.open())
      {
        return status
      }
    } catch { return Talk.fail(Spacetime.text(error)) }
    guard let agora = RealSpacetime.agora else {
      return Talk.fail(
        "the program agora, which makes the export, is neither beside this one nor on the PATH")
    }
    let file = options.value("output").map { ["-o", $0] } ?? []
    return RealSpacetime.become(
      agora,
      ["export", "--format", "v4", "--with-new", "--store", Spacetime.storePath] + file, as: "agora"
    )
  }

  // MARK: a server

  /// v3's tables that show the tasks and workflows of v4's once more.
  private static let again: Set<String> = ["task_queue", "workflows", "workflow_steps"]
  /// Those that a bundle has, with rows or without.
  private static let usual: Set<String> = [
    "agent_capability", "agent_registry", "agent_message", "task_assignment",
    "workflow_coordination", "system_events",
  ]
  /// How many rows one query asks for.
  private static let page = 5_000

  /// Makes the bundle of what a server answers for each of v4's tables.
  private static func ask(_ url: String, _ database: String, _ path: String?) -> Int32 {
    do throws(RemoteFault) {
      let server = try RemoteServer(url)
      var members: [JSON.Member] = []
      for table in LegacyTable.all where !again.contains(table.name) {
        let rows = try rows(of: table, database, server)
        // Tables that v4 need not have had are left out where there is nothing of them.
        if rows.isEmpty, !usual.contains(table.name) { continue }
        members.append(.init(table.name, .array(rows)))
      }
      let text = JSONWriter.compact(.object(members)) + "\n"
      guard let path, path != "-" else { return Talk.print(text) ? 0 : 1 }
      let bytes = Array(text.utf8)
      do throws(SystemError) { try File.writing(path).write(bytes.span) } catch {
        return Talk.fail(error.description)
      }
      return 0
    } catch { return Talk.fail(error.text) }
  }

  private static func rows(
    of table: LegacyTable, _ database: String, _ server: RemoteServer
  ) throws(RemoteFault) -> [JSON] {
    let path = "/v1/database/\(database)/sql"
    var rows: [JSON] = []
    while true {
      // The key gives the pages an order; v4's ids may repeat, and then the others decide.
      let order = table.columns.map(\.name).joined(separator: ", ")
      let query =
        "SELECT * FROM \(table.name) ORDER BY \(order) LIMIT \(page) OFFSET \(rows.count)"
      let reply = try server.ask("POST", path, [], Array(query.utf8))
      guard reply.status == 200,
        let found = (try? JSON.parse(reply.body))?.elements?.first?["rows"]?.elements
      else { throw RemoteFault(AgoraError(.io, server.failure(reply, path))) }
      rows += found.map { row in
        if table.hasWholeRows, let text = row.elements?.last?.text,
          let whole = try? JSON.parse(text)
        {
          return whole
        }
        return .object(
          zip(table.columns, row.elements ?? []).map { .init($0.name, $0.type.named($1)) })
      }
      guard found.count == page else { return rows }
    }
  }
}
