import CSQLite

/// How this process can get at a SQLite file in WAL mode that it may not write, or not the folder of.
///
/// Reading in WAL mode needs the shared index (`-shm`), which a reader makes where it is missing. One that
/// another user has made belongs to that user, and keeps the store's own writers out; so whoever may not
/// write the store makes none (https://www.sqlite.org/wal.html#read_only_databases).
enum StoreReach: Equatable {
  /// As SQLite does it by itself.
  case usual
  /// Somebody has the store open: its index is there and is only read.
  case shared
  /// Nobody has it open, and it has no log: the file alone is the store (`immutable=1`).
  case alone(Stillness)

  /// What a file that nobody writes keeps: when it was written, its length, and that it has no log.
  struct Stillness: Equatable {
    private let file: File.Status?
    private let log: Int

    init(_ path: String) {
      file = try? File.status(path)
      log = (try? File.status(path + "-wal"))?.size ?? 0
    }

    var hasLog: Bool { log > 0 }
  }

  /// - Throws: ``SQLiteError`` (`SQLITE_CANTOPEN`) where a log was left behind that only who may write the
  ///   store can take in.
  init(_ path: String) throws(SQLiteError) {
    let isWritable = File.mayWrite(path)
    let beside = ["-wal", "-shm"].map { path + $0 }
    if isWritable && (File.mayWrite(File.folder(of: path)) || beside.allSatisfy(File.mayWrite)) {
      self = .usual
      return
    }
    let stillness = Stillness(path)
    let hasIndex = (try? File.status(path + "-shm")) != nil
    let hasLogFile = (try? File.status(path + "-wal")) != nil
    switch (hasLogFile, hasIndex) {
    case _ where (try? File.status(path)) == nil: self = .usual
    case (true, true): self = .shared
    case (true, false) where stillness.hasLog:
      throw SQLiteError(
        extendedCode: SQLITE_CANTOPEN,
        message:
          "a process that has ended left its log, which only who may write the store can take in",
        query: "open \(path)")
    default: self = .alone(stillness)
    }
  }

  var stillness: Stillness? {
    if case .alone(let stillness) = self { stillness } else { nil }
  }

  var isURI: Bool { stillness != nil }

  /// What SQLite is told to open.
  func address(of path: String) -> String {
    guard isURI else { return path }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    return "file:" + parts.map { PercentEncoding.encode(String($0)) }.joined(separator: "/")
      + "?immutable=1"
  }
}
