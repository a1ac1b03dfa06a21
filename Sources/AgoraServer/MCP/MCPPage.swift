import AgoraStore

/// A page of a list.
enum MCPPage {
  /// The entries behind a cursor, and the cursor of those behind them.
  ///
  /// A cursor names the last entry that was given, so a list that grows meanwhile neither repeats nor
  /// leaves out what was there.
  ///
  /// - Throws: ``RPCError`` `-32602` for a cursor that is none of this list's.
  static func take<Entry>(
    _ request: RPCRequest, of entries: [Entry], size: Int, name: (Entry) -> String
  ) throws(RPCError) -> (entries: ArraySlice<Entry>, next: [JSON.Member]) {
    var start = 0
    switch request["cursor"] {
    case .none, .null?: break
    case .string(let text)? where text.isEmpty: break
    case .string(let text)?:
      guard let last = decode(text, request.method),
        let index = entries.firstIndex(where: { name($0) == last })
      else { throw RPCError(.invalidParams, "the cursor is none of this list's; begin again") }
      start = index + 1
    case .some: throw RPCError(.invalidParams, "cursor has to be a string")
    }
    let page = entries[start...].prefix(max(1, size))
    guard let last = page.last, page.endIndex < entries.endIndex else { return (page, []) }
    return (page, [.init("nextCursor", .string(encode(name(last), request.method)))])
  }

  private static func encode(_ name: String, _ method: String) -> String {
    let bytes = Array("\(method) \(name)".utf8)
    return Base64Encoder.text(of: bytes.span)
  }

  private static func decode(_ cursor: String, _ method: String) -> String? {
    guard let bytes = Base64Text.decode(cursor),
      let text = String(validating: bytes, as: UTF8.self), text.hasPrefix(method + " ")
    else { return nil }
    return String(text.dropFirst(method.count + 1))
  }
}
