public import AgoraStore

/// The v4 deployments that a store has had exports of, and which one is meant.
public struct KnownSources: Sendable {
  /// Their names, in the order in which they came.
  public let names: [String]
  private let path: String

  private static let query = Query(
    "migration_runs.sources",
    "SELECT source FROM migration_runs GROUP BY source ORDER BY min(run)")

  /// Reads them from a store.
  public init(_ store: Store) throws {
    self = try store.withSnapshot { try KnownSources($0, path: store.path) }
  }

  /// - Parameter path: the store's path, for errors.
  init(_ connection: Connection, path: String) throws {
    names = try connection.all(Self.query, map: { $0.text(0) })
    self.path = path
  }

  /// The one that is named, or the only one there is; the default name where there is none.
  ///
  /// - Parameter prefersDefault: whether, of several, the one of the default name is meant.
  /// - Throws: ``AgoraError`` `not_found` for a name that no export came under, `misuse` where there are
  ///   several and none was named.
  public func choose(_ wanted: String?, prefersDefault: Bool = false) throws -> String {
    let usual = LegacyWords.usualSource
    if let wanted {
      // Of a store without any, whatever is asked is true.
      guard names.isEmpty || names.contains(where: { $0.exact == wanted.exact }) else {
        throw AgoraError(
          .notFound, "nothing was imported from \"\(wanted)\"", file: path,
          remedy: "There is: \(names.joined(separator: ", ")).")
      }
      return wanted
    }
    if prefersDefault, names.contains(usual) { return usual }
    guard names.count <= 1 else {
      throw AgoraError(
        .misuse, "the store holds several v4 deployments: \(names.joined(separator: ", "))",
        remedy: "Say which with --source.")
    }
    return names.first ?? usual
  }
}
