import AgoraStore

extension MigrationReport {
  /// Reads what ``json`` wrote, but for the outcomes of agent configurations; nil for anything else.
  init?(_ json: JSON) {
    func count(_ name: String, in part: JSON? = nil) -> Int? { (part ?? json)[name]?.integer }
    guard let runID = json["run_id"]?.text,
      let status = json["status"]?.text.flatMap(Status.init), let source = json["source"]?.text,
      let tables = json["tables"]?.members, let orphans = json["orphans"],
      let missingAgents = count("agents", in: orphans),
      let missingWorkflows = count("workflows", in: orphans), let epochs = count("epochs"),
      let ambiguous = count("ambiguous_references"), let conflicts = count("conflicts"),
      let deleted = count("deleted_in_source"), let bytes = count("bytes"),
      case .number(let seconds)? = json["seconds"], let seconds = Double(seconds),
      let warnings = json["warnings"]?.elements
    else { return nil }
    var ledger = Ledger()
    for table in tables {
      guard let read = count("read", in: table.value),
        let imported = count("imported", in: table.value),
        let updated = count("updated", in: table.value),
        let merged = count("merged", in: table.value),
        let unchanged = count("unchanged", in: table.value),
        let rejected = count("rejected", in: table.value)
      else { return nil }
      ledger[table.name] = LedgerEntry(
        read: read, imported: imported, updated: updated, merged: merged, unchanged: unchanged,
        rejected: rejected)
    }
    self.init(
      runID: runID, status: status, isDryRun: json["dry_run"] == .bool(true), source: source,
      ledger: ledger, missingAgents: missingAgents, missingWorkflows: missingWorkflows,
      epochs: epochs, ambiguousReferences: ambiguous, conflicts: conflicts,
      deletedInSource: deleted, appliedDeletes: false, bytes: bytes, seconds: seconds,
      warnings: warnings.compactMap(\.text), configurations: [])
    isResumed = json["resumed"] == .bool(true)
  }
}
