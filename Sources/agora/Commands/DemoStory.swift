import AgoraStore
import Migrator

/// What `agora demo` does and tells, chapter by chapter; every chapter checks that it ended as it should.
final class DemoStory {
  let folder: String
  var store: String { folder + "/agora.db" }
  private var export: String { folder + "/v4_export.json" }
  private var facts: [JSON.Member] = []
  var chapters: [String] = []

  /// Makes the folder.
  init() throws {
    do throws(SystemError) {
      folder = try File.temporaryFolder(
        in: System.environment("TMPDIR") ?? "/tmp", prefix: "agora-demo-")
    } catch { throw AgoraError(error, file: "a temporary folder") }
    note("folder", .string(folder))
    note("store", .string(store))
  }

  /// All that was told.
  var text: String { chapters.joined(separator: "\n\n") }
  /// What was found, for programs.
  var json: JSON { .object(facts) }

  func note(_ name: String, _ value: JSON) { facts.append(.init(name, value)) }

  /// Tells the whole story.
  ///
  /// - Throws: ``AgoraError`` `broken` when a chapter does not end as it should.
  func tell() throws {
    try write(PackageResources.v4_export_json, to: export)
    try migrate()
    let hash = try content(of: store)
    note("hash", .string(hash))
    try killAndResume()
    try again(expecting: hash)
    try delta(expecting: hash)
    try exportBack(expecting: hash)
    try callAndEnd()
    let check = try StoreCheck(Store(path: store))
    note("check", check.json)
    try require(check.isSound, "the store is not sound")
    let report = try DemoReport.write(of: store, to: folder + "/report.html")
    note("report", report.json)
    chapters.append(report.chapter)
    chapters.append(
      """
      What to do next
        cd \(folder)
        agora rejects list            the rows that were not understood, and why
        agora explain DocSystemAgent  every row that made one agent
        agora serve                   the same page, alive, at http://127.0.0.1:8080/
        agora migrate YOUR_EXPORT     your own v4 data into a store of its own
      """)
  }

  // MARK: chapters

  private func migrate() throws {
    var options = MigrationOptions(exports: [export])
    options.rejectsFile = folder + "/rejects.ndjson"
    let report = try Migration(options, store: store).run()
    note("migration", report.json)
    let id = "id_1"
    let explanation = try Explanation(id, in: Store(path: store))
    note("explanation", explanation.json)
    chapters.append(
      """
      1. A v4 export, broken in the ways that v4's data is: \(export)

      $ agora migrate v4_export.json --rejects rejects.ndjson
      \(report.text)

      2. One counter served all of v4's tables and restarted at zero. What was \(id)?

      $ agora explain \(id)
      \(explanation.text)
      """)
  }

  /// A migration that gets a part of a larger export, is killed, and is started once more.
  private func killAndResume() throws {
    guard let program = System.executablePath else {
      chapters.append(
        "3. (This system does not tell where the program lies, so nothing is killed.)")
      return
    }
    let large = folder + "/large.json"
    let bytes = Array(largeExport(messages: 5000).utf8)
    try write(bytes, to: large)
    let whole = folder + "/undisturbed.db"
    _ = try Migration(MigrationOptions(exports: [large]), store: whole).run()
    let hash = try content(of: whole)
    let killed = folder + "/killed.db"
    let words = ["migrate", "-", "--store", killed, "--checkpoint-rows", "500", "--json"]
    try kill(program, words, after: bytes.span.extracting(0..<(bytes.count * 3 / 5)), killed)
    let report = try resume(program, words, large)
    note("resumed", report)
    let found = try content(of: killed)
    try require(
      report["resumed"] == .bool(true) && found == hash, "the resumed store is another one")
    chapters.append(
      """
      3. A migration that is killed half-way leaves no store, and the same command goes on with it.
      Here it gets three fifths of an export of 5000 messages, and then kill -9.

      $ agora migrate - --store killed.db --checkpoint-rows 500 < large.json
      Killed
      $ ls killed.db
      ls: cannot access 'killed.db': No such file or directory
      $ agora migrate - --store killed.db --checkpoint-rows 500 < large.json
      Resumed: went on with what an interrupted run had staged; \
      \(report["totals"]?["imported"]?.integer ?? 0) imported.
      Content of killed.db:            \(found)
      Content of an undisturbed store: \(hash)
      """)
  }

  /// Starts the program, gives it a part of the export, and kills it when it has written a checkpoint.
  private func kill(
    _ program: String, _ words: [String], after part: Span<UInt8>, _ store: String
  ) throws {
    do {
      let (reading, writing) = try System.makePipe()
      let child = try ChildProcess(program, words, input: reading.descriptor)
      try writing.write(part)
      try waitForCheckpoint(in: store + ".migrating")
      child.kill()
      let status = try child.wait()
      try require(status == 128 + 9, "the migration ended before it was killed")
      let isThere = try File.status(store) != nil
      try require(!isThere, "a killed migration left half a store")
    } catch let error as SystemError { throw AgoraError(error, file: store) }
  }

  /// Waits until rows are staged; the child then waits for the rest of the export.
  private func waitForCheckpoint(in staging: String) throws {
    let end = System.monotonicSeconds() + 30
    while System.monotonicSeconds() < end {
      if let connection = try? Connection(path: staging, mode: .readOnly),
        case .some(.some(let rows)) = try? connection.integer(
          Query("demo.staged", "SELECT count(*) FROM v4_rows")), rows > 0
      {
        return
      }
      System.yield()
    }
    throw AgoraError(.broken, "the migration staged nothing for half a minute", file: staging)
  }

  private func resume(_ program: String, _ words: [String], _ export: String) throws -> JSON {
    do throws(SystemError) {
      let input = try File.reading(export)
      let child = try ChildProcess(program, words, input: input.descriptor)
      var output: [UInt8] = []
      while try child.output.read(upTo: 65536, appendingTo: &output) > 0 {}
      _ = try child.wait()
      return (try? JSON.parse(output)) ?? .null
    } catch { throw AgoraError(error, file: export) }
  }

  private func again(expecting hash: String) throws {
    let again = try Migration(MigrationOptions(exports: [export]), store: store).run()
    note("again", again.json)
    let found = try content(of: store)
    try require(again.ledger.totals.imported == 0 && found == hash, "a re-run changed something")
    chapters.append(
      """
      4. The same export once more changes nothing: \(again.ledger.totals.unchanged) rows unchanged, \
      \(again.ledger.totals.imported) imported, \(again.ledger.totals.rejected) rejected as before.
      Content: \(found)
      """)
  }

  /// A newer export: v4's counter restarted, and a task made progress.
  private func delta(expecting hash: String) throws {
    let newer = folder + "/v4_export_2.json"
    try write(Array(try laterExport().utf8), to: newer)
    let report = try Migration(MigrationOptions(exports: [newer]), store: store).run()
    note("delta", report.json)
    let now = try content(of: store)
    let verification = try Verification(MigrationOptions(exports: [newer]), store: store).run()
    note("verification", verification.json)
    try require(
      report.epochs > 0 && report.ledger.totals.updated == 1 && now != hash,
      "the newer export was not followed")
    try require(verification.isIdentical, "verification found differences")
    let rollback = try Rollback(report.runID, store: store).run()
    note("rollback", rollback.json)
    let back = try content(of: store)
    try require(back == hash, "going back did not lead to where it was")
    chapters.append(
      """
      5. A week later: a task is done, and v4's counter has restarted, so id_1 is another message now.

      $ agora migrate v4_export_2.json
      \(report.text)

      6. Is every row there, field by field?

      $ agora verify v4_export_2.json
      \(verification.text)

      7. A run can be taken back.

      $ agora rollback \(report.runID)
      \(rollback.text)
      Content before that run: \(hash)
      Content with it:         \(now)
      Content now:             \(back)
      """)
  }

  private func exportBack(expecting hash: String) throws {
    let bundle = folder + "/v4_again.json"
    let count = try V4Export.write(Store(path: store), source: nil, to: bundle)
    note("exported", .int(count))
    let second = folder + "/again.db"
    _ = try Migration(MigrationOptions(exports: [bundle]), store: second).run()
    let found = try content(of: second)
    try require(found == hash, "what was given back is not what was imported")
    chapters.append(
      """
      8. Nothing is lost: v4's data comes back out, rejected rows included, and makes the same store.

      $ agora export --format v4 -o v4_again.json
      Wrote \(count) rows to v4_again.json.
      $ agora migrate v4_again.json --store again.db
      Content of agora.db: \(hash)
      Content of again.db: \(found)
      """)
  }

  // MARK: helpers

  private func largeExport(messages: Int) -> String {
    let rows = (1...messages).map { number in
      #"{"message_id":"id_\#(number)","from_agent":"agent-\#(number % 7)","to_agent":"agent-\#(number % 5)","#
        + #""content":"message \#(number)","timestamp":\#(1_748_736_000_000_000 + number)}"#
    }
    return #"{"agent_message":["# + rows.joined(separator: ",\n") + "]}\n"
  }

  /// The bundled export as it is a week later: one row more, and one that has changed.
  ///
  /// Only these places of its text are touched, since a JSON value could not hold its half emoji.
  private func laterExport() throws -> String {
    let text = String(decoding: PackageResources.v4_export_json, as: UTF8.self)
    let message = """
      "agent_message":[
          {"message_id": "id_1", "from_agent": "DocSystemAgent", "to_agent": "TestAgent1",
           "message_type": "Greeting", "content": "First message after the restart", "priority": 2,
           "timestamp": "2025-06-09T08:00:00Z", "delivered": false},
      """
    return try replacing(
      #""status": "in_progress", "progress": 0.35"#, by: #""status": "completed", "progress": 1.0"#,
      in: replacing(#""agent_message":["#, by: message, in: text))
  }

  private func replacing(_ part: String, by other: String, in text: String) throws -> String {
    let around = text.split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
    try require(around.count == 2, "the bundled export has no \(part)")
    return around.joined(separator: other)
  }

  private func content(of store: String) throws -> String { try Store(path: store).contentHash() }

  func require(_ holds: Bool, _ otherwise: String) throws {
    guard !holds else { return }
    throw AgoraError(
      .broken, "the demo did not end as it should: \(otherwise)", file: store,
      remedy: "agora store check --store \(store) says more. Please report this.")
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    do throws(SystemError) { try File.writing(path).write(bytes.span) } catch {
      throw AgoraError(error, file: path)
    }
  }
}
