package import AgoraStore

/// A row of a watched query, as the JSON array that a transaction's rows are.
package struct WatchedRow: Sendable, Hashable {
  /// The array's bytes, by which rows are told apart.
  package let bytes: [UInt8]

  /// A row of its array.
  package init(bytes: [UInt8]) { self.bytes = bytes }

  /// The array.
  package var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The row as rows are that were read from a table: an object of its columns.
  package func named(in table: LegacyTable) -> JSON {
    guard case .array(let values)? = try? JSON.parse(bytes) else { return .object([]) }
    return .object(
      zip(table.columns, values).map { .init($0.name, $0.type.named($1)) })
  }
}

/// What has become of a watched query's rows.
package struct WatchedChange: Sendable, Equatable {
  /// Rows that are gone.
  package let deletes: [WatchedRow]
  /// Rows that have come; one that was changed is gone and has come.
  package let inserts: [WatchedRow]

  /// Whether nothing has changed.
  package var isEmpty: Bool { deletes.isEmpty && inserts.isEmpty }

  /// Compares rows with what they were; a row may be there several times.
  package init(from old: [WatchedRow], to new: [WatchedRow]) {
    guard old != new else {
      (deletes, inserts) = ([], [])
      return
    }
    var counts: [WatchedRow: Int] = [:]
    for row in old { counts[row, default: 0] += 1 }
    var inserts: [WatchedRow] = []
    for row in new {
      if let count = counts[row], count > 0 {
        counts[row] = count - 1
      } else {
        inserts.append(row)
      }
    }
    self.inserts = inserts
    deletes = old.filter { row in
      guard let count = counts[row], count > 0 else { return false }
      counts[row] = count - 1
      return true
    }
  }
}

/// Reads watched queries from a store, again and again; used by one thread at a time.
package final class LegacyWatch {
  private let budget: LegacySQL.Budget?
  private var sql: LegacySQL
  private var version: Int64

  /// Opens a store for watching.
  ///
  /// - Parameter budget: what each reading of a query may cost; nil for all it takes.
  package init(path: String, within budget: LegacySQL.Budget? = nil) throws {
    self.budget = budget
    sql = try LegacySQL(path: path)
    version = try sql.version()
  }

  /// Whether anybody has committed something since this was asked last.
  package func hasChanged() throws -> Bool {
    let now = try sql.version()
    defer { version = now }
    return now != version
  }

  /// The rows of a query as they are now.
  package func rows(of query: WatchedQuery) throws(Refusal) -> [WatchedRow] {
    let answer = try sql.run(query.text, within: budget)
    return answer.rows.map { values in
      var bytes: [UInt8] = []
      JSONWriter.write(answer.row(values), into: &bytes)
      return WatchedRow(bytes: bytes)
    }
  }
}
