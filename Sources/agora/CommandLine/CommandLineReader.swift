import AgoraStore

/// Reads a command line against the commands there are.
struct CommandLineReader {
  let commands: [Command]

  /// What a command line asks for.
  enum Request {
    case run(Invocation)
    /// Help for one command, or for all.
    case help(Command?)
    /// Help for the commands that begin with some words.
    case helpForGroup([String], [Command])
    case version
  }

  /// - Throws: ``AgoraError`` `misuse` with the nearest word for a mistyped one.
  func read(_ arguments: [String]) throws -> Request {
    guard let first = arguments.first else { return .help(nil) }
    if ["--help", "-h", "help"].contains(first) {
      let named = Array(arguments.dropFirst())
      if named.isEmpty { return .help(nil) }
      return try group(named).map { .helpForGroup(named, $0) } ?? .help(command(named).command)
    }
    if first == "--version" { return .version }
    if arguments.contains("--help") || arguments.contains("-h") {
      let words = Array(arguments.prefix { !$0.hasPrefix("-") })
      if let group = group(words) { return .helpForGroup(words, group) }
    }
    let (command, rest) = try self.command(arguments)
    return try request(of: command, rest)
  }

  /// The commands that begin with some words and go on; nil where there are none, or the words are a
  /// command.
  private func group(_ words: [String]) -> [Command]? {
    let members = commands.filter { $0.words.starts(with: words) }
    guard !words.isEmpty, !members.isEmpty, !members.contains(where: { $0.words == words }) else {
      return nil
    }
    return members
  }

  /// Whether a command line names a command, whatever else is wrong with it.
  func means(_ words: [String], _ arguments: [String]) -> Bool {
    (try? named(arguments))?.command.words == words
  }

  private func command(_ arguments: [String]) throws -> (command: Command, rest: [String]) {
    let (command, rest) = try named(arguments)
    return try refined(command, rest)
  }

  /// The command that the words of a command line name, and what else it has.
  private func named(_ arguments: [String]) throws -> (command: Command, rest: [String]) {
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
            command.allOptions.contains { $0.value != nil && $0.isNamed(by: argument) }
          }
        if !commands.contains(where: { $0.words == words }), !isKnown(argument) {
          throw unknownFlag(argument, words)
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

  /// The command that the first operand makes of one, and the words besides that operand.
  private func refined(
    _ command: Command, _ arguments: [String]
  ) throws -> (command: Command, rest: [String]) {
    guard let refinement = command.refinement else { return (command, arguments) }
    for token in tokens(arguments, of: command) {
      switch token.content {
      case .operand(let operand):
        var rest = arguments
        rest.remove(at: token.index)
        return (try refinement.command(operand), rest)
      case .unknown(let name):
        let operand = command.operands.first?.name ?? "NAME"
        throw unknownOption(
          name, command,
          remedy:
            "Name the \(operand.lowercased()) first: agora \(command.name) \(operand) \(name) …")
      default: continue
      }
    }
    return (command, arguments)
  }

  private func isKnown(_ flag: String) -> Bool {
    commands.contains { $0.allOptions.contains { $0.isNamed(by: flag) } }
  }

  /// The failure of a flag before a command's words that is none of any command's.
  private func unknownFlag(_ argument: String, _ words: [String]) -> AgoraError {
    let flag = String(argument.split(separator: "=", maxSplits: 1).first ?? "")
    var known = ["--version"]
    for command in commands where command.words.starts(with: words) {
      for option in command.allOptions where !known.contains("--" + option.name) {
        known.append("--" + option.name)
      }
    }
    let nearest =
      ["-v", "-V"].contains(flag) ? "--version" : Suggestion.nearest(to: flag, among: known)
    return AgoraError(
      .misuse, "\((["agora"] + words).joined(separator: " ")) has no option \(flag)",
      remedy: nearest.map { "Did you mean \($0)?" } ?? "agora --help lists the commands.")
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

  /// A word of the command line, or two that belong together.
  private struct Token {
    enum Content {
      case operand(String)
      case option(Command.Option, value: String?)
      case unknown(String)
      /// An option without the value that it needs; the next word is an option itself, or there is none.
      case incomplete(Command.Option, next: String?)
      case superfluousValue(Command.Option)
    }

    let content: Content
    /// The place of its first word.
    let index: Int
  }

  private func tokens(_ arguments: [String], of command: Command) -> [Token] {
    var tokens: [Token] = []
    var operands = 0
    var index = 0
    while index < arguments.count {
      let start = index
      let argument = arguments[index]
      index += 1
      if argument == "--" {
        tokens += (index..<arguments.count).map {
          Token(content: .operand(arguments[$0]), index: $0)
        }
        break
      }
      guard argument.hasPrefix("-"), argument != "-" else {
        operands += 1
        tokens.append(Token(content: .operand(argument), index: start))
        continue
      }
      guard let option = command.allOptions.first(where: { $0.isNamed(by: argument) }) else {
        let isOperand = command.passesOptionsBehind.map { operands >= $0 } == true
        if isOperand { operands += 1 }
        tokens.append(
          Token(content: isOperand ? .operand(argument) : .unknown(argument), index: start))
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let content: Token.Content
      switch option.form {
      case .flag:
        content = parts.count == 1 ? .option(option, value: nil) : .superfluousValue(option)
      case .yesOrNo:
        if parts.count == 2 {
          content = .option(option, value: String(parts[1]))
        } else if index < arguments.count, ["true", "false"].contains(arguments[index]) {
          content = .option(option, value: arguments[index])
          index += 1
        } else {
          content = .option(option, value: "true")
        }
      case .value, .text:
        if parts.count == 2 {
          content = .option(option, value: String(parts[1]))
        } else if index == arguments.count {
          content = .incomplete(option, next: nil)
        } else if command.allOptions.contains(where: { $0.isNamed(by: arguments[index]) }) {
          // Rather a forgotten value than one that looks like a flag.
          content = .incomplete(option, next: arguments[index])
          index += 1
        } else {
          content = .option(option, value: arguments[index])
          index += 1
        }
      }
      tokens.append(Token(content: content, index: start))
    }
    return tokens
  }

  private func request(of command: Command, _ arguments: [String]) throws -> Request {
    var operands: [String] = []
    var values: [String: [String]] = [:]
    let tokens = tokens(arguments, of: command)
    // Whoever asks for help gets it, whatever else is wrong with the line.
    for case .option(let option, _) in tokens.map(\.content) where option.name == "help" {
      return .help(command)
    }
    for token in tokens {
      switch token.content {
      case .operand(let text): operands.append(text)
      case .unknown(let name): throw unknownOption(name, command)
      case .superfluousValue(let option):
        throw AgoraError(.misuse, "--\(option.name) is a switch and takes no value")
      case .incomplete(let option, let next):
        let behind = next.map { ", and \($0) is an option" } ?? ""
        throw AgoraError(
          .misuse, "--\(option.name) needs a value (\(option.value ?? ""))\(behind)",
          remedy: next.map { "If that is the value, write --\(option.name)=\($0)" }
            ?? "agora \(command.name) --help tells more.")
      case .option(let option, let value):
        if option.form == .value, value?.isEmpty != false {
          throw AgoraError(.misuse, "--\(option.name) needs a value (\(option.value ?? ""))")
        }
        values[option.name, default: []].append(value ?? "")
        if !option.repeats, option.form != .flag, values[option.name, default: []].count > 1 {
          throw AgoraError(.misuse, "--\(option.name) was given twice")
        }
      }
    }
    try check(operands, of: command)
    return .run(Invocation(command: command, operands: operands, values: values))
  }

  private func unknownOption(
    _ argument: String, _ command: Command, remedy: String? = nil
  ) -> AgoraError {
    let name = String(argument.split(separator: "=", maxSplits: 1).first ?? "")
    let names = command.allOptions.map { "--\($0.name)" }
    let nearest = Suggestion.nearest(to: name, among: names)
    return AgoraError(
      .misuse, "agora \(command.name) has no option \(name)",
      remedy: nearest.map { "Did you mean \($0)?" } ?? remedy
        ?? "agora \(command.name) --help lists them.")
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
        remedy:
          "Words that belong together need quotes around them; agora \(command.name) --help tells more."
      )
    }
  }
}
