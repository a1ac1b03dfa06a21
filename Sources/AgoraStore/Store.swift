import Synchronization

/// The v5 marketplace in one SQLite file: one writer, several readers beside it.
///
/// Connections are lent to closures and never leave them.
public final class Store: Sendable {
  /// The file's path.
  public let path: String
  private let writer: Mutex<Connection>
  private let readers: [Reader]
  private let nextReader = Atomic<Int>(0)

  /// A place for one read connection, which is opened with its first use and stays.
  private final class Reader: Sendable {
    let connection = Mutex<Connection?>(nil)
  }

  /// Opens a store and brings its schema up to date.
  ///
  /// - Parameters:
  ///   - path: the SQLite file.
  ///   - creates: whether a missing file is made.
  /// - Throws: ``AgoraError`` `no_store`, `not_a_store`, `store_is_newer`, `permission_denied`.
  public init(path: String, creates: Bool = false) throws {
    self.path = path
    do {
      if creates {
        if try File.status(path) == nil { try Self.make(path) }
      } else {
        guard let status = try File.status(path) else {
          throw AgoraError(
            .noStore, "there is no store here", file: path,
            remedy:
              "Name one with --store, or make one with agora migrate EXPORT or any agora call.")
        }
        guard !status.isFolder else {
          throw AgoraError(
            .isFolder, "the store's path is a folder", file: path,
            remedy: "Name the file in it with --store.")
        }
        guard status.isRegular else {
          throw AgoraError(
            .notAStore, "the store's path is no file", file: path,
            remedy: "Name another file with --store.")
        }
      }
      let connection = try Connection(path: path, mode: .readWrite)
      // Others may just be closing the store or bringing it up to date.
      connection.setBusyTimeout(milliseconds: Pragmas.live.busyTimeout)
      // Inspected before any pragma writes: a foreign database must not be changed in any way.
      let version = try SchemaUpgrade.inspect(connection)
      guard creates || version > 0 else {
        throw AgoraError(
          .notAStore, "this file is empty", file: path,
          remedy: "Make it a store with: agora migrate EXPORT")
      }
      try Pragmas.live.apply(to: connection)
      try SchemaUpgrade.apply(to: connection)
      writer = Mutex(connection)
      readers = (0..<4).map { _ in Reader() }
    } catch let error as SQLiteError {
      throw AgoraError(error, store: path)
    } catch let error as SystemError {
      throw AgoraError(error, file: path)
    }
  }

  /// Makes an empty store, which has its name only when it is whole, so that nobody meets half of one.
  ///
  /// Where somebody else was faster, theirs is the store.
  private static func make(_ path: String) throws {
    let draft = "\(path).new-\(String(UInt64.random(in: 0...UInt64.max), radix: 16))"
    defer { for end in ["", "-wal", "-shm", "-journal"] { try? File.remove(draft + end) } }
    do {
      let connection = try Connection(path: draft, mode: .create)
      try Pragmas.live.apply(to: connection)
      try SchemaUpgrade.apply(to: connection)
    }
    do throws(SystemError) { try File.link(draft, to: path) } catch {
      guard error.isExisting else { throw error }
      guard try File.status(path) != nil else {
        throw AgoraError.linkToNothing(path)
      }
      return
    }
    try File.syncFolder(of: path)
  }

  /// The last connection to close removes the files of the log, and only one that may write can.
  deinit { for reader in readers { reader.connection.withLock { $0 = nil } } }

  /// Lends the writing connection inside an immediate transaction, committed when `body` returns.
  package func write<Result: Sendable>(
    _ body: @Sendable (Connection) throws -> Result
  ) throws -> Result {
    try translating {
      try writer.withLock { connection in try connection.transaction { try body(connection) } }
    }
  }

  /// Lends the writing connection outside of any transaction.
  package func withWriter<Result: Sendable>(
    _ body: @Sendable (Connection) throws -> Result
  ) throws -> Result {
    try translating { try writer.withLock { try body($0) } }
  }

  /// Lends the writer as ``withWriter(_:)`` does, where nobody of this process has it at the moment.
  ///
  /// - Returns: nil where somebody has it.
  package func withIdleWriter<Result: Sendable>(
    _ body: @Sendable (Connection) throws -> Result
  ) throws -> Result? {
    try translating { try writer.withLockIfAvailable { try body($0) } }
  }

  /// Lends a read connection with a snapshot that does not change while `body` runs.
  ///
  /// Readers take turns over a few connections; one more than there are waits for one to come free.
  package func read<Result: Sendable>(
    _ body: @Sendable (Connection) throws -> Result
  ) throws -> Result {
    let turn = nextReader.wrappingAdd(1, ordering: .relaxed).newValue
    return try translating {
      try readers[abs(turn % readers.count)].connection.withLock { place in
        let connection: Connection
        if let open = place {
          connection = open
        } else {
          connection = try Connection(path: path, mode: .readOnly)
          try Pragmas.reading.apply(to: connection)
          place = connection
        }
        return try connection.transaction(.deferred) { try body(connection) }
      }
    }
  }

  /// Lends a connection of its own with a snapshot, for long readings that keep notes in temporary tables.
  package func withSnapshot<Result>(_ body: (Connection) throws -> Result) throws -> Result {
    try translating {
      let connection = try Connection(path: path, mode: .readWrite)
      connection.setBusyTimeout(milliseconds: Pragmas.reading.busyTimeout)
      return try connection.transaction(.deferred) { try body(connection) }
    }
  }

  private func translating<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let error as SQLiteError {
      throw AgoraError(error, store: path)
    }
  }
}
