/// Writes help from the commands' own declarations.
enum Help {
  static func overview(_ commands: [Command]) -> String {
    let lines =
      ["agora: the way from Agora v4 to v5", "", "Usage: agora COMMAND [OPTIONS] …", ""]
      + Layout.columns(commands.map { ($0.name, $0.summary) }) + [""]
      + Layout.paragraphs(
        """
        agora COMMAND --help tells more about one; agora --version says which agora this is.

        Exit codes: 0 done, 1 failed, 2 misused, 3 done with rejects or conflicts, 4 differences found, 5 refused by a guard of the store, 6 not ready, 130 interrupted, 141 nobody read the output.
        """)
    return lines.joined(separator: "\n")
  }

  /// The commands that begin with some words.
  static func group(_ words: [String], _ commands: [Command]) -> String {
    let name = words.joined(separator: " ")
    let lines =
      ["Usage: agora \(name) COMMAND [OPTIONS] …", ""]
      + Layout.columns(commands.map { ($0.name, $0.summary) })
      + ["", "agora \(name) COMMAND --help tells more about one."]
    return lines.joined(separator: "\n")
  }

  static func text(_ command: Command) -> String {
    var usage = "Usage: agora \(command.name)"
    for operand in command.operands {
      let name = operand.name + (operand.repeats ? "…" : "")
      usage += operand.isRequired ? " \(name)" : " [\(name)]"
    }
    if !command.allOptions.isEmpty { usage += " [OPTIONS]" }
    var lines = Layout.paragraphs(command.summary) + ["", usage]
    if !command.discussion.isEmpty { lines += [""] + Layout.paragraphs(command.discussion) }
    lines += section("Arguments", command.operands.map { ($0.name, $0.help) })
    let options = command.allOptions
    lines += section("Parameters", options.filter(\.isParameter).flatMap(entries))
    lines += section("Options", options.filter { !$0.isParameter }.flatMap(entries))
    return (lines + command.closing).joined(separator: "\n")
  }

  /// A headed list; nothing where there are no entries.
  static func section(_ head: String, _ entries: [(String, String)]) -> [String] {
    entries.isEmpty ? [] : ["", head + ":"] + Layout.columns(entries)
  }

  private static func entries(_ option: Command.Option) -> [(String, String)] {
    let letter = option.letter.map { "-\($0), " } ?? ""
    let value = option.value.map { " \($0)" } ?? (option.isYesOrNo ? "[=false]" : "")
    return [(letter + "--\(option.name)" + value, option.help)]
      + option.members.map { ("  " + $0.0, $0.1) }
  }
}
