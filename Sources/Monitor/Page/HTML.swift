import AgoraStore

/// Writes HTML; whatever is not markup is escaped on its way in.
struct HTML {
  private(set) var text = ""

  /// Adds markup of this program's own.
  mutating func raw(_ markup: String) { text += markup }

  /// Adds text.
  mutating func write(_ text: String) { self.text += Self.escaped(text) }

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
    bytes.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": bytes += Array("&amp;".utf8)
      case "<": bytes += Array("&lt;".utf8)
      case ">": bytes += Array("&gt;".utf8)
      case "\"": bytes += Array("&quot;".utf8)
      case "'": bytes += Array("&#39;".utf8)
      case _ where isMisleading(scalar):
        bytes += Array("\\u{\(String(scalar.value, radix: 16))}".utf8)
      default: bytes += Array(String(scalar).utf8)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Control characters, and those that turn the direction of the text around them.
  private static func isMisleading(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control || (0x202a...0x202e).contains(scalar.value)
      || (0x2066...0x2069).contains(scalar.value)
  }

  /// JSON that may stand in a script element: nothing in it ends the element or begins a comment.
  static func embedded(_ json: JSON) -> String {
    var bytes: [UInt8] = []
    JSONWriter.write(json, into: &bytes)
    guard bytes.contains(0x3c) else { return String(decoding: bytes, as: UTF8.self) }
    var escaped: [UInt8] = []
    for byte in bytes {
      if byte == 0x3c { escaped += Array("\\u003c".utf8) } else { escaped.append(byte) }
    }
    return String(decoding: escaped, as: UTF8.self)
  }
}
