import AgoraStore
import Migrator
import TestSupport
import Testing

/// The folders in `fixtures/exports`: an export each, with the options it is imported with.
enum ExportFixture {
  static let folder = Project.root + "/fixtures/exports"
  static let cases = (try? names(in: folder)) ?? []

  /// The options of a case, and the code that it is to fail with.
  static func settings(of name: String) throws -> (MigrationOptions, fails: String?) {
    let folder = "\(Self.folder)/\(name)"
    let files = try names(in: folder).filter { !["case.json", "expected.json"].contains($0) }
    var options = MigrationOptions(exports: files.map { "\(folder)/\($0)" })
    guard let text = try? contents(folder + "/case.json") else { return (options, nil) }
    let settings = try JSON.parse(text)
    for member in settings["options"]?.members ?? [] {
      switch member.name {
      case "orphans": options.orphans = OrphanPolicy(rawValue: member.value.text ?? "") ?? .stub
      case "table": options.table = member.value.text
      case "max_row_bytes": options.maxRowBytes = member.value.integer ?? 0
      case "max_rejects": options.maxRejects = member.value.integer
      case "aliases":
        for alias in member.value.members ?? [] { options.aliases[alias.name] = alias.value.text }
      default: Issue.record("case.json of \(name) has an unknown option \(member.name)")
      }
    }
    return (options, settings["fails"]?.text)
  }
}
