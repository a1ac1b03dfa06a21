import AgoraStore

/// The v4 deployments that a store has rows of.
enum ImportedSource {
  private static let known = Query(
    "migration_runs.sources", "SELECT DISTINCT source FROM migration_runs ORDER BY run")

  /// A deployment by its name, or the only one that there is.
  ///
  /// - Parameter store: the store's path, for the error.
  /// - Throws: ``AgoraError`` `not_found` where nothing was imported from it, `misuse` where there are
  ///   several and none was named.
  static func find(
    _ wanted: String?, in connection: Connection, store: String
  ) throws -> String {
    let known = try connection.all(Self.known) { $0.text(0) }
    if let wanted {
      guard known.contains(where: { $0.exact == wanted.exact }) else {
        throw AgoraError(
          .notFound, "nothing was imported from \"\(wanted)\"", file: store,
          remedy: known.isEmpty
            ? "Import it with: agora migrate EXPORT"
            : "There is: \(known.joined(separator: ", ")). Say which with --source.")
      }
      return wanted
    }
    guard known.count <= 1 else {
      throw AgoraError(
        .misuse, "the store holds several v4 deployments: \(known.joined(separator: ", "))",
        remedy: "Say which with --source.")
    }
    return known.first ?? MigrationOptions(exports: []).source
  }
}
