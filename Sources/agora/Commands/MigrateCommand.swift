import AgoraStore
import Migrator

/// `agora migrate`.
enum MigrateCommand {
  static let command = Command(
    words: ["migrate"],
    summary: "Imports v4 exports into the store.",
    operands: [Command.exports],
    options: [
      Command.store,
      .init(
        name: "source", value: "NAME",
        help: "The v4 deployment's name, which goes into every id (default agora-marketplace)."),
      .init(name: "dry-run", help: "Does everything but change the store: same report, same ids."),
      .init(
        name: "rejects", value: "FILE",
        help:
          "Writes rejected rows to FILE, one JSON object a line; - for standard output."),
      .init(
        name: "max-rejects", value: "N",
        help: "Fails, and undoes everything, above N rejected rows (default: any number)."),
      .init(
        name: "orphans", value: "stub|keep|reject",
        help:
          "What a reference to nothing does: stub makes the missing agent or workflow (default), keep leaves the reference empty, reject refuses the row."
      ),
      .init(
        name: "alias", value: "OLD=NEW", help: "The agent OLD is called NEW now; may be repeated.",
        repeats: true),
      .init(
        name: "apply-deletes",
        help: "Removes what the store has and a table of the export has no more."),
      .init(
        name: "max-row-bytes", value: "N",
        help: "Rejects larger rows as they stream by (default 16777216)."),
      .init(
        name: "checkpoint-rows", value: "N",
        help:
          "Writes a checkpoint after N rows, from which the same command goes on (default 65536)."),
      .init(name: "wait", help: "Waits for another run's lock."),
      .init(name: "announce", help: "Broadcasts a message for each agent that came over."),
      Command.table,
      .init(
        name: "id-map", value: "FILE",
        help: "Writes the id map to FILE, one JSON object a line: table, v4_id, epoch, v5_id."),
      Command.noProgress,
    ],
    discussion: """
      An export is recognised by its content. These shapes are:
        {"agent_message":[{…}],…}            the bundle; SQL results may be its values
        [{"schema":…,"rows":[[…]]}]          POST …/sql; sql --format json (2.8)
        {"agent_message":{"inserts":[…]}}    spacetime subscribe, a line each
        {"InitialSubscription":…}            v1.json.spacetimedb frames, a line each
        {"table":"agent_message","row":{…}}  rows, a line each; bare with --table
        [{…},{…}]                            rows of one table, or configurations
        the table that spacetime sql draws   lossy: texts with quotes and pipes

      gzip, a byte-order mark, CRLF and a first line WARNING: … are taken in stride.

      A run that is interrupted or killed leaves the store as it was, and beside it what it has staged:
      the same command goes on from there, after it has seen that the exports are still the same.

      Examples:
        agora migrate v4_export.json
        agora migrate --dry-run --rejects rejects.ndjson v4_export.json.gz
        spacetime subscribe agora-marketplace 'SELECT * FROM agent_message' \\
          --print-initial-update -n 0 -t 60 | agora migrate -
        curl -d 'SELECT * FROM agent_message' \\
          http://HOST:3000/v1/database/agora-marketplace/sql > agent_message.json

      Take exports with SpacetimeDB's own program: what the drop-in answers is this store's own, and is
      refused (own_export).
      """,
    run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let options = try options(invocation)
    let progress = ProgressLine(
      isShown: Terminal.isWatched && !invocation.has("no-progress"))
    Interruption.watch()
    let report = try Migration(options, store: invocation.storePath, progress: progress).run()
    invocation.reportDone(
      report.json, report.text + advice(report, invocation),
      besides: [invocation.value("rejects"), invocation.value("id-map")])
    return report.needsAttention ? .needsAttention : .done
  }

  private static func options(_ invocation: Invocation) throws -> MigrationOptions {
    var options = MigrationOptions(exports: invocation.operands)
    if let source = invocation.value("source") {
      guard !source.isEmpty else { throw AgoraError(.misuse, "--source needs a name") }
      options.source = source
    }
    options.isDryRun = invocation.has("dry-run")
    if invocation.wantsJSON,
      let option = ["rejects", "id-map"].first(where: { invocation.value($0) == "-" })
    {
      throw AgoraError(
        .misuse, "--json and --\(option) - cannot both be on standard output",
        remedy: "Name a file with --\(option).")
    }
    options.rejectsFile = invocation.value("rejects").map(StandardOutput.path)
    options.maxRejects = try invocation.number("max-rejects", in: 0...Int.max)
    options.orphans = try invocation.choice("orphans", OrphanPolicy.self) ?? .stub
    for pair in invocation.values("alias") {
      let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        throw AgoraError(.misuse, "--alias takes OLD=NEW, not \"\(pair)\"")
      }
      guard options.aliases[parts[0]] == nil || options.aliases[parts[0]] == parts[1] else {
        throw AgoraError(.misuse, "--alias gives \(parts[0]) two names")
      }
      options.aliases[parts[0]] = parts[1]
    }
    options.appliesDeletes = invocation.has("apply-deletes")
    options.maxRowBytes = try invocation.number("max-row-bytes", in: 1...1 << 30) ?? 16 << 20
    options.checkpointInterval = try invocation.number("checkpoint-rows", in: 1...Int.max) ?? 65_536
    options.waits = invocation.has("wait")
    options.announces = invocation.has("announce")
    options.table = invocation.value("table")
    options.idMapFile = invocation.value("id-map").map(StandardOutput.path)
    guard options.exports.filter({ $0 == "-" }).count <= 1 else {
      throw AgoraError(.misuse, "standard input can be read only once")
    }
    return options
  }

  /// What to do next, for a person.
  private static func advice(_ report: MigrationReport, _ invocation: Invocation) -> String {
    var lines: [String] = []
    if report.isDryRun {
      lines.append("Nothing was changed. Run the command without --dry-run to do it.")
    } else if report.ledger.totals.rejected > 0 {
      lines.append("Next: agora rejects list --store \(invocation.storePath)")
    } else if report.conflicts > 0 {
      lines.append("Next: agora conflicts list --store \(invocation.storePath)")
    } else {
      lines.append("Next: agora explain ID, agora store check, agora runs")
    }
    return "\n\n" + lines.joined(separator: "\n")
  }
}
