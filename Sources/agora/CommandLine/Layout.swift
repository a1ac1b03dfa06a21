/// Lays out text on a terminal of the usual width.
enum Layout {
  static let width = 80

  /// Names and what each is, the latter wrapped beside the former.
  static func columns(_ entries: [(String, String)]) -> [String] {
    let left = min(26, entries.map(\.0.count).max() ?? 0)
    let margin = String(repeating: " ", count: left + 4)
    return entries.flatMap { name, text in
      let wrapped = wrap(text, to: width - left - 4)
      let first =
        name.count > left
        ? ["  \(name)", margin + (wrapped.first ?? "")]
        : ["  \(padded(name, left))  \(wrapped.first ?? "")"]
      return first + wrapped.dropFirst().map { margin + $0 }
    }
  }

  /// Text with blank lines between its paragraphs, each wrapped; lines that are indented stay as they are.
  static func paragraphs(_ text: String) -> [String] {
    var lines: [String] = []
    var paragraph: [Substring] = []
    func close() {
      if !paragraph.isEmpty { lines += wrap(paragraph.joined(separator: " "), to: width) }
      paragraph = []
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty || line.hasPrefix(" ") {
        close()
        lines.append(String(line))
      } else {
        paragraph.append(line)
      }
    }
    close()
    return lines
  }

  static func wrap(_ text: String, to width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
