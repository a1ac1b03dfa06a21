import CSQLite

/// One row of a result, lent to a closure for as long as the statement stands on it.
package struct Row: ~Copyable {
  let handle: OpaquePointer

  /// The number of columns.
  package var count: Int { Int(sqlite3_column_count(handle)) }

  package func isNull(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_NULL
  }
  package func int(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }
  package func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
  package func optionalInt(_ column: Int32) -> Int? { isNull(column) ? nil : int(column) }
  package func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }
  package func bool(_ column: Int32) -> Bool { sqlite3_column_int64(handle, column) != 0 }

  /// The column as text; NULL reads as the empty text.
  package func text(_ column: Int32) -> String {
    withBytes(column) { span in
      span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
  }
  package func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

  /// The column's bytes, text or blob.
  package func bytes(_ column: Int32) -> [UInt8] {
    withBytes(column) { span in
      var copy: [UInt8] = []
      copy.append(copying: span)
      return copy
    }
  }

  /// Lends the column's bytes where they lie; they are gone with the next step.
  package func withBytes<Result, Failure: Error>(
    _ column: Int32, _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // sqlite3_column_blob gives a text column's UTF-8 as it is stored; the length is asked after it,
    // as https://www.sqlite.org/c3ref/column_blob.html advises.
    let start = sqlite3_column_blob(handle, column)
    let length = Int(sqlite3_column_bytes(handle, column))
    let buffer = UnsafeBufferPointer(
      start: start?.assumingMemoryBound(to: UInt8.self), count: start == nil ? 0 : length)
    return try body(buffer.span)
  }

  /// Appends a column to a record as it is: no text is decoded.
  package func append(_ column: Int32, to record: inout Record) {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_NULL: record.null()
    case SQLITE_INTEGER: record.integer(int64(column))
    default: withBytes(column) { record.text($0) }
    }
  }

  /// The column in its storage class.
  package func value(_ column: Int32) -> SQLValue {
    switch sqlite3_column_type(handle, column) {
    case SQLITE_INTEGER: .integer(int64(column))
    case SQLITE_FLOAT: .real(sqlite3_column_double(handle, column))
    case SQLITE_TEXT: .text(text(column))
    case SQLITE_BLOB: .blob(bytes(column))
    default: .null
    }
  }
}
