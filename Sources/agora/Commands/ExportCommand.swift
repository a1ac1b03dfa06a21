import AgoraStore
import Migrator

/// `agora export`.
enum ExportCommand {
  private enum Format: String, CaseIterable { case v4, ndjson }

  static let command = Command(
    words: ["export"], summary: "Gives back the v4 bundle as imported, or the v5 records.",
    options: [
      Command.store,
      .init(
        name: "format", value: "v4|ndjson",
        help: "v4: the bundle, rows as they came. ndjson: the v5 records, one a line."),
      .init(
        name: "with-new",
        help: "With v4: rows follow what v5 changed, and what was written on v5 stands behind them."
      ),
      .init(name: "source", value: "NAME", help: "The v4 deployment, where the store has several."),
      .init(
        name: "output", letter: "o", value: "FILE",
        help: "The file; - for standard output (default)."),
    ],
    discussion: """
      With --with-new the bundle is what v4 would have now, for going back: agents born on v5 are rows of
      agent_capability (and agent_registry where v4 has it), messages, tasks, workflows and steps rows of
      their tables, each under its v5 id and in the columns and spellings that the imported rows have.
      Rows whose records v5 changed carry the change and are otherwise byte for byte as they were; rows
      whose records v5 removed are left out.
      """, run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    guard let format = try invocation.choice("format", Format.self) else {
      throw AgoraError(.misuse, "agora export needs --format v4 or --format ndjson")
    }
    if format == .ndjson, invocation.has("source") {
      throw AgoraError(.misuse, "--source is for --format v4")
    }
    if format == .ndjson, invocation.has("with-new") {
      throw AgoraError(.misuse, "--with-new is for --format v4; ndjson has all that v5 has")
    }
    let file = invocation.value("output") ?? "-"
    // The bundle is one JSON document; records one a line are not.
    if file == "-", format == .ndjson, invocation.wantsJSON {
      throw AgoraError(
        .misuse, "--json needs -o FILE: the records themselves are on standard output")
    }
    Interruption.watch()
    let store = try invocation.openStore()
    let path = StandardOutput.path(of: file)
    let rows =
      format == .v4
      ? try V4Export.write(
        store, source: invocation.value("source"), to: path,
        includingNew: invocation.has("with-new"))
      : try RecordExport.write(store, to: path)
    if invocation.value("output") != nil {
      invocation.reportDone(
        .object([.init("file", .string(file)), .init("rows", .int(rows))]),
        "Wrote \(rows) rows to \(StandardOutput.title(of: file)).", besides: [file])
    }
    return .done
  }
}
