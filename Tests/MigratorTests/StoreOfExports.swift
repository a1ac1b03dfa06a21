import AgoraStore
import Migrator
import TestSupport

/// Imports an export's text into a store; it lies beside the store afterwards, for `verify`.
@discardableResult
func migrate(
  _ export: String, into store: String, deleting: Bool = false, orphans: OrphanPolicy = .stub,
  aliases: [String: String] = [:]
) throws -> MigrationReport {
  try write(export, to: store + ".json")
  var options = MigrationOptions(exports: [store + ".json"])
  options.appliesDeletes = deleting
  options.orphans = orphans
  options.aliases = aliases
  return try Migration(options, store: store).run()
}

/// Compares a store with the export that was imported last.
func verify(_ store: String) throws -> VerificationReport {
  try Verification(MigrationOptions(exports: [store + ".json"]), store: store).run()
}

/// The hash of a store's content.
func hash(_ store: String) throws -> String { try Store(path: store).contentHash() }

/// A store's v4 bundle, as it was imported or as v4 would have it now.
func bundle(_ store: String, withNew: Bool = false) throws -> String {
  let path = store + (withNew ? ".new" : ".back")
  _ = try V4Export.write(Store(path: store), source: nil, to: path, includingNew: withNew)
  return try contents(path)
}
