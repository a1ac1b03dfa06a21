import AgoraStore

/// The file beside a store in which a run is made ready.
enum StagingFile {
  /// The name that it has beside a store.
  static func path(of store: String) -> String { store + ".migrating" }

  /// Removes the file and what SQLite keeps beside it: the file first, since without its journal it
  /// would look whole.
  static func remove(_ path: String) throws(SystemError) {
    for suffix in ["", "-journal", "-wal", "-shm"] { try File.remove(path + suffix) }
  }

  /// Takes away what an earlier run left and what cannot be gone on with.
  ///
  /// A file that is the store by another name had entered it when the run was killed: to open it by
  /// this name, beside the store's own log, would damage the store.
  ///
  /// - Parameters:
  ///   - store: the file that the run goes into.
  ///   - keepsWork: whether rows that were staged before may be used.
  static func prepare(_ path: String, besides store: String, keepsWork: Bool)
    throws(SystemError)
  {
    guard let status = try File.status(path) else {
      // A journal without its file would be taken for the next one's.
      return try remove(path)
    }
    let isEntered = try File.status(store)?.identity == status.identity
    if isEntered || !keepsWork { try remove(path) }
  }
}
