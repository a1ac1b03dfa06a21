import AgoraStore
import Migrator
import TestSupport
import Testing

/// Every folder in `fixtures/exports` is a test.
///
/// Its files are the export, `case.json` says with which options, `expected.json` what the report
/// and the store are. `RECORD=1` writes the latter anew.
@Suite struct FixtureTests {
  static let folder = ExportFixture.folder
  static let cases = ExportFixture.cases

  @Test func `there are fixtures`() { #expect(Self.cases.count > 40) }

  @Test(arguments: cases) func `an export becomes the store it should`(_ name: String) throws {
    let found = try outcome(of: name)
    let golden = "\(Self.folder)/\(name)/expected.json"
    let text = JSONWriter.pretty(found) + "\n"
    if Project.isRecording {
      try write(text, to: golden)
      Issue.record("recorded \(golden)")
      return
    }
    let expected = try contents(golden)
    #expect(text == expected)
  }

  @Test(arguments: cases) func `a dry run says the same and changes nothing`(_ name: String) throws
  {
    try withTemporaryFolder { folder in
      var (options, fails) = try ExportFixture.settings(of: name)
      guard fails == nil else { return }
      options.idMapFile = folder + "/real.ndjson"
      let real = try Migration(options, store: folder + "/real.db").run()
      options.isDryRun = true
      options.idMapFile = folder + "/dry.ndjson"
      let dry = try Migration(options, store: folder + "/dry.db").run()
      #expect(dry.ledger == real.ledger)
      #expect(dry.missingAgents == real.missingAgents && dry.epochs == real.epochs)
      #expect(try contents(folder + "/dry.ndjson") == contents(folder + "/real.ndjson"))
      #expect(try names(in: folder) == ["dry.ndjson", "real.db", "real.ndjson"])
    }
  }

  @Test(arguments: cases) func `importing twice changes nothing`(_ name: String) throws {
    try withTemporaryFolder { folder in
      let (options, fails) = try ExportFixture.settings(of: name)
      guard fails == nil else { return }
      let store = folder + "/agora.db"
      let first = try Migration(options, store: store).run()
      let before = try StoreDump.all(of: store)
      let second = try Migration(options, store: store).run()
      let after = try StoreDump.all(of: store)
      #expect(before == after)
      #expect(
        second.ledger.totals.unchanged + second.ledger.totals.rejected == first.ledger.totals.read)
      #expect(second.ledger.totals.rejected == first.ledger.totals.rejected)
      let check = try StoreCheck(Store(path: store))
      #expect(check.isSound, "\(check.text)")
    }
  }

  @Test(arguments: cases) func `a migrated export verifies`(_ name: String) throws {
    try withTemporaryFolder { folder in
      let (options, fails) = try ExportFixture.settings(of: name)
      guard fails == nil else { return }
      _ = try Migration(options, store: folder + "/agora.db").run()
      let report = try Verification(options, store: folder + "/agora.db").run()
      #expect(report.isIdentical, "\(report.text)")
    }
  }

  /// The bundle that comes back makes the same marketplace, and comes back as itself.
  @Test(arguments: cases) func `what is exported is what was imported`(_ name: String) throws {
    try withTemporaryFolder { folder in
      var (options, fails) = try ExportFixture.settings(of: name)
      // A configuration's rows keep their agent's name, which a bundle gives them again.
      guard fails == nil else { return }
      _ = try Migration(options, store: folder + "/one.db").run()
      let count = try V4Export.write(
        Store(path: folder + "/one.db"), source: nil, to: folder + "/one.json")
      guard count > 0 else { return }
      options.exports = [folder + "/one.json"]
      options.table = nil
      _ = try Migration(options, store: folder + "/two.db").run()
      let one = try StoreDump.marketplace(of: folder + "/one.db")
      let two = try StoreDump.marketplace(of: folder + "/two.db")
      #expect(StoreDump.differences(one, two) == [])
      _ = try V4Export.write(
        Store(path: folder + "/two.db"), source: nil, to: folder + "/two.json")
      #expect(
        try File.contents(folder + "/one.json") == File.contents(folder + "/two.json"))
    }
  }

  /// Runs a case and describes what came of it.
  private func outcome(of name: String) throws -> JSON {
    try withTemporaryFolder { folder in
      let (options, fails) = try ExportFixture.settings(of: name)
      let store = folder + "/agora.db"
      do {
        let report = try Migration(options, store: store).run()
        #expect(fails == nil, "should have failed with \(fails ?? "")")
        #expect(report.ledger.isBalanced)
        let volatile: Set<String> = ["run_id", "seconds", "rows_per_second"]
        let fields = (report.json.members ?? []).filter { !volatile.contains($0.name) }
          .map { JSON.Member($0.name, local($0.value)) }
        return .object([
          .init("report", .object(fields)), .init("store", try StoreDump.all(of: store)),
        ])
      } catch let error as AgoraError {
        #expect(error.code.rawValue == fails, "\(error)")
        #expect(try names(in: folder).isEmpty)
        return .object([
          .init("code", .string(error.code.rawValue)), .init("message", .string(error.message)),
          .init("offset", error.offset.map { .number("\($0)") } ?? .null),
        ])
      }
    }
  }

  /// Without the folder of this checkout.
  private func local(_ value: JSON) -> JSON {
    switch value {
    case .string(let text):
      .string(text.split(separator: Self.folder + "/").joined())
    case .array(let elements): .array(elements.map(local))
    default: value
    }
  }
}
