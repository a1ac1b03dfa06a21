import AgoraStore

/// A command as a value: what is typed, what help shows and what runs all come from here.
struct Command: Sendable {
  /// The words that call it, such as `["rejects", "list"]`.
  let words: [String]
  /// One line for the list of commands.
  let summary: String
  /// What it takes besides options.
  var operands: [Operand] = []
  var options: [Option] = []
  /// Behind so many operands an option that is none of this command's is an operand too.
  var passesOptionsBehind: Int?
  /// Paragraphs and examples for the command's own help; lines that are indented stay as they are.
  var discussion: String = ""
  /// What its help says after the options.
  var closing: [String] = []
  /// What it becomes when its first operand says so, as `agora call` does with each tool.
  var refinement: Refinement?
  /// Does the work.
  let run: @Sendable (Invocation) throws -> ExitCode

  /// Commands that a first operand chooses among.
  struct Refinement: Sendable {
    /// The operands that there are, and what each does.
    let choices: @Sendable () -> [(word: String, summary: String)]
    /// The command that one of them makes; its words are this command's and the operand.
    let command: @Sendable (String) throws -> Command
  }

  /// What a shell may offer in some place.
  enum Completion: Sendable, Hashable {
    case nothing
    case files
    case words([String])

    /// What the name of a value says: `FILE` is a path, `v4|ndjson` one of two words.
    init(placeholder: String) {
      let words = placeholder.split(separator: "|").map(String.init)
      self =
        words.count > 1
        ? .words(words)
        : ["FILE", "PATH", "EXPORT", "DIR"].contains(placeholder) ? .files : .nothing
    }
  }

  /// Something that is named by its place.
  struct Operand: Sendable {
    let name: String
    let help: String
    var isRequired = true
    var repeats = false
    /// The words that it can be, where its name does not say them.
    var choices: [String] = []

    var completion: Completion {
      choices.isEmpty ? Completion(placeholder: name) : .words(choices)
    }
  }

  /// Something that is named by a flag.
  struct Option: Sendable {
    /// How a flag and what stands behind it belong together.
    enum Form: Sendable {
      /// There is no value.
      case flag
      /// There is no value, or `true` or `false`.
      case yesOrNo
      /// There is a value, which is not empty.
      case value
      /// There is a value, which may be empty.
      case text
    }

    /// The flag without its dashes.
    let name: String
    /// A single letter for it.
    var letter: Character?
    /// What the value is called in help; nil for a switch.
    var value: String?
    let help: String
    var repeats = false
    /// The words that the value can be, where its name does not say them.
    var choices: [String] = []
    /// Other spellings of the name.
    var synonyms: [String] = []
    /// Whether it is a parameter of a tool, which help shows apart.
    var isParameter = false
    /// What help lists below it: the members of an object.
    var members: [(String, String)] = []
    /// Whether a switch can also be given `true` or `false`.
    var isYesOrNo = false

    var form: Form {
      if value == nil { return isYesOrNo ? .yesOrNo : .flag }
      return isParameter ? .text : .value
    }

    var completion: Completion {
      if isYesOrNo { return .words(["true", "false"]) }
      return choices.isEmpty ? Completion(placeholder: value ?? "") : .words(choices)
    }

    /// All spellings of its flag.
    var flags: [String] { (letter.map { ["-\($0)"] } ?? []) + ["--\(name)"] }

    /// Whether a word of the command line, with or without a value after `=`, names this.
    func isNamed(by argument: String) -> Bool {
      let name = argument.split(separator: "=", maxSplits: 1).first ?? ""
      if let letter, name == "-\(letter)" { return true }
      guard name.hasPrefix("--") else { return false }
      return name.dropFirst(2) == self.name || synonyms.contains { name.dropFirst(2) == $0 }
    }
  }

  /// The words joined.
  var name: String { words.joined(separator: " ") }

  /// The options of every command, and `--store` where one is used.
  static let common = [
    Option(name: "json", help: "Prints one JSON document on standard output."),
    Option(name: "help", letter: "h", help: "Prints this help."),
  ]
  static let store = Option(
    name: "store", value: "PATH", help: "The store (default: AGORA_STORE, else agora.db).")

  static let exports = Operand(
    name: "EXPORT", help: "A file, or - for standard input; several are one export.", repeats: true)
  static let table = Option(
    name: "table", value: "NAME", help: "The table of rows that do not name theirs.")
  static let noProgress = Option(name: "no-progress", help: "Shows no progress line.")

  var allOptions: [Option] { options + Self.common }
}

/// A command line after reading: operands and options of one command.
struct Invocation {
  let command: Command
  let operands: [String]
  private let values: [String: [String]]

  init(command: Command, operands: [String], values: [String: [String]]) {
    self.command = command
    self.operands = operands
    self.values = values
  }

  /// Whether a switch was given.
  func has(_ name: String) -> Bool { values[name] != nil }
  /// The last value of an option.
  func value(_ name: String) -> String? { values[name]?.last }
  /// All values of an option.
  func values(_ name: String) -> [String] { values[name] ?? [] }

  /// The value of an option that is a number in a range.
  func number(_ name: String, in range: ClosedRange<Int>) throws -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw AgoraError(
        .misuse,
        "--\(name) takes a whole number from \(range.lowerBound) to \(range.upperBound), not \"\(text)\""
      )
    }
    return number
  }

  /// The value of an option that is one of some words.
  func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, _ type: Value.Type
  ) throws -> Value? where Value.RawValue == String {
    try value(name).map { try Self.choice($0, of: "--\(name)", type) }
  }

  /// One of some words.
  ///
  /// - Parameter place: the option or the command that takes it, for the error.
  static func choice<Value: RawRepresentable & CaseIterable>(
    _ text: String, of place: String, _ type: Value.Type
  ) throws -> Value where Value.RawValue == String {
    if let value = Value(rawValue: text) { return value }
    let words = Value.allCases.map(\.rawValue)
    let nearest = Suggestion.nearest(to: text, among: words).map { "; did you mean \($0)?" } ?? ""
    throw AgoraError(
      .misuse, "\(place) takes one of \(words.joined(separator: ", ")), not \"\(text)\"\(nearest)")
  }

  var wantsJSON: Bool { has("json") }

  /// The store's path.
  var storePath: String {
    value("store") ?? System.environment("AGORA_STORE") ?? "agora.db"
  }

  /// Opens the store that is there.
  func openStore() throws -> Store { try Store(path: storePath) }

  /// Prints a report: as JSON where that was asked for, else as text.
  func report(_ json: JSON, _ text: @autoclosure () -> String) throws {
    try Terminal.print(wantsJSON ? JSONWriter.pretty(json) : text())
  }

  /// Prints the report of something that is done and stays done, even if nobody takes the report.
  ///
  /// - Parameter outputs: the files that were written; where one of them was standard output, the report
  ///   goes to standard error.
  func reportDone(_ json: JSON, _ text: @autoclosure () -> String, besides outputs: [String?] = [])
  {
    guard !outputs.contains("-") else { return Terminal.say(text()) }
    do { try report(json, text()) } catch {
      Terminal.say("agora: done, but the report could not be printed: \(error)")
    }
  }
}
