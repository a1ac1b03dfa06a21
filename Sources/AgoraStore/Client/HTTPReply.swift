/// What a server answered.
package struct HTTPReply: Sendable {
  /// The status code.
  package let status: Int
  /// The words behind it.
  package let reason: String
  /// The fields in their order.
  package let fields: [(name: String, value: String)]
  /// The body.
  package var body: [UInt8] = []

  /// The body as text; what is no UTF-8 in it is shown as such.
  package var text: String { String(decoding: body, as: UTF8.self) }

  /// The first value under a name.
  package func field(_ name: String) -> String? {
    fields.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// Reads a head (RFC 9112 §4): a status line and fields; nil where it is none.
  init?(head: some Sequence<UInt8>) {
    let text = String(decoding: Array(head), as: UTF8.self)
    var lines = text.split(separator: "\r\n", omittingEmptySubsequences: true)[...]
    guard let first = lines.popFirst() else { return nil }
    let parts = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), parts[1].utf8.count == 3,
      let status = Int(parts[1]), (100...999).contains(status)
    else { return nil }
    self.status = status
    reason = parts.count > 2 ? String(parts[2]) : ""
    var fields: [(name: String, value: String)] = []
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      var value = line[line.index(after: colon)...]
      while value.first == " " || value.first == "\t" { value.removeFirst() }
      while value.last == " " || value.last == "\t" { value.removeLast() }
      fields.append((String(line[..<colon]), String(value)))
    }
    self.fields = fields
  }
}
