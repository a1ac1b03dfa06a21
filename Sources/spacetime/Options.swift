/// The words of a command line, taken apart: options may stand anywhere before `--`.
struct Options {
  /// The words that are no options.
  private(set) var words: [String] = []
  private var values: [String: String] = [:]
  /// An option that nobody knows.
  private(set) var unknown: String?

  /// - Parameters:
  ///   - valued: options that take a value, as letter or name without dashes.
  ///   - switches: options without one.
  ///   - stopsAt: after so many words everything is taken as it stands: a reducer's arguments.
  init(
    _ arguments: [String], valued: [String: String], switches: [String: String],
    stopsAt limit: Int = .max
  ) {
    var index = 0
    while index < arguments.count {
      let word = arguments[index]
      index += 1
      let name = String(word.drop { $0 == "-" }.prefix { $0 != "=" })
      guard word.hasPrefix("-"), word != "-", name != "" else {
        words.append(word)
        continue
      }
      if let key = switches[name], !word.contains("=") {
        values[key] = ""
      } else if let key = valued[name] {
        if let equals = word.firstIndex(of: "=") {
          values[key] = String(word[word.index(after: equals)...])
        } else if index < arguments.count {
          values[key] = arguments[index]
          index += 1
        } else {
          unknown = unknown ?? word
        }
      } else if words.count >= limit {
        words.append(word)
      } else {
        unknown = unknown ?? word
      }
      if word == "--" { break }
    }
  }

  func has(_ name: String) -> Bool { values[name] != nil }
  func value(_ name: String) -> String? { values[name] }
}
