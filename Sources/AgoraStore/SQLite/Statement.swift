import CSQLite

/// A prepared statement, kept for reuse by its connection.
///
/// A class, because a statement cache has to hold it; not Sendable, because SQLite's handle belongs
/// to one connection at a time. This file and `Row.swift` are where pointers from SQLite are touched.
package final class Statement {
  let handle: OpaquePointer
  /// The query this statement was made from.
  package let query: Query
  private unowned let connection: Connection
  /// A statement that is being stepped must not be handed out a second time.
  var inUse = false

  init(handle: OpaquePointer, query: Query, connection: Connection) {
    self.handle = handle
    self.query = query
    self.connection = connection
  }

  deinit { sqlite3_finalize(handle) }

  /// Tells SQLite to copy the bytes before the call returns (`SQLITE_TRANSIENT`, -1 as a pointer).
  private static var transient: sqlite3_destructor_type {
    unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  }

  func check(_ code: Int32) throws(SQLiteError) {
    guard code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE else {
      throw connection.error(code, query.name)
    }
  }

  /// Binds one value; indexes start at 1.
  package func bind(_ value: SQLValue, at index: Int32) throws(SQLiteError) {
    switch value {
    case .null: try check(sqlite3_bind_null(handle, index))
    case .integer(let value): try check(sqlite3_bind_int64(handle, index, value))
    case .real(let value): try check(sqlite3_bind_double(handle, index, value))
    case .text(let text):
      var text = text
      let code = text.withUTF8 {
        bind(text: UnsafeRawBufferPointer($0), at: index, destructor: Self.transient)
      }
      try check(code)
    case .blob(let bytes):
      let code = bytes.withUnsafeBytes {
        sqlite3_bind_blob64(
          handle, index, $0.baseAddress ?? Self.empty, UInt64($0.count), Self.transient)
      }
      try check(code)
    }
  }

  /// A pointer to nothing in particular: an empty text is not NULL, and SQLite tells them apart by it.
  private static var empty: UnsafeRawPointer? { UnsafeRawPointer(bitPattern: 1) }

  private func bind(
    text: UnsafeRawBufferPointer, at index: Int32, destructor: sqlite3_destructor_type?
  ) -> Int32 {
    let start = text.baseAddress ?? Self.empty
    return sqlite3_bind_text64(
      handle, index, start?.assumingMemoryBound(to: CChar.self), UInt64(text.count), destructor,
      UInt8(SQLITE_UTF8))
  }

  /// Runs the statement once with a record's fields as its first parameters, without copying them:
  /// the record outlives the step, and the bindings are cleared before this returns.
  package func run(_ record: borrowing Record) throws(SQLiteError) {
    let fields = record.fields
    let code = record.bytes.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Int32 in
      for position in fields.indices {
        let index = Int32(position) + 1
        let code: Int32
        switch fields[position] {
        case .null: code = sqlite3_bind_null(handle, index)
        case .integer(let value): code = sqlite3_bind_int64(handle, index, value)
        case .text(let range):
          code = bind(
            text: UnsafeRawBufferPointer(rebasing: bytes[range]), at: index, destructor: nil)
        case .blob(let range):
          let part = UnsafeRawBufferPointer(rebasing: bytes[range])
          code = sqlite3_bind_blob64(
            handle, index, part.baseAddress ?? Self.empty, UInt64(part.count), nil)
        }
        if code != SQLITE_OK { return code }
      }
      return sqlite3_step(handle)
    }
    guard code == SQLITE_DONE || code == SQLITE_ROW else {
      let failure = connection.error(code, query.name)
      sqlite3_reset(handle)
      sqlite3_clear_bindings(handle)
      throw failure
    }
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  /// Moves to the next row; false when there is none.
  func step() throws(SQLiteError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    throw connection.error(code, query.name)
  }

  func reset() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
    inUse = false
  }
}
