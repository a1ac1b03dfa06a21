import AgoraStore
import CompatProxy

/// What the server says in `v1.json.spacetimedb`.
enum SpacetimeAnswerFrame {
  /// Rows of one query that have gone or come.
  struct Rows: Sendable {
    let table: LegacyTable
    var deletes: [String] = []
    var inserts: [String] = []

    var count: Int { deletes.count + inserts.count }

    /// What stands in a table at first, or is let go of at last: whole rows as objects.
    init(_ query: WatchedQuery, inserts: [WatchedRow] = [], deletes: [WatchedRow] = []) {
      table = query.table
      self.deletes = deletes.map { JSONWriter.compact($0.named(in: query.table)) }
      self.inserts = inserts.map { JSONWriter.compact($0.named(in: query.table)) }
    }

    /// What a transaction has changed: rows as arrays.
    init(_ query: WatchedQuery, _ change: WatchedChange) {
      table = query.table
      deletes = change.deletes.map(\.text)
      inserts = change.inserts.map(\.text)
    }

    var json: JSON {
      .object([
        .init("deletes", .array(deletes.map { .string($0) })),
        .init("inserts", .array(inserts.map { .string($0) })),
      ])
    }
  }

  /// Who made a change, and with which call.
  struct Cause: Sendable {
    var identity: String
    var connection: UInt128
    var reducer = ""
    var arguments = ""
    var request: UInt32 = 0
    var timestamp: Timestamp
    var microseconds = 0
  }

  private static func some(_ value: JSON?) -> JSON {
    value.map { .object([.init("some", $0)]) } ?? .object([.init("none", .array([]))])
  }
  private static func frame(_ name: String, _ members: [JSON.Member]) -> String {
    JSONWriter.compact(.object([.init(name, .object(members))]))
  }
  private static func number(_ value: UInt32) -> JSON { .number("\(value)") }
  private static func query(_ id: UInt32) -> JSON.Member {
    .init("query_id", .object([.init("id", number(id))]))
  }
  private static func duration(_ microseconds: Int) -> JSON.Member {
    .init(
      "total_host_execution_duration",
      .object([.init("__time_duration_micros__", .int(microseconds))]))
  }
  private static func identity(_ digits: String) -> JSON {
    .object([.init("__identity__", .string("0x\(digits)"))])
  }
  private static func connection(_ id: UInt128) -> JSON {
    .object([.init("__connection_id__", .number("\(id)"))])
  }

  /// One table's part of an update; several queries of one table stand beside each other.
  private static func update(_ table: LegacyTable, _ rows: [Rows]) -> JSON {
    .object([
      .init("table_id", .int(table.id)), .init("table_name", .string(table.name)),
      .init("num_rows", .int(rows.reduce(0) { $0 + $1.count })),
      .init("updates", .array(rows.map(\.json))),
    ])
  }

  private static func update(_ rows: [Rows]) -> JSON {
    var tables: [(LegacyTable, [Rows])] = []
    for row in rows {
      if let index = tables.firstIndex(where: { $0.0.name == row.table.name }) {
        tables[index].1.append(row)
      } else {
        tables.append((row.table, [row]))
      }
    }
    return .object([.init("tables", .array(tables.map { update($0, $1) }))])
  }

  /// The first frame of a connection.
  static func identityToken(
    _ digits: String, token: String, connection id: UInt128
  ) -> String {
    frame(
      "IdentityToken",
      [
        .init("identity", identity(digits)), .init("token", .string(token)),
        .init("connection_id", connection(id)),
      ])
  }

  static func initialSubscription(_ rows: [Rows], request: UInt32, microseconds: Int) -> String {
    frame(
      "InitialSubscription",
      [
        .init("database_update", update(rows)), .init("request_id", number(request)),
        duration(microseconds),
      ])
  }

  /// `SubscribeApplied` or `UnsubscribeApplied`.
  static func applied(
    _ name: String, _ rows: Rows, request: UInt32, id: UInt32, microseconds: Int
  ) -> String {
    frame(
      name,
      [
        .init("request_id", number(request)),
        .init("total_host_execution_duration_micros", .int(microseconds)), query(id),
        .init(
          "rows",
          .object([
            .init("table_id", .int(rows.table.id)), .init("table_name", .string(rows.table.name)),
            .init("table_rows", update(rows.table, [rows])),
          ])),
      ])
  }

  /// `SubscribeMultiApplied` or `UnsubscribeMultiApplied`.
  static func multiApplied(
    _ name: String, _ rows: [Rows], request: UInt32, id: UInt32, microseconds: Int
  ) -> String {
    frame(
      name,
      [
        .init("request_id", number(request)),
        .init("total_host_execution_duration_micros", .int(microseconds)), query(id),
        .init("update", update(rows)),
      ])
  }

  static func subscriptionError(
    _ error: String, request: UInt32?, id: UInt32?, table: LegacyTable? = nil,
    microseconds: Int = 0
  ) -> String {
    frame(
      "SubscriptionError",
      [
        .init("total_host_execution_duration_micros", .int(microseconds)),
        .init("request_id", some(request.map { number($0) })),
        .init("query_id", some(id.map { number($0) })),
        .init("table_id", some(table.map { .int($0.id) })), .init("error", .string(error)),
      ])
  }

  /// The whole story of a change.
  ///
  /// - Parameters:
  ///   - failure: why it was refused; nil where it was done.
  ///   - notice: what its caller is told besides; no client of SpacetimeDB's has this member.
  static func transactionUpdate(
    _ rows: [Rows], _ cause: Cause, failure: String? = nil, notice: String? = nil
  ) -> String {
    let status =
      failure.map { JSON.object([.init("Failed", .string($0))]) }
      ?? .object([.init("Committed", update(rows))])
    return frame(
      "TransactionUpdate",
      [
        .init("status", status),
        .init("timestamp", SATSType.timestamp.named(.array([.instant(cause.timestamp)]))),
        .init("caller_identity", identity(cause.identity)),
        .init("caller_connection_id", connection(cause.connection)),
        .init(
          "reducer_call",
          .object([
            .init("reducer_name", .string(cause.reducer)),
            .init("reducer_id", .int(Reducer.all.firstIndex { $0.name == cause.reducer } ?? 0)),
            .init("args", .string(cause.arguments)),
            .init("request_id", number(cause.request)),
          ])), .init("energy_quanta_used", .object([.init("quanta", .int(0))])),
        duration(cause.microseconds),
      ] + (notice.map { [.init("agora_notice", .string($0))] } ?? []))
  }

  /// A change without its story, for those who asked for no more.
  static func transactionUpdateLight(_ rows: [Rows], request: UInt32) -> String {
    frame(
      "TransactionUpdateLight",
      [.init("request_id", number(request)), .init("update", update(rows))])
  }

  static func oneOffQueryResponse(
    _ message: String, _ outcome: Result<(table: String, rows: [String]), Refusal>,
    microseconds: Int
  ) -> String {
    var error: JSON?
    var tables: [JSON] = []
    switch outcome {
    case .success(let (table, rows)):
      tables = [
        .object([
          .init("table_name", .string(table)), .init("rows", .array(rows.map { .string($0) })),
        ])
      ]
    case .failure(let refusal): error = .string(refusal.text)
    }
    return frame(
      "OneOffQueryResponse",
      [
        .init("message_id", .string(message)), .init("error", some(error)),
        .init("tables", .array(tables)), duration(microseconds),
      ])
  }
}

extension JSON {
  /// Microseconds since 1970.
  fileprivate static func instant(_ instant: Timestamp) -> JSON {
    .number("\(instant.microseconds)")
  }
}
