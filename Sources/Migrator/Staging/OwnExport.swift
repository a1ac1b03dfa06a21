import AgoraStore

/// Exports that are answers of this very store: with the drop-in on the PATH `spacetime sql` shows v5's
/// records, and importing those would make each of them a second time.
enum OwnExport {
  private static let remedy = """
    Nothing was imported. Take exports with SpacetimeDB's own program: name it by its whole path, or run \
    agora shim remove DIR first. What this store would be on v4 is: agora export --format v4 --with-new
    """

  /// Reads the text of ``LegacyMark/member``, and refuses an export that says of itself that it is Agora's.
  ///
  /// - Throws: ``AgoraError`` `own_export`.
  static func check(_ reader: JSONReader, _ export: ExportReader) throws {
    let offset = reader.offset
    _ = try reader.next()
    guard reader.text == Array(LegacyMark.value.utf8) else { return }
    throw AgoraError(
      .ownExport, "this was not exported from v4: it is an answer of Agora's own spacetime",
      file: export.input.path, offset: offset, remedy: remedy)
  }

  /// Looks for staged rows whose id is the v5 id of a record that was imported before, and refuses them.
  ///
  /// A row that has come under that id before stays what it is: the way back gives v4 records that it had
  /// not, under v5's ids.
  ///
  /// - Throws: ``AgoraError`` `own_export` with the first such row.
  static func refuse(_ tables: [StagedTable], in connection: Connection) throws {
    for table in tables {
      guard let imported = imported(table.kind) else { continue }
      let prefix = TableMapper.identifierKind(of: table.kind).rawValue + "_"
      // A range of the index: for an export of v4 it is empty.
      let query = Query(
        "v4_rows.own_\(table.kind)",
        """
        SELECT s.v4_id, f.path, s.byte_offset FROM stage.v4_rows s JOIN stage.v4_files f USING(file)
        WHERE s.table_no=?1 AND s.v4_id>='\(prefix)' AND s.v4_id<'\(prefix)g'
          AND \(imported) AND NOT EXISTS(SELECT 1 FROM main.v4_rows m
            WHERE m.table_no=s.table_no AND m.v4_id=s.v4_id)
        ORDER BY s.row LIMIT 1
        """)
      let found = try connection.first(
        query, .integer(table.number), map: { ($0.text(0), $0.text(1), $0.int(2)) })
      guard let (id, file, offset) = found else { continue }
      throw AgoraError(
        .ownExport,
        "row \(id) of \(table.name) is a record of this very store under its v5 id, not a row of v4",
        file: file, offset: offset, remedy: remedy)
    }
  }

  /// Whether a staged row's id is that of an imported record, as SQL; nil for tables whose rows v5 shows
  /// under ids of their own.
  private static func imported(_ kind: TableKind) -> String? {
    switch kind {
    case .registry:
      """
      EXISTS(SELECT 1 FROM main.v4_rows r WHERE r.v5_id=s.v4_id AND r.joined IS NOT NULL)
      """
    case .message, .task, .workflow, .event, .audit:
      importedRecord(TableMapper.recordTable(of: kind))
    case .capability, .configuration, .step, .archive: nil
    }
  }

  private static func importedRecord(_ table: RecordTable) -> String {
    """
    EXISTS(SELECT 1 FROM main.\(table.name) x WHERE x.\(table.columns[0])=s.v4_id
      AND x.source_row IS NOT NULL)
    """
  }
}
