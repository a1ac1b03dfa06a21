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
    let again = try Migration(MigrationOptions(exports: [export]), store: store).run()
    let check = try StoreCheck(Store(path: store))
    guard check.isSound, again.ledger.totals.imported == 0, again.ledger.isBalanced else {
      throw AgoraError(
        .broken, "the demo's store is not what it should be", file: store,
        remedy: "agora store check --store \(store) says more. Please report this.")
    }
    try invocation.report(
      .object([
        .init("folder", .string(folder)), .init("store", .string(store)),
        .init("migration", report.json), .init("explanation", explanation.json),
        .init("again", again.json), .init("check", check.json),
      ]), story(folder, report, explained, explanation, again))
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

  private static func story(
    _ folder: String, _ report: MigrationReport, _ explained: String, _ explanation: Explanation,
    _ again: MigrationReport
  ) -> String {
    let sum = again.ledger.totals
    return """
      1. A v4 export, broken in the ways that v4's data is: \(folder)/v4_export.json

      $ agora migrate v4_export.json --rejects rejects.ndjson
      \(report.text)

      2. One counter served all of v4's tables and restarted at zero. What was \(explained)?

      $ agora explain \(explained)
      \(explanation.text)

      3. The same export once more changes nothing: \(sum.unchanged) rows unchanged, \(sum.imported) imported, \
      \(sum.rejected) rejected as before.
      The store passes agora store check.

      What to do next
        cd \(folder)
        agora rejects list            the rows that were not understood, and why
        agora explain DocSystemAgent  every row that made one agent
        agora migrate YOUR_EXPORT     your own v4 data into a store of its own
      """
  }
}
