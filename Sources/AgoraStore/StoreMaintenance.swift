/// What an operator does to a store as a file.
extension Store {
  /// Refuses a file to write that is the store itself.
  ///
  /// - Throws: ``AgoraError`` `misuse`.
  package func refuseOverwriting(_ target: String) throws(AgoraError) {
    for suffix in ["", "-wal", "-shm"] where File.isSame(path + suffix, target) {
      throw AgoraError(
        .misuse, "this would overwrite the store", file: target, remedy: "Name another file.")
    }
  }

  /// Writes a copy of the store to a file that is not there yet, while others read and write.
  ///
  /// The copy is one snapshot, synced before it gets its name. That it was taken is noted in the store.
  ///
  /// - Parameter now: the time of the note.
  /// - Returns: the copy's size in bytes.
  /// - Throws: ``AgoraError`` `misuse` when the file is there, `disk_full`, `permission_denied`.
  public func backup(
    to target: String, at now: Timestamp = Clock.system.now()
  ) throws -> Int {
    do {
      guard try File.status(target) == nil else {
        throw AgoraError(
          .misuse, "there is a file here already", file: target,
          remedy: "Name another one; a backup replaces nothing.")
      }
      guard try File.status(File.folder(of: target)) != nil else {
        throw AgoraError(
          .noSuchFile, "the folder of the copy does not exist", file: File.folder(of: target),
          remedy: "Make it, or name another file.")
      }
      // A name of its own: another backup may be writing its copy beside this one.
      let temporary = "\(target).\(IdentifierSource().next(.run)).part"
      try File.remove(temporary)
      defer { try? File.remove(temporary) }
      let original = try Connection(path: path, mode: .readOnly)
      try Pragmas.reading.apply(to: original)
      // Asked before: a migration that comes in meanwhile may not be in the copy.
      let run = try BackupRecord.newestRun(in: original)
      try original.backup(to: try Connection(path: temporary, mode: .create))
      try File.reading(temporary).sync()
      try File.link(temporary, to: target)
      try File.syncFolder(of: target)
      let bytes = try File.status(target)?.size ?? 0
      do {
        try write { try BackupRecord(path: target, bytes: bytes, at: now, run: run).note(in: $0) }
      } catch let error as AgoraError {
        // A copy that nobody knows of is half a backup.
        try? File.remove(target)
        throw AgoraError(
          error.code,
          "the copy was removed, for it could not be noted in the store: \(error.message)",
          file: path, remedy: error.remedy)
      }
      return bytes
    } catch let error as SystemError {
      throw AgoraError(error, file: target)
    } catch let error as SQLiteError {
      throw AgoraError(error, store: target)
    }
  }

  /// Rewrites the file without gaps and empties its write-ahead log.
  ///
  /// - Returns: the size in bytes before and after.
  /// - Throws: ``AgoraError`` `busy` while others use the store, `disk_full`.
  public func compact() throws -> (before: Int, after: Int) {
    let before = try size()
    try withWriter { connection in
      try connection.execute("VACUUM", name: "compact")
      try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)", name: "compact.log")
    }
    return (before, try size())
  }

  /// The hash of the marketplace's content, which does not depend on how it came to be.
  public func contentHash() throws -> String {
    try read { try ContentHash.compute($0) }
  }

  /// The bytes of the file and its write-ahead log.
  package func size() throws -> Int {
    do throws(SystemError) {
      return try (File.status(path)?.size ?? 0) + (File.status(path + "-wal")?.size ?? 0)
    } catch { throw AgoraError(error, file: path) }
  }
}
