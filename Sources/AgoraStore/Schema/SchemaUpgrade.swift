/// Brings a file to the schema of this program, or says why it is not to be touched.
package enum SchemaUpgrade {
  /// "agor", the mark of a store in SQLite's header (https://www.sqlite.org/pragma.html#pragma_application_id).
  package static let applicationID: Int64 = 0x6167_6f72

  private static let readVersion = Query("schema.version", "PRAGMA user_version")
  private static let readApplication = Query("schema.application", "PRAGMA application_id")
  private static let countTables = Query("schema.tables", "SELECT count(*) FROM sqlite_master")

  /// The number of steps this program knows.
  package static var newest: Int64 { Int64(SchemaStep.all.count) }

  /// Looks whether the file is a store that this program can use.
  ///
  /// - Returns: the store's schema version; 0 for an empty file.
  /// - Throws: ``AgoraError`` `not_a_store` or `store_is_newer`, SQLite's own errors otherwise.
  package static func inspect(_ connection: Connection) throws -> Int64 {
    // One snapshot: another process may be making this very store.
    guard connection.isInTransaction else {
      return try connection.transaction(.deferred) { try inspect(connection) }
    }
    let version = try connection.integer(readVersion) ?? 0
    let application = try connection.integer(readApplication) ?? 0
    let isEmpty = try connection.integer(countTables) == 0
    if application == 0, version == 0, isEmpty { return 0 }
    guard application == applicationID else {
      throw AgoraError(
        .notAStore, "this is a SQLite database of another program", file: connection.path,
        remedy: "Name another file with --store.")
    }
    guard version <= newest else {
      throw AgoraError(
        .storeIsNewer,
        "this store has schema version \(version), and this program knows up to \(newest)",
        file: connection.path, remedy: "Use the newer version of agora that made it.")
    }
    return version
  }

  /// Applies the steps that the store has not been through, all in one transaction.
  package static func apply(to connection: Connection) throws {
    guard try inspect(connection) < newest else { return }
    try connection.transaction {
      // Looked at again under the lock: another process may have been faster.
      let version = try inspect(connection)
      for (index, step) in SchemaStep.all.enumerated() where index >= version {
        try connection.execute(step.sql, name: "schema step \(index + 1): \(step.name)")
      }
      try connection.execute(
        "PRAGMA application_id=\(applicationID); PRAGMA user_version=\(newest)", name: "schema.mark"
      )
    }
  }
}
