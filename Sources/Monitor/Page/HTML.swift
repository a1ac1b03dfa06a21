import AgoraStore

/// Writes HTML; whatever is not markup is escaped on its way in.
struct HTML {
  private(set) var bytes: [UInt8] = []
  /// Where something belongs that is too much to be held; nil where nothing does.
  private(set) var gap: Int?

  /// All of it.
  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// Adds markup of this program's own.
  mutating func raw(_ markup: String) { bytes += markup.utf8 }

  /// Adds text.
  mutating func write(_ text: String) { Self.escape(text, into: &bytes) }

  /// Leaves a gap.
  mutating func leaveGap() { gap = bytes.count }

  /// Adds an element with text in it.
  ///
  /// - Parameter attributes: markup of this program's own, such as `class="lead"`.
  mutating func element(_ name: String, _ attributes: String = "", _ text: String) {
    raw("<\(name)\(attributes.isEmpty ? "" : " " + attributes)>")
    write(text)
    raw("</\(name)>")
  }

  /// Adds an element with others in it.
  mutating func element(
    _ name: String, _ attributes: String = "", _ body: (inout HTML) -> Void
  ) {
    raw("<\(name)\(attributes.isEmpty ? "" : " " + attributes)>")
    body(&self)
    raw("</\(name)>\n")
  }

  /// Text in which nothing is markup, neither in an element nor in a quoted attribute; what a reader
  /// would not see, or would be misled by, is written out.
  static func escaped(_ text: String) -> String {
    var bytes: [UInt8] = []
    escape(text, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func escape(_ text: String, into bytes: inout [UInt8]) {
    let isPlain =
      TextTable.isPlain(text) && !text.utf8.contains(where: { "&<>\"'".utf8.contains($0) })
    if isPlain { return bytes.append(contentsOf: text.utf8) }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": bytes.append(literal: "&amp;")
      case "<": bytes.append(literal: "&lt;")
      case ">": bytes.append(literal: "&gt;")
      case "\"": bytes.append(literal: "&quot;")
      case "'": bytes.append(literal: "&#39;")
      case _ where isMisleading(scalar):
        bytes += "\\u{\(String(scalar.value, radix: 16))}".utf8
      default: bytes += String(scalar).utf8
      }
    }
  }

  /// Control characters, and those that turn the direction of the text around them.
  private static func isMisleading(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || (0x202a...0x202e).contains(scalar.value)
      || (0x2066...0x2069).contains(scalar.value)
  }

  /// Appends JSON that may stand in a script element: nothing in it ends the element or begins a comment.
  static func embed(_ json: JSON, into bytes: inout [UInt8]) {
    let start = bytes.count
    JSONWriter.write(json, into: &bytes)
    keep(from: start, in: &bytes)
  }

  /// Appends a text as a JSON string that may stand in a script element.
  static func embed(_ text: String, into bytes: inout [UInt8]) {
    let start = bytes.count
    JSONText.quote(text, into: &bytes)
    keep(from: start, in: &bytes)
  }

  private static func keep(from start: Int, in bytes: inout [UInt8]) {
    guard bytes[start...].contains(0x3c) else { return }
    let written = Array(bytes[start...])
    bytes.removeSubrange(start...)
    for byte in written {
      if byte == 0x3c { bytes.append(literal: "\\u003c") } else { bytes.append(byte) }
    }
  }
}
