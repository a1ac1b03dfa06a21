import AgoraStore

/// The files that a run writes beside the store: opened before anything is read, filled before the run
/// is committed, and given their names after it.
final class RunOutputs {
  private let rejects: OutputFile?
  private let idMap: OutputFile?

  /// - Throws: ``AgoraError`` `misuse` when a file is also an export, the store, or the other file, and
  ///   whatever keeps one from being made.
  init(_ options: MigrationOptions, store: String) throws {
    var taken = options.exports.filter { $0 != "-" }.map { ($0, "an export") }
    for suffix in ["", "-wal", "-shm", "-journal", ".lock", ".migrating", ".migrating-journal"] {
      taken.append((store + suffix, "the store"))
    }
    for (path, option) in [(options.rejectsFile, "--rejects"), (options.idMapFile, "--id-map")] {
      guard let path else { continue }
      if let other = taken.first(where: { File.isSame($0.0, path) }) {
        throw AgoraError(
          .misuse, "\(option) would overwrite \(other.1)", file: path,
          remedy: "Name another file.")
      }
      taken.append((path, "the other output"))
    }
    rejects = try options.rejectsFile.map { try OutputFile($0) }
    idMap = try options.idMapFile.map { try OutputFile($0) }
  }

  /// Writes the run's files.
  ///
  /// - Parameters:
  ///   - schema: the database that the run's rejects lie in.
  func write(from connection: Connection, rejectsIn schema: String, source: String, run: Int64)
    throws
  {
    try writeRejects(from: connection, schema: schema, run: run)
    if let idMap { try IDMapFile.write(from: connection, source: source, to: idMap) }
  }

  /// Writes the rejects only, for a run that fails because of them.
  func writeRejects(from connection: Connection, schema: String, run: Int64) throws {
    if let rejects {
      try RejectsFile.write(from: connection, schema: schema, run: run, to: rejects)
    }
  }

  /// Gives the rejects their name; for a run that fails because of them.
  func finishRejects() throws { try rejects?.finish() }

  /// Gives the files their names.
  ///
  /// - Returns: a warning for each file that could not get it; the run stands all the same.
  func finish() -> [String] {
    [rejects, idMap].compactMap { file in
      do {
        try file?.finish()
        return nil
      } catch { return "the run is complete, but a file could not be written: \(error)" }
    }
  }
}
