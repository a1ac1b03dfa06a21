import CSQLite

/// Lets a connection read some views and nothing else, whatever statement it is given
/// (https://www.sqlite.org/c3ref/set_authorizer.html).
package final class ReadGuard {
  private let connection: Connection
  private let views: Set<String>
  private let readers: Set<String>
  private let counted: Set<String>
  private let functions: Set<String>?

  /// Guards a connection for as long as this value lives.
  ///
  /// - Parameters:
  ///   - views: the names of views in the connection's temporary schema that may be read.
  ///   - readers: the views below them that read the tables. Their names have to be secret: a WITH clause
  ///     of the same name would pass for one of them.
  ///   - counted: tables whose rows may be counted, though no column of them may be read: SQLite asks so
  ///     for `SELECT count(*)` from a view that it has made one with its table.
  ///   - functions: the functions, in lower case, that a statement may call beyond what the readers call;
  ///     nil for all that reach nothing outside. Nothing ends a function before it is done, and some take
  ///     hours, so a stranger is given a list.
  package init(
    _ connection: Connection, views: Set<String>, readers: Set<String>,
    counted: Set<String> = [], functions: Set<String>? = nil
  ) {
    self.connection = connection
    self.views = views
    self.readers = readers
    self.counted = counted
    self.functions = functions
    let pointer = Unmanaged.passUnretained(self).toOpaque()
    sqlite3_set_authorizer(
      connection.handle,
      { context, action, first, second, schema, accessor in
        guard let context else { return SQLITE_DENY }
        let guardian = Unmanaged<ReadGuard>.fromOpaque(context).takeUnretainedValue()
        func text(_ pointer: UnsafePointer<CChar>?) -> String? {
          pointer.map { String(cString: $0) }
        }
        return guardian.allows(
          action, text(first), text(second), in: text(schema), for: text(accessor))
          ? SQLITE_OK : SQLITE_DENY
      }, pointer)
  }

  deinit { sqlite3_set_authorizer(connection.handle, nil, nil) }

  private func allows(
    _ action: Int32, _ first: String?, _ second: String?, in schema: String?,
    for accessor: String?
  ) -> Bool {
    switch action {
    // No recursion: it may never end, and v4's SQL had none.
    case SQLITE_SELECT: true
    case SQLITE_FUNCTION:
      accessor.map { readers.contains($0) } ?? false || allows(function: second?.lowercased() ?? "")
    case SQLITE_READ:
      // A view's own reading of the tables below it, or somebody's reading of a view; json_each and
      // its like belong to no schema.
      accessor.map { readers.contains($0) } ?? false
        || schema == "temp" && first.map { views.contains($0) || readers.contains($0) } ?? false
        || first == "json_each"
        || second == "" && schema == "main" && first.map { counted.contains($0) } ?? false
    default: false
    }
  }

  private func allows(function name: String) -> Bool {
    if let functions { return functions.contains(name) }
    // Extensions and files are reached by functions too.
    return !["load_extension", "readfile", "writefile", "edit", "fts3_tokenizer"].contains(name)
  }
}
