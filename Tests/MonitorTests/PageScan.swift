import Testing

/// A page taken apart: its tags with their attributes, and the texts between them.
struct PageScan {
  struct Tag {
    let name: String
    let attributes: [(name: String, value: String)]
    /// The text up to the next tag, with nothing escaped any more.
    var text = ""

    subscript(_ name: String) -> String? { attributes.first { $0.name == name }?.value }
  }

  private(set) var tags: [Tag] = []

  /// Reads a page that is well-formed as this program writes them: quoted attributes, and no `<` in texts.
  init(_ page: String) throws {
    let bytes = Array(page.utf8)
    var at = 0
    while at < bytes.count {
      guard bytes[at] == 0x3c else {
        let start = at
        while at < bytes.count, bytes[at] != 0x3c { at += 1 }
        if !tags.isEmpty { tags[tags.count - 1].text += Self.plain(bytes[start..<at]) }
        continue
      }
      let start = at + 1
      var quoted = false
      while at < bytes.count, quoted || bytes[at] != 0x3e {
        if bytes[at] == 0x22 { quoted.toggle() }
        at += 1
      }
      try #require(at < bytes.count, "a tag does not end")
      tags.append(Self.tag(String(decoding: bytes[start..<at], as: UTF8.self)))
      at += 1
      // What stands in these two is no markup.
      if let name = tags.last?.name, name == "script" || name == "style" {
        let end = Array("</\(name)".utf8)
        let from = at
        while at + end.count <= bytes.count, Array(bytes[at..<(at + end.count)]) != end { at += 1 }
        tags[tags.count - 1].text = String(decoding: bytes[from..<at], as: UTF8.self)
      }
    }
  }

  private static func plain(_ bytes: ArraySlice<UInt8>) -> String {
    var text = String(decoding: bytes, as: UTF8.self)
    for (entity, character) in [
      ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&"),
    ] { text = text.replacing(entity, with: character) }
    return text
  }

  private static func tag(_ text: String) -> Tag {
    let name = text.prefix { $0 != " " && $0 != "\n" }
    var attributes: [(String, String)] = []
    var rest = text[name.endIndex...].drop { $0 == " " || $0 == "\n" }
    while !rest.isEmpty, rest != "/" {
      let key = rest.prefix { $0 != "=" && $0 != " " }
      rest = rest[key.endIndex...]
      var value = ""
      if rest.hasPrefix("=\"") {
        let body = rest.dropFirst(2).prefix { $0 != "\"" }
        value = plain(Array(body.utf8)[...])
        rest = rest[body.endIndex...].dropFirst()
      }
      attributes.append((String(key), value))
      rest = rest.drop { $0 == " " || $0 == "\n" }
    }
    return Tag(name: String(name), attributes: attributes)
  }

  /// The texts of tags with an attribute, by its value.
  func texts(by attribute: String) -> [String: String] {
    var found: [String: String] = [:]
    for tag in tags { if let value = tag[attribute] { found[value] = tag.text } }
    return found
  }

  /// The texts of the cells that follow a tag, to the end of its row.
  func cells(after index: Int) -> [String] {
    var cells: [String] = []
    for tag in tags[(index + 1)...] {
      if tag.name == "/tr" { break }
      if tag.name == "td" || tag.name == "th" { cells.append(tag.text) }
    }
    return cells
  }
}
