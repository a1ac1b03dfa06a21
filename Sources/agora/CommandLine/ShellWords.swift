import AgoraStore

extension ShellWords {
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
