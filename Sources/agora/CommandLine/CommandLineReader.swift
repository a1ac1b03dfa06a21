import AgoraStore

/// Reads a command line against the commands there are.
struct CommandLineReader {
  let commands: [Command]

  /// What a command line asks for.
  enum Request {
    case run(Invocation)
    /// Help for one command, or for all.
    case help(Command?)
    case version
  }

  /// - Throws: ``AgoraError`` `misuse` with the nearest word for a mistyped one.
  func read(_ arguments: [String]) throws -> Request {
    guard let first = arguments.first else { return .help(nil) }
    if ["--help", "-h", "help"].contains(first) {
      let named = Array(arguments.dropFirst())
      return .help(named.isEmpty ? nil : try command(named).command)
    }
    if first == "--version" { return .version }
    let asked = arguments.prefix { $0 != "--" }
    if asked.contains("--help") || asked.contains("-h") {
      // Help for a group such as `rejects` is the list of all commands.
      let isGroup = commands.contains { $0.words.first == first && $0.words.count > 1 }
      return .help(isGroup ? try? command(arguments).command : try command(arguments).command)
    }
    let (command, rest) = try self.command(arguments)
    return .run(try invocation(of: command, rest))
  }

  private func command(_ arguments: [String]) throws -> (command: Command, rest: [String]) {
    var index = 0
    var words: [String] = []
    var rest: [String] = []
    // Options may stand before and between a command's words.
    while index < arguments.count {
      let argument = arguments[index]
      if argument.hasPrefix("-"), argument != "-" {
        let takesValue =
          !argument.contains("=")
          && commands.contains { command in
            command.allOptions.contains { option(argument, names: $0) && $0.value != nil }
          }
        rest.append(argument)
        if takesValue, index + 1 < arguments.count {
          index += 1
          rest.append(arguments[index])
        }
      } else if commands.contains(where: { $0.words.starts(with: words + [argument]) }) {
        words.append(argument)
      } else {
        break
      }
      index += 1
    }
    rest += arguments[index...]
    if let command = commands.first(where: { $0.words == words }) { return (command, rest) }
    throw unknown(words, index < arguments.count ? arguments[index] : nil)
  }

  private func unknown(_ words: [String], _ next: String?) -> AgoraError {
    let group = words.joined(separator: " ")
    let followers = commands.filter { $0.words.starts(with: words) && $0.words.count > words.count }
      .map { $0.words[words.count] }
    let list = followers.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    guard let next else {
      return AgoraError(
        .misuse,
        group.isEmpty
          ? "no command" : "agora \(group) needs one of: \(list.joined(separator: ", "))",
        remedy: "agora --help lists the commands.")
    }
    let typed = (words + [next]).joined(separator: " ")
    let nearest = Suggestion.nearest(to: next, among: list)
    return AgoraError(
      .misuse, "there is no command \"agora \(typed)\"",
      remedy: nearest.map { "Did you mean: agora \((words + [$0]).joined(separator: " "))" }
        ?? "agora --help lists the commands.")
  }

  private func option(_ argument: String, names option: Command.Option) -> Bool {
    let name = argument.split(separator: "=", maxSplits: 1)[0]
    return name == "--\(option.name)" || option.letter.map { name == "-\($0)" } ?? false
  }

  private func invocation(of command: Command, _ arguments: [String]) throws -> Invocation {
    var operands: [String] = []
    var values: [String: [String]] = [:]
    var index = 0
    while index < arguments.count {
      let argument = arguments[index]
      index += 1
      if argument == "--" {
        operands += arguments[index...]
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        operands.append(argument)
        continue
      }
      guard let option = command.allOptions.first(where: { self.option(argument, names: $0) })
      else {
        throw unknownOption(argument, command)
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard option.value != nil else {
        guard parts.count == 1 else {
          throw AgoraError(.misuse, "--\(option.name) is a switch and takes no value")
        }
        values[option.name, default: []].append("")
        continue
      }
      if parts.count == 2 {
        values[option.name, default: []].append(String(parts[1]))
      } else {
        guard index < arguments.count else {
          throw AgoraError(
            .misuse, "--\(option.name) needs a value (\(option.value ?? ""))",
            remedy: "agora \(command.name) --help tells more.")
        }
        values[option.name, default: []].append(arguments[index])
        index += 1
      }
      guard values[option.name]?.last?.isEmpty == false else {
        throw AgoraError(.misuse, "--\(option.name) needs a value (\(option.value ?? ""))")
      }
      if !option.repeats, values[option.name, default: []].count > 1 {
        throw AgoraError(.misuse, "--\(option.name) was given twice")
      }
    }
    try check(operands, of: command)
    return Invocation(command: command, operands: operands, values: values)
  }

  private func unknownOption(_ argument: String, _ command: Command) -> AgoraError {
    let name = String(argument.split(separator: "=", maxSplits: 1)[0])
    let names = command.allOptions.map { "--\($0.name)" }
    let nearest = Suggestion.nearest(to: name, among: names)
    return AgoraError(
      .misuse, "agora \(command.name) has no option \(name)",
      remedy: nearest.map { "Did you mean \($0)?" } ?? "agora \(command.name) --help lists them.")
  }

  private func check(_ operands: [String], of command: Command) throws {
    let required = command.operands.filter(\.isRequired)
    if operands.count < required.count {
      throw AgoraError(
        .misuse, "agora \(command.name) needs \(required[operands.count].name)",
        remedy: "agora \(command.name) --help tells more.")
    }
    if operands.count > command.operands.count, !command.operands.contains(where: \.repeats) {
      throw AgoraError(
        .misuse, "agora \(command.name) does not take \"\(operands[command.operands.count])\"",
        remedy: "agora \(command.name) --help tells more.")
    }
  }
}
