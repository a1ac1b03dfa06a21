public import AgoraStore

/// A migration of v4 exports into a store.
///
/// The exports are staged in a file of their own beside the store. A new store is that file, which gets
/// its name when everything is in it; an existing store takes the staged rows in one transaction. Until
/// then nobody sees anything of the run.
public struct Migration {
  private let options: MigrationOptions
  private let store: String
  private let clock: Clock
  private let identifiers: IdentifierSource
  private let progress: any ProgressObserver

  /// Prepares a migration.
  ///
  /// - Parameters:
  ///   - store: the store's path; a missing store is made.
  public init(
    _ options: MigrationOptions, store: String, clock: Clock = .system,
    identifiers: IdentifierSource = IdentifierSource(),
    progress: any ProgressObserver = NoProgress()
  ) {
    self.options = options
    self.store = store
    self.clock = clock
    self.identifiers = identifiers
    self.progress = progress
  }

  /// Runs the migration to its end.
  ///
  /// - Throws: ``AgoraError``; then the store is as it was before.
  public func run() throws -> MigrationReport {
    defer { progress.ended() }
    guard options.isDryRun else {
      try checkStore()
      let lock = try RunLock(store: store, waits: options.waits, clock: clock)
      return try withExtendedLifetime(lock) {
        try run(on: store, staging: StagingFile.path(of: store))
      }
    }
    return try dryRun()
  }

  /// What is plainly wrong with the store's path is said before anything is made beside it.
  private func checkStore() throws {
    do {
      if let status = try File.status(store) {
        guard !status.isFolder else {
          throw AgoraError(
            .isFolder, "the store's path is a folder", file: store,
            remedy: "Name the file in it with --store.")
        }
        guard status.isRegular, status.size == 0 || status.size >= 512 else {
          throw AgoraError(
            .notAStore, "the store's path is no SQLite database", file: store,
            remedy: "Name another file with --store.")
        }
        if status.size > 0 {
          let connection = try Connection(path: store, mode: .readWrite)
          _ = try SchemaUpgrade.inspect(connection)
          // Said before an export is read for an hour.
          guard options.isDryRun || !connection.isReadOnly else {
            throw AgoraError.unwritable(store, "it was opened to be read only")
          }
        }
      } else if try File.status(File.folder(of: store)) == nil {
        throw AgoraError.noFolder(of: store)
      }
    } catch let error as SystemError {
      throw AgoraError(error, file: store)
    } catch let error as SQLiteError {
      throw AgoraError(error, store: store)
    }
  }

  /// Does everything on a copy in a temporary folder, so that even a store that may not be written
  /// can be tried on.
  private func dryRun() throws -> MigrationReport {
    try checkStore()
    do { try RunLock.refuseIfHalted(store) } catch let error as SystemError {
      throw AgoraError(error, file: store)
    }
    let folder: String
    do throws(SystemError) {
      folder = try File.temporaryFolder(
        in: System.environment("TMPDIR") ?? "/tmp", prefix: "agora-dry-run-")
    } catch { throw AgoraError(error, file: "a temporary folder") }
    let copy = folder + "/" + File.name(of: store)
    let staging = StagingFile.path(of: copy)
    defer {
      for name in [copy, staging] { try? StagingFile.remove(name) }
      try? File.removeFolder(folder)
    }
    do {
      if let status = try File.status(store), status.size > 0 {
        // Of two modes the writing one leaves no files of the log behind; it may not be permitted.
        let original =
          try (try? Connection(path: store, mode: .readWrite))
          ?? Connection(path: store, mode: .readOnly)
        try Pragmas.reading.apply(to: original)
        try original.backup(to: try Connection(path: copy, mode: .create))
      }
    } catch let error as SystemError {
      throw AgoraError(error, file: store)
    } catch let error as SQLiteError {
      throw AgoraError(error, store: store).lackingRoom(in: folder, insteadOf: store)
    }
    do { return try run(on: copy, staging: staging) } catch let error as AgoraError {
      throw error.lackingRoom(in: folder, insteadOf: store)
    }
  }

  private func run(on target: String, staging: String) throws -> MigrationReport {
    do {
      return try attempt(on: target, staging: staging)
    } catch is StagedInputChanged {
      // What was staged is gone; exports that can be read once more are simply staged anew.
      guard try options.exports.allSatisfy({ try File.status($0)?.isRegular == true }) else {
        throw AgoraError(
          .inputChanged, "this is not what the interrupted run had read", file: "-",
          remedy: "Nothing was imported. Run the same command again; it begins at the beginning.")
      }
      var report = try attempt(on: target, staging: staging)
      report.warnings.append(
        "the exports have changed since a run was interrupted; what it had staged was discarded")
      return report
    }
  }

  private func attempt(on target: String, staging: String) throws -> MigrationReport {
    let started = System.monotonicSeconds()
    do {
      try StagingFile.prepare(staging, besides: target, keepsWork: !options.retriesRejects)
      let report = try StagedRun(
        options, store: store, target: target, staging: staging, clock: clock,
        identifiers: identifiers, progress: progress
      ).complete(started: started)
      try? StagingFile.remove(staging)
      return report
    } catch {
      let failure = described(error)
      if let failure = failure as? AgoraError, failure.code == .interrupted, !options.isDryRun,
        !options.retriesRejects
      {
        throw AgoraError(
          .interrupted, "interrupted; the store is as it was before", file: store,
          remedy: """
            Run the same command again: it goes on with what is staged in \(staging). To give that \
            up, remove this file.
            """)
      }
      try? StagingFile.remove(staging)
      throw failure
    }
  }

  private func described(_ error: any Error) -> any Error {
    switch error {
    case let error as SQLiteError: AgoraError(error, store: store)
    case let error as SystemError: AgoraError(error, file: store)
    default: error
    }
  }
}
