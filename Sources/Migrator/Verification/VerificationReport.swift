public import AgoraStore

/// What comparing a store with an export found.
public struct VerificationReport: Sendable {
  /// One field that is not what the export says.
  public struct Mismatch: Sendable, Equatable {
    /// The v4 table, or `agent` for what several rows make.
    public let table: String
    /// The v4 id, or an agent's name.
    public let v4ID: String
    /// The v5 id.
    public let v5ID: String
    /// The field.
    public let field: String
    /// What the export makes of it.
    public let expected: JSON
    /// What is there.
    public let found: JSON
  }

  /// One record that is not there, or should not be.
  public struct Record: Sendable, Equatable {
    /// The v4 table, or the v5 table of a record that no v4 row claims.
    public let table: String
    /// The v4 id; nil for a record that no v4 row claims.
    public let v4ID: String?
    /// The v5 id; nil where the row never got one.
    public let v5ID: String?
  }

  /// How many rows of the export were looked at.
  public var rowsCompared = 0
  /// How much of what was imported from the source the export's tables hold.
  public internal(set) var coverage = VerificationCoverage()
  /// What v5's tools have changed since; no fault.
  public var changedOnV5: [Record] = []
  /// Rows that an earlier import had found gone from v4 and let stand; no fault.
  public var deletedInSource: [Record] = []
  /// Fields that somebody altered behind the store's back.
  public var mismatches: [Mismatch] = []
  /// Rows of the export that the store has not.
  public var missing: [Record] = []
  /// Records that the export does not account for.
  public var extra: [Record] = []

  /// Why the store has not the outcome, for its readiness gates; nil where it has.
  public internal(set) var whyNotNoted: String?
  /// Tables that the store has rows of and the export does not hold, so that nothing was said of them.
  ///
  /// Such a comparison is noted with what it covered, and opens no gate.
  public var tablesNotCompared: [String] = []

  /// Whether the store is what the export says.
  public var isIdentical: Bool { mismatches.isEmpty && missing.isEmpty && extra.isEmpty }

  private static func json(_ record: Record) -> JSON {
    .object([
      .init("table", .string(record.table)), .init("v4_id", .optional(record.v4ID)),
      .init("v5_id", .optional(record.v5ID)),
    ])
  }

  /// The report as JSON (the command line's contract).
  public var json: JSON {
    .object([
      .init("status", .string(isIdentical ? "identical" : "different")),
      .init("rows_compared", .int(rowsCompared)),
      .init("changed_on_v5", .array(changedOnV5.map(Self.json))),
      .init(
        "mismatches",
        .array(
          mismatches.map { mismatch in
            .object([
              .init("table", .string(mismatch.table)), .init("v4_id", .string(mismatch.v4ID)),
              .init("v5_id", .string(mismatch.v5ID)), .init("field", .string(mismatch.field)),
              .init("expected", mismatch.expected), .init("found", mismatch.found),
            ])
          })), .init("missing", .array(missing.map(Self.json))),
      .init("extra", .array(extra.map(Self.json))),
      .init("deleted_in_source", .array(deletedInSource.map(Self.json))),
      .init("rows_imported", .int(coverage.imported)),
      .init("rows_covered", .int(coverage.covered)), .init("whole", .bool(coverage.isWhole)),
      .init("noted", .bool(whyNotNoted == nil)),
      .init("tables_not_compared", .array(tablesNotCompared.map { .string($0) })),
    ])
  }

  /// The report for people.
  public var text: String {
    var lines: [String] = []
    for mismatch in mismatches {
      lines.append(
        TextTable.visible(
          "\(mismatch.table) \(mismatch.v4ID) (\(mismatch.v5ID)): \(mismatch.field) is "
            + "\(Self.short(mismatch.found)), should be \(Self.short(mismatch.expected))"))
    }
    for record in missing {
      lines.append(
        TextTable.visible(
          "missing: \(record.table) \(record.v4ID ?? "-") (\(record.v5ID ?? "never imported"))"))
    }
    for record in extra {
      lines.append(
        TextTable.visible(
          "extra: \(record.table) \(record.v5ID ?? record.v4ID ?? "-"), which the export does not have"
        ))
    }
    if !changedOnV5.isEmpty {
      lines.append(
        "\(changedOnV5.count) records were changed by v5's own tools, which is no fault.")
    }
    if !deletedInSource.isEmpty {
      lines.append(
        "\(deletedInSource.count) rows are gone from v4, as an import has reported, and still here."
      )
    }
    if !tablesNotCompared.isEmpty {
      lines.append(
        TextTable.visible(
          "Not looked at, since the export lacks them: \(tablesNotCompared.joined(separator: ", "))."
        ))
    }
    lines.append(
      isIdentical
        ? "Identical: \(rowsCompared) rows compared."
        : "Different: \(rowsCompared) rows compared, \(mismatches.count) mismatches, "
          + "\(missing.count) missing, \(extra.count) extra.")
    if let whyNotNoted { lines.append("This was not noted: \(whyNotNoted).") }
    if !coverage.isWhole {
      lines.append(
        "This was a part: only \(coverage.covered) of \(coverage.imported) imported rows are of tables "
          + "that the export has. Compare all exports at once: agora verify EXPORT EXPORT …")
    }
    return lines.joined(separator: "\n")
  }

  private static func short(_ value: JSON) -> String {
    let text = JSONWriter.compact(value)
    return text.count <= 60 ? text : text.prefix(57) + "…"
  }
}
