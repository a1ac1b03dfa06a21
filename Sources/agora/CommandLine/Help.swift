/// Writes help from the commands' own declarations.
enum Help {
  static func overview(_ commands: [Command]) -> String {
    var lines = [
      "agora: the way from Agora v4 to v5", "", "Usage: agora COMMAND [OPTIONS] …", "",
    ]
    let width = commands.map(\.name.count).max() ?? 0
    for command in commands {
      lines.append("  \(padded(command.name, width))  \(command.summary)")
    }
    lines += [
      "", "  agora COMMAND --help tells more about one; agora --version says which agora this is.",
      "",
      "Exit codes: 0 done, 1 failed, 2 misused, 3 done with rejects or conflicts, 4 differences found,",
      "5 refused by a guard of the store, 6 not ready, 130 interrupted.",
    ]
    return lines.joined(separator: "\n")
  }

  static func text(_ command: Command) -> String {
    var usage = "Usage: agora \(command.name)"
    for operand in command.operands {
      let name = operand.name + (operand.repeats ? "…" : "")
      usage += operand.isRequired ? " \(name)" : " [\(name)]"
    }
    if !command.allOptions.isEmpty { usage += " [OPTIONS]" }
    var lines = [command.summary, "", usage]
    if !command.discussion.isEmpty { lines += ["", command.discussion] }
    var entries = command.operands.map { ($0.name, $0.help) }
    if !entries.isEmpty {
      lines += ["", "Arguments:"]
      lines += columns(entries)
    }
    entries = command.allOptions.map { option in
      let letter = option.letter.map { "-\($0), " } ?? ""
      return (letter + "--\(option.name)" + (option.value.map { " \($0)" } ?? ""), option.help)
    }
    lines += ["", "Options:"]
    return (lines + columns(entries)).joined(separator: "\n")
  }

  private static func columns(_ entries: [(String, String)]) -> [String] {
    let width = min(26, entries.map(\.0.count).max() ?? 0)
    return entries.flatMap { name, help in
      let wrapped = wrap(help, to: 96 - width)
      let first =
        name.count > width
        ? ["  \(name)", "  \(padded("", width))  \(wrapped[0])"]
        : ["  \(padded(name, width))  \(wrapped[0])"]
      return first + wrapped.dropFirst().map { "  \(padded("", width))  \($0)" }
    }
  }

  private static func wrap(_ text: String, to width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
