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
  /// - Returns: the copy's size, and why its note is missing where it is.
  /// - Throws: ``AgoraError`` `misuse` when the file is there, `no_such_file`, `disk_full`,
  ///   `permission_denied`, `interrupted`.
  public func backup(
    to target: String, at now: Timestamp = Clock.system.now()
  ) throws -> BackupOutcome {
    let bytes: Int
    let run: Int?
    do {
      guard try File.status(target) == nil else { throw Self.isTaken(target) }
      guard try File.status(File.folder(of: target)) != nil else {
        throw AgoraError(
          .noSuchFile, "the folder of the copy does not exist", file: File.folder(of: target),
          remedy: "Make it, or name another file.")
      }
      let part = try PartFile(for: target)
      let original = try Connection(path: path, mode: .readOnly)
      try Pragmas.reading.apply(to: original)
      // Asked before: a migration that comes in meanwhile may not be in the copy.
      run = try BackupRecord.newestRun(in: original)
      try original.backup(to: try Connection(path: part.path, mode: .create))
      try part.file.sync()
      do throws(SystemError) { try part.claim() } catch {
        throw error.isExisting ? Self.isTaken(target) : AgoraError(error, file: target)
      }
      try File.syncFolder(of: target)
      bytes = try File.status(target)?.size ?? 0
    } catch let error as SystemError {
      throw AgoraError(error, file: target)
    } catch let error as SQLiteError {
      throw AgoraError(error, store: target)
    }
    // The copy stands from here on, whatever becomes of the note.
    let record = BackupRecord(path: target, bytes: bytes, at: now, run: run)
    do {
      try noteBriefly { try record.note(in: $0) }
      return BackupOutcome(bytes: bytes, failure: nil)
    } catch let error as AgoraError {
      return BackupOutcome(bytes: bytes, failure: error)
    }
  }

  /// Writes down what came of work that is done, and waits no longer for another writer than a person
  /// would for a note.
  ///
  /// - Throws: ``AgoraError`` `busy` where somebody writes for longer.
  package func noteBriefly(_ body: (Connection) throws -> Void) throws {
    do {
      let connection = try Connection(path: path, mode: .readWrite)
      connection.setBusyTimeout(milliseconds: Self.noteTimeout)
      try connection.transaction { try body(connection) }
    } catch let error as SQLiteError { throw AgoraError(error, store: path) }
  }

  /// How long the note of a backup waits for somebody else's write, in milliseconds.
  private static let noteTimeout = 1500

  private static func isTaken(_ target: String) -> AgoraError {
    AgoraError(
      .misuse, "there is a file here already", file: target,
      remedy: "Name another one; a backup replaces nothing.")
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

/// What became of a backup.
public struct BackupOutcome: Sendable, Equatable {
  /// The copy's size in bytes.
  public let bytes: Int
  /// Why the store has no record of it, though the copy stands; nil where it has.
  public let failure: AgoraError?
}
