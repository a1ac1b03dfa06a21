/// The size of a store and how many rows its tables have.
public struct StoreInfo: Sendable {
  /// The store's path.
  public let path: String
  /// The number of schema steps the store has been through.
  public let schemaVersion: Int
  /// The size of the file with its write-ahead log.
  public let bytes: Int
  /// The tables' names and numbers of rows, in alphabetical order.
  public let tables: [(name: String, rows: Int)]

  private static let tableNames = Query(
    "tables.names",
    "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'undo_%' ORDER BY name"
  )

  /// The hash of the content; nil unless it was asked for.
  public let hash: String?

  /// Looks at a store.
  ///
  /// - Parameters:
  ///   - hashes: whether the content is hashed, which reads all of it.
  public init(_ store: Store, hashes: Bool = false) throws {
    path = store.path
    bytes = try store.size()
    hash = hashes ? try store.contentHash() : nil
    (schemaVersion, tables) = try store.read { connection in
      let names = try connection.all(Self.tableNames, map: { $0.text(0) })
      let counts = try names.map { name in
        let query = Query("\(name).count", "SELECT count(*) FROM \"\(name)\"")
        return (name: name, rows: Int(try connection.integer(query) ?? 0))
      }
      return (Int(try SchemaUpgrade.inspect(connection)), counts)
    }
  }

  /// The figures as JSON (the command line's contract).
  public var json: JSON {
    .object(
      [
        .init("path", .string(path)), .init("schema_version", .int(schemaVersion)),
        .init("bytes", .int(bytes)),
        .init("tables", .object(tables.map { .init($0.name, .int($0.rows)) })),
      ] + (hash.map { [.init("hash", .string($0))] } ?? []))
  }

  /// The figures for people.
  public var text: String {
    let rows = [["table", "rows"]] + tables.map { [$0.name, "\($0.rows)"] }
    let hashed = hash.map { "\ncontent \($0)" } ?? ""
    return "\(path): schema \(schemaVersion), \(bytes) bytes\(hashed)\n\n"
      + TextTable.lines(rows).joined(separator: "\n")
  }
}
