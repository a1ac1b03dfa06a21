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

  /// A word of a command line, quoted where a shell would not take it as one word.
  static func shell(_ word: String) -> String {
    let isPlain =
      !word.isEmpty && word.first != "-"
      && word.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
            || "._-@:/".unicodeScalars.contains(scalar))
      }
    if isPlain { return word }
    return "'"
      + TextTable.visible(word).split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: #"'\''"#) + "'"
  }

  /// The first of some names, and how many more there are.
  static func names(_ names: [String], most: Int = 3) -> String {
    let shown = names.prefix(most).map { TextTable.visible(String($0.prefix(60))) }
      .joined(separator: ", ")
    return names.count > most ? shown + " and \(names.count - most) more" : shown
  }
}
