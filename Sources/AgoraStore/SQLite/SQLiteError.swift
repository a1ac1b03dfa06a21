/// What SQLite answered when it did not do what it was asked.
///
/// Values bound to the statement are never part of the error, since they may be somebody's message.
/// Source: https://www.sqlite.org/rescode.html.
public struct SQLiteError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The primary result code, the low byte of ``extendedCode``.
  public var code: Int32 { extendedCode & 0xff }
  /// The extended result code.
  public let extendedCode: Int32
  /// SQLite's own words.
  public let message: String
  /// The name of the query that failed, or what was being done.
  public let query: String
  /// What the operating system had answered (`errno`); 0 where it is not to blame, or SQLite does not tell.
  public let systemNumber: Int32

  package init(extendedCode: Int32, message: String, query: String, systemNumber: Int32 = 0) {
    self.extendedCode = extendedCode
    self.message = message
    self.query = query
    self.systemNumber = systemNumber
  }

  /// One line: code, query and SQLite's words.
  public var description: String { "sqlite \(extendedCode) in \(query): \(message)" }

  /// Another connection holds a lock that this one waited for in vain (`SQLITE_BUSY`).
  package var isBusy: Bool { code == 5 }
  /// The disk or the quota is full (`SQLITE_FULL`).
  package var isFull: Bool { code == 13 }
  /// Nothing can be written through this connection (`SQLITE_READONLY`).
  package var isReadOnly: Bool { code == 8 }
  /// The file could not be opened because too many are open already (`SQLITE_CANTOPEN`).
  package var isOutOfFiles: Bool {
    code == 14 && SystemError(number: systemNumber, doing: query).isOutOfFiles
  }
  /// The file is no SQLite database, or not one any more (`SQLITE_NOTADB`, `SQLITE_CORRUPT`).
  package var isNotDatabase: Bool { code == 26 || code == 11 }
  /// The statement was told to stop (`SQLITE_INTERRUPT`).
  package var isInterruption: Bool { code == 9 }
  /// A text, a blob or the statement itself is larger than the connection's limit (`SQLITE_TOOBIG`).
  package var isTooBig: Bool { code == 18 }
  /// The store cannot be read now and may be later: a lock, memory, the disk or the number of open files
  /// (`SQLITE_BUSY`, `LOCKED`, `NOMEM`, `IOERR`, `FULL`, `CANTOPEN`).
  package var isPassing: Bool { [5, 6, 7, 10, 13, 14].contains(code) }
}
