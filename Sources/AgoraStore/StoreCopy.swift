extension Store {
  /// Lends a copy of the store, which is gone afterwards: for trying out what must not happen.
  ///
  /// Others read and write the store meanwhile. The copy lies in the folder for temporary files and is
  /// never synced.
  ///
  /// - Throws: ``AgoraError`` `disk_full`, `permission_denied`, and what `body` throws.
  package func withCopy<Result>(_ body: (Store) throws -> Result) throws -> Result {
    let folder: String
    do throws(SystemError) {
      folder = try File.temporaryFolder(
        in: System.environment("TMPDIR") ?? "/tmp", prefix: "agora-copy-")
    } catch { throw AgoraError(error, file: "a temporary folder") }
    let path = folder + "/copy.db"
    defer {
      for end in ["", "-wal", "-shm", "-journal"] { try? File.remove(path + end) }
      try? File.removeFolder(folder)
    }
    do {
      let original = try Connection(path: self.path, mode: .readOnly)
      try Pragmas.reading.apply(to: original)
      try original.backup(to: try Connection(path: path, mode: .create))
      let copy = try Store(path: path)
      try copy.withWriter { try $0.execute("PRAGMA synchronous=OFF", name: "copy") }
      return try body(copy)
    } catch let error as SQLiteError { throw AgoraError(error, store: path) }
  }
}
