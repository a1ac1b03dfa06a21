import AgoraStore
import Migrator

/// `agora verify`.
enum VerifyCommand {
  static let command = Command(
    words: ["verify"], summary: "Compares the store with an export, row by row.",
    operands: [Command.exports],
    options: [
      Command.store,
      .init(
        name: "source", value: "NAME",
        help: "The v4 deployment (default: agora-marketplace, or the only one there is)."),
      Command.table,
      .init(
        name: "max-row-bytes", value: "N",
        help: "Takes larger rows for rejected (default: as the last import did)."),
      Command.noProgress,
    ],
    discussion: """
      Reads the export once more and holds each row against its record, field by field: what was altered,
      removed or added behind the store's back is listed. What v5's own tools have changed is listed
      apart, and so are rows that an import has found gone from v4 and let stand; records that were born
      on v5 are left alone. Changes nothing in the marketplace; the outcome is noted, and how much of what
      was imported it covers: v4 is ready to be switched off when the last comparison of each --source was
      of all its rows, so give all its exports at once. Exit code 4 when something differs.
      """, run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    var options = MigrationOptions(exports: invocation.operands)
    options.table = invocation.value("table")
    let limit = try invocation.number("max-row-bytes", in: 1...1 << 30)
    options.maxRowBytes = limit ?? options.maxRowBytes
    let source = invocation.value("source")
    options.source = source ?? options.source
    let progress = ProgressLine(
      isShown: Terminal.isWatched && !invocation.has("no-progress"))
    Interruption.watch()
    let report = try Verification(
      options, store: invocation.storePath, progress: progress,
      followsLastLimit: limit == nil, findsSource: source == nil
    ).run()
    try invocation.report(report.json, report.text)
    return report.isIdentical ? .done : .different
  }
}
