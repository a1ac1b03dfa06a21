/// A place on the command line and what may stand there: behind `agora`, behind `agora rejects`, behind
/// `agora call agora.messaging.send`.
///
/// The scripts of all shells are written from these, and these from the commands.
struct CompletionPlace {
  /// The words that lead to it, joined with spaces; empty behind `agora`.
  let path: String
  /// Words that lead on, and what each is.
  var next: [(word: String, summary: String)] = []
  /// Options to offer.
  var options: [Command.Option] = []
  /// Options of the commands that begin here: known, and not offered before their command.
  var passing: [Command.Option] = []
  /// What an operand can be.
  var operand = Command.Completion.nothing

  /// All places of some commands.
  static func all(_ commands: [Command]) -> [CompletionPlace] {
    var places: [CompletionPlace] = [
      CompletionPlace(
        path: "",
        options: [
          .init(name: "version", help: "Prints the program's version."),
          .init(name: "help", letter: "h", help: "Lists the commands."),
        ])
    ]
    for command in commands {
      for count in 1..<max(1, command.words.count) {
        let path = command.words[..<count].joined(separator: " ")
        if !places.contains(where: { $0.path == path }) {
          places.append(CompletionPlace(path: path))
        }
      }
      places += Self.places(of: command)
    }
    for index in places.indices where places[index].isBranch(in: commands) {
      places[index].branch(to: commands)
    }
    return places
  }

  private static func places(of command: Command) -> [CompletionPlace] {
    var place = CompletionPlace(path: command.name, options: command.allOptions)
    place.operand =
      command.operands.map(\.completion).first { $0 != .nothing } ?? .nothing
    guard let refinement = command.refinement else { return [place] }
    place.next = refinement.choices()
    return [place]
      + place.next.flatMap { choice in
        (try? refinement.command(choice.word)).map { Self.places(of: $0) } ?? []
      }
  }

  /// Flags that take the next word as their value.
  var valued: [String] {
    (options + passing).filter { $0.value != nil }.flatMap(\.flags)
  }

  private var words: [String] { path.split(separator: " ").map(String.init) }

  /// Whether commands begin here and none ends.
  private func isBranch(in commands: [Command]) -> Bool {
    commands.contains { $0.words.count > words.count && $0.words.starts(with: words) }
  }

  private mutating func branch(to commands: [Command]) {
    let depth = words.count
    for command in commands where command.words.starts(with: words) && command.words.count > depth {
      let word = command.words[depth]
      let isGroup = command.words.count > depth + 1
      if !next.contains(where: { $0.word == word }) {
        let members = commands.filter { $0.words.starts(with: words + [word]) }
        next.append(
          (
            word,
            isGroup
              ? members.compactMap { $0.words.dropFirst(depth + 1).first }.joined(separator: ", ")
              : command.summary
          ))
      }
      // Options may stand before a command's words.
      for option in command.options where !passing.contains(where: { $0.name == option.name }) {
        passing.append(option)
      }
    }
    if depth == 0 { next.append(("help", "Lists the commands, or tells more about one.")) }
  }

  /// What the values of an option can be, for those where that is known.
  var values: [(option: Command.Option, completion: Command.Completion)] {
    (options + passing).map { ($0, $0.completion) }.filter { $0.1 != .nothing }
  }
}

extension Command.Option {
  /// The beginning of its help, for a list.
  var brief: String {
    var text = help
    for end in [". ", "; ", ": "] {
      guard let range = text.firstRange(of: end), end != ": " || text.count > 72 else { continue }
      text = String(text[..<range.lowerBound])
    }
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}
