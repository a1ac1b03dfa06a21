import CSQLite

/// LIKE as SQLite has it, but it ends a statement whose time is over.
///
/// SQLite looks at the clock between rows only, and one row may ask for thousands of LIKEs of long texts.
/// Source: https://www.sqlite.org/c3ref/strlike.html, https://www.sqlite.org/appfunc.html.
final class TimedLike {
  private let deadline: Double

  private init(until deadline: Double) { self.deadline = deadline }

  /// Sets the deadline of a connection's LIKE from now on, on the clock that only goes forward; none of its
  /// statements may be running.
  static func install(on connection: Connection, until deadline: Double = .infinity) {
    // Without and with ESCAPE. Where it fails, LIKE stays as it was: nothing is lost but a look.
    for count: Int32 in [2, 3] {
      // SQLite lets go of it, also where it does not take it.
      let like = Unmanaged.passRetained(TimedLike(until: deadline)).toOpaque()
      sqlite3_create_function_v2(
        connection.handle, "like", count, SQLITE_UTF8 | SQLITE_DETERMINISTIC, like,
        { context, count, values in
          guard let pointer = sqlite3_user_data(context) else { return }
          Unmanaged<TimedLike>.fromOpaque(pointer).takeUnretainedValue()
            .answer(context, UnsafeBufferPointer(start: values, count: Int(count)))
        }, nil, nil,
        { pointer in
          if let pointer { Unmanaged<TimedLike>.fromOpaque(pointer).release() }
        })
    }
  }

  /// Answers `text LIKE pattern ESCAPE escape`, whose values come in the order pattern, text, escape.
  private func answer(_ context: OpaquePointer?, _ values: UnsafeBufferPointer<OpaquePointer?>) {
    guard System.monotonicSeconds() < deadline else {
      return sqlite3_result_error_code(context, SQLITE_INTERRUPT)
    }
    guard values.count >= 2 else { return sqlite3_result_null(context) }
    let limit = sqlite3_limit(
      sqlite3_context_db_handle(context), SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1)
    guard sqlite3_value_bytes(values[0]) <= limit else {
      return sqlite3_result_error(
        context, "a pattern of LIKE has at most \(limit) bytes", -1)
    }
    var escape: UInt32 = 0
    if values.count > 2 {
      guard let text = sqlite3_value_text(values[2]) else { return sqlite3_result_null(context) }
      let scalars = String(cString: text).unicodeScalars
      guard scalars.count == 1, let only = scalars.first else {
        return sqlite3_result_error(context, "ESCAPE expression must be a single character", -1)
      }
      escape = only.value
    }
    guard let pattern = sqlite3_value_text(values[0]), let text = sqlite3_value_text(values[1])
    else { return sqlite3_result_null(context) }
    sqlite3_result_int(context, sqlite3_strlike(pattern, text, escape) == 0 ? 1 : 0)
  }
}
