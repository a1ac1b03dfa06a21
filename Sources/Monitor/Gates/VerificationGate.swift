import AgoraStore

/// Whether everything that was imported has been held against the exports: of each v4 deployment the
/// last comparison counts, and has to be of all its rows, since its last migration, without a difference.
extension ReadinessGates {
  var verification: Gate {
    guard !facts.standing.isEmpty else { return verification(true, "no migration has gone in") }
    if let open = facts.verifications.first(where: { !$0.holds }) {
      return verification(false, reason(open) + place(of: open.source), remedy(for: open.source))
    }
    let compared = facts.verifications.map(\.source)
    if let missing = facts.sources.first(where: { !compared.contains($0) }) {
      return verification(
        false,
        compared.isEmpty
          ? "the store was never compared with an export"
          : "no export was ever compared" + place(of: missing), remedy(for: missing))
    }
    let rows = facts.verifications.reduce(0) { Numeric.sum($0, $1.rowsCompared) }
    let oldest = facts.verifications.map(\.at).min()
    return verification(
      true,
      "all \(Words.count(rows, "row")) were as exported on \(oldest?.description.prefix(10) ?? "-")"
    )
  }

  private func verification(_ passed: Bool, _ reason: String, _ remedy: String? = nil) -> Gate {
    Gate(
      name: "verification", title: "Verified since the last migration", passed: passed,
      reason: reason, remedy: remedy)
  }

  private func reason(_ last: VerificationFacts) -> String {
    let day = last.at.description.prefix(10)
    if !last.isCurrent { return "the migrations have changed since the last comparison (\(day))" }
    if !last.isIdentical {
      return "the comparison of \(day) found \(Words.count(last.differences, "difference"))"
    }
    guard let imported = last.rowsImported, let covered = last.rowsCovered else {
      return "the comparison of \(day) did not note how much it covered"
    }
    return "only \(covered) of \(Words.count(imported, "imported row")) were compared on \(day)"
  }

  /// Which deployment it is, where that is not plain.
  private func place(of source: String) -> String {
    facts.sources.count > 1 ? " (\(Words.names([source])))" : ""
  }

  /// The comparison with a deployment's exports, by their files where they are still there.
  private func remedy(for source: String) -> String {
    let isUsual = source == LegacyWords.usualSource
    let files = facts.exports[source] ?? []
    let areThere = files.allSatisfy { path in
      path.first != "-" && TextTable.visible(path) == path
        && (try? File.status(path))??.isRegular == true
    }
    guard areThere, !files.isEmpty else {
      // A name that a shell would not take as it stands is for its owner to quote.
      let isPlain = ShellWords.quoted(source) == source
      return "agora verify EXPORT" + (isUsual ? "" : " --source \(isPlain ? source : "NAME")")
    }
    let named = isUsual ? "" : "--source \(ShellWords.quoted(source)) "
    return "agora verify \(named)\(files.map(ShellWords.quoted).joined(separator: " "))"
  }
}
