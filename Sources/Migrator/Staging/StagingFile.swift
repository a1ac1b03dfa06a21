import AgoraStore

/// The file beside a store in which a run is made ready.
enum StagingFile {
  /// The name that it has beside a store.
  static func path(of store: String) -> String { store + ".migrating" }

  private static let suffixes = ["", "-journal", "-wal", "-shm"]

  /// Removes the file and what SQLite keeps beside it: the file first, since without its journal it
  /// would look whole.
  static func remove(_ path: String) throws(SystemError) {
    for suffix in suffixes { try File.remove(path + suffix) }
  }

  /// Takes away what an earlier run left and what cannot be gone on with.
  ///
  /// A file that is the store by another name had entered it when the run was killed: to open it by
  /// this name, beside the store's own log, would damage the store.
  ///
  /// - Parameters:
  ///   - store: the file that the run goes into.
  ///   - keepsWork: whether rows that were staged before may be used.
  /// - Throws: ``AgoraError`` `is_folder` where a folder has the file's name, and ``SystemError``.
  static func prepare(_ path: String, besides store: String, keepsWork: Bool) throws {
    for suffix in suffixes where try File.status(path + suffix)?.isFolder == true {
      throw AgoraError(
        .isFolder, "a folder has the name of the file that the run is made ready in",
        file: path + suffix, remedy: "Rename or remove it, and run the same command again.")
    }
    guard let status = try File.status(path) else {
      // A journal without its file would be taken for the next one's.
      return try remove(path)
    }
    let isEntered = try File.status(store)?.identity == status.identity
    if isEntered || !keepsWork { try remove(path) }
  }
}
