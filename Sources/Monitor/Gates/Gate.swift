package import AgoraStore

/// Something that has to be so before v4 is switched off.
public struct Gate: Sendable, Equatable {
  /// A stable word for it.
  public let name: String
  /// What it asks for, in a few words.
  public let title: String
  /// Whether it is so.
  public let passed: Bool
  /// Why, in a sentence without a full stop.
  public let reason: String
  /// The command that goes on from here; nil where there is nothing to do.
  public let remedy: String?

  /// The same with a command that finds the store.
  func at(_ store: String) -> Gate {
    Gate(
      name: name, title: title, passed: passed, reason: reason,
      remedy: remedy.map { Words.command($0, at: store) })
  }

  package var json: JSON {
    .object([
      .init("name", .string(name)), .init("passed", .bool(passed)),
      .init("reason", .string(reason)), .init("remedy", .optional(remedy)),
      .init("title", .string(title)),
    ])
  }
}

/// Counts with their nouns.
enum Words {
  /// `1 agent`, `3 agents`.
  static func count(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(number) \(number == 1 ? noun : plural ?? noun + "s")"
  }

  /// A command that works on a store, also where that is not the one which is meant without a word.
  static func command(_ command: String, at store: String) -> String {
    store == usualStore || command.hasSuffix(" --help")
      ? command : "\(command) --store \(ShellWords.quoted(store))"
  }

  private static let usualStore = "agora.db"

  /// An agent as a word of a command line: its name, or its id where a name would not arrive as it is.
  static func agent(_ agent: AgentStanding) -> String {
    let isSafe = agent.name.first.map { $0 != "-" } ?? false
    let isVisible = TextTable.visible(agent.name) == agent.name
    return ShellWords.quoted(isSafe && isVisible ? agent.name : agent.id)
  }

  /// The first of some names, and how many more there are.
  ///
  /// - Parameters:
  ///   - number: how many there are in all, where `names` are only the first of them.
  static func names(
    _ names: some Collection<String>, most: Int = 3, of number: Int? = nil
  ) -> String {
    let shown = names.prefix(most).map { TextTable.visible(String($0.prefix(60))) }
      .joined(separator: ", ")
    let more = (number ?? names.count) - most
    return more > 0 ? shown + " and \(more) more" : shown
  }
}
