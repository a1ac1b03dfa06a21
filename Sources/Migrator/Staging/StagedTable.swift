import AgoraStore

/// A v4 table while its rows are being staged and loaded.
final class StagedTable {
  let number: Int64
  let name: String
  let kind: TableKind
  let mapper: TableMapper
  let ids: MigratedIdentifiers
  /// How many rows of the table the export had so far; a row's ordinal counts from 1.
  var ordinal: Int64 = 0
  /// How many rows of the table were read, and members of the export that had its name and were no rows.
  var read = 0
  /// The first and the last row in `v4_rows`; empty while there is none.
  var rows: ClosedRange<Int64>?

  init(number: Int64, source: String, name: String) {
    self.number = number
    self.name = name
    kind = V4Schema.kind(of: name)
    mapper = TableMapper(table: name, kind: kind)
    ids = MigratedIdentifiers(
      source: source, table: kind.describesAgents ? "agent" : name,
      kind: TableMapper.identifierKind(of: kind))
  }

  /// Rows of several of which one record is made: in the order in which they count.
  var rank: Int64 {
    switch kind {
    case .capability: 0
    case .registry: 1
    case .configuration: 2
    case .step: name == "workflow_step" ? 0 : 1
    default: 0
    }
  }

  /// ``rank`` of the tables that describe agents, as SQL over the table `t`.
  static let agentRankSQL =
    "CASE t.name WHEN 'agent_capability' THEN 0 WHEN 'agent_registry' THEN 1 ELSE 2 END"

  func include(_ row: Int64) {
    rows = rows.map { min($0.lowerBound, row)...max($0.upperBound, row) } ?? row...row
  }
}
