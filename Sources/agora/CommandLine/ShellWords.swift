/// Words as a shell reads them.
enum ShellWords {
  /// A word that a POSIX shell takes as it is.
  static func quoted(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
          || (0x61...0x7a).contains(byte) || "_-.,:/@%+=".utf8.contains(byte)
      }
    guard !isPlain else { return text }
    return "'"
      + text.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: #"'\''"#) + "'"
  }

  /// A command line on as many lines as the width asks for; pasted, they are one.
  ///
  /// - Parameter groups: words that stay together on a line; the first is the command itself.
  static func lines(_ groups: [String], indent: Int, width: Int = Layout.width) -> [String] {
    var lines: [String] = []
    for group in groups {
      let margin = String(repeating: " ", count: lines.isEmpty ? indent : indent + 2)
      // Room for the backslash.
      if let last = lines.last, last.count + 1 + group.count <= width - 2 {
        lines[lines.count - 1] = last + " " + group
      } else {
        lines.append(margin + group)
      }
    }
    return lines.enumerated().map { $0.offset < lines.count - 1 ? $0.element + " \\" : $0.element }
  }
}
