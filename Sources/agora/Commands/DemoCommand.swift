import AgoraStore
import Migrator

/// `agora demo`: the whole story on a small v4 deployment, in a folder of its own.
enum DemoCommand {
  static let command = Command(
    words: ["demo"], summary: "Shows the whole story on a small v4 deployment.",
    discussion: """
      Migrates a bundled v4 export into a store in a temporary folder, with the ways in which v4's data
      is broken: ids used twice, agents that nobody registered, workflows that nobody created, half an
      emoji. Leaves the folder for you to look at.
      """, run: run)

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let folder = try makeFolder()
    let export = folder + "/v4_export.json"
    let store = folder + "/agora.db"
    try write(PackageResources.v4_export_json, to: export)
    var options = MigrationOptions(exports: [export])
    options.rejectsFile = folder + "/rejects.ndjson"
    let report = try Migration(options, store: store).run()
    let explained = "id_1"
    let explanation = try Explanation(explained, in: Store(path: store))
    let hash = try Store(path: store).contentHash()
    let again = try Migration(MigrationOptions(exports: [export]), store: store).run()
    let verification = try Verification(MigrationOptions(exports: [export]), store: store).run()
    let bundle = folder + "/v4_again.json"
    let exported = try V4Export.write(Store(path: store), source: nil, to: bundle)
    let rollback = try Rollback(again.runID, store: store).run()
    let check = try StoreCheck(Store(path: store))
    guard check.isSound, again.ledger.totals.imported == 0, again.ledger.isBalanced,
      verification.isIdentical, exported == report.ledger.totals.read,
      try Store(path: store).contentHash() == hash
    else {
      throw AgoraError(
        .broken, "the demo's store is not what it should be", file: store,
        remedy: "agora store check --store \(store) says more. Please report this.")
    }
    try invocation.report(
      .object([
        .init("folder", .string(folder)), .init("store", .string(store)),
        .init("migration", report.json), .init("explanation", explanation.json),
        .init("again", again.json), .init("verification", verification.json),
        .init("rollback", rollback.json), .init("hash", .string(hash)), .init("check", check.json),
      ]),
      """
      1. A v4 export, broken in the ways that v4's data is: \(folder)/v4_export.json

      $ agora migrate v4_export.json --rejects rejects.ndjson
      \(report.text)

      2. One counter served all of v4's tables and restarted at zero. What was \(explained)?

      $ agora explain \(explained)
      \(explanation.text)

      3. The same export once more changes nothing: \(again.ledger.totals.unchanged) rows unchanged, \
      \(again.ledger.totals.imported) imported, \(again.ledger.totals.rejected) rejected as before.

      4. Is every row there, field by field?

      $ agora verify v4_export.json
      \(verification.text)

      5. Nothing is lost: v4's data comes back out, rejected rows included, and a run can be taken back.

      $ agora export --format v4 -o v4_again.json
      Wrote \(exported) rows to v4_again.json.
      $ agora rollback \(again.runID)
      \(rollback.text)
      The content is what it was before that run: \(hash).

      What to do next
        cd \(folder)
        agora rejects list            the rows that were not understood, and why
        agora explain DocSystemAgent  every row that made one agent
        agora migrate YOUR_EXPORT     your own v4 data into a store of its own
      """)
    return .done
  }

  private static func makeFolder() throws -> String {
    do throws(SystemError) {
      return try File.temporaryFolder(
        in: System.environment("TMPDIR") ?? "/tmp", prefix: "agora-demo-")
    } catch { throw AgoraError(error, file: "a temporary folder") }
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    do throws(SystemError) { try File.writing(path).write(bytes.span) } catch {
      throw AgoraError(error, file: path)
    }
  }
}
