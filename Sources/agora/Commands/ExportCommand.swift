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
      .init(name: "source", value: "NAME", help: "The v4 deployment, where the store has several."),
      .init(
        name: "output", letter: "o", value: "FILE", help: "The file (default: standard output)."),
    ], run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    guard let format = try invocation.choice("format", Format.self) else {
      throw AgoraError(.misuse, "agora export needs --format v4 or --format ndjson")
    }
    if format == .ndjson, invocation.has("source") {
      throw AgoraError(.misuse, "--source is for --format v4")
    }
    let file = invocation.value("output")
    if file == nil, invocation.wantsJSON {
      throw AgoraError(.misuse, "--json needs -o FILE: the export itself is on standard output")
    }
    let store = try invocation.openStore()
    let path = file ?? "/dev/stdout"
    let rows =
      format == .v4
      ? try V4Export.write(store, source: invocation.value("source"), to: path)
      : try RecordExport.write(store, to: path)
    if let file {
      invocation.reportDone(
        .object([.init("file", .string(file)), .init("rows", .int(rows))]),
        "Wrote \(rows) rows to \(file).")
    }
    return .done
  }
}
