/// The words of a command line, taken apart as clap does: options may stand anywhere before `--`.
struct Options {
  /// The words that are no options.
  private(set) var words: [String] = []
  private var values: [String: String] = [:]
  /// What is wrong with them, in clap's words.
  private(set) var fault: String?

  /// Options that every command takes; none of the files that they name has anything to say here.
  static let everywhere = ["root-dir": "root-dir", "config-path": "config-path"]

  /// - Parameters:
  ///   - valued: options that take a value, as letter or name without dashes.
  ///   - switches: options without one.
  ///   - stopsAt: after so many words an option that nobody knows is a word: a reducer's argument.
  init(
    _ arguments: [String], valued: [String: String] = [:], switches: [String: String] = [:],
    stopsAt limit: Int = .max
  ) {
    let valued = valued.merging(Self.everywhere) { own, _ in own }
    var rest = arguments[...]
    while let word = rest.popFirst() {
      if word == "--" {
        words += rest
        return
      }
      if word.hasPrefix("--") {
        let parts = word.dropFirst(2).split(
          separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let (name, value) = (String(parts[0]), parts.count == 2 ? String(parts[1]) : nil)
        if name.count > 1, let key = switches[name] {
          if let value {
            report("unexpected value '\(value)' for '--\(name)' found; no more were expected")
          }
          values[key] = ""
        } else if name.count > 1, let key = valued[name] {
          take(value ?? rest.popFirst(), for: key, valued)
        } else {
          takeUnknown(word, named: "--\(name)", limit)
        }
      } else if word.hasPrefix("-"), word != "-" {
        takeLetters(word, &rest, valued, switches, limit)
      } else {
        words.append(word)
      }
    }
  }

  /// Takes options of one letter, which may stand together, the last one with its value.
  private mutating func takeLetters(
    _ word: String, _ rest: inout ArraySlice<String>, _ valued: [String: String],
    _ switches: [String: String], _ limit: Int
  ) {
    // Options have no spaces: a text of an agent's that begins with a dash is a text.
    if words.count >= limit, word.contains(where: \.isWhitespace) { return words.append(word) }
    var letters = word.dropFirst()
    while let letter = letters.popFirst() {
      let name = String(letter)
      if let key = switches[name] {
        values[key] = ""
      } else if let key = valued[name] {
        let value = letters.first == "=" ? letters.dropFirst() : letters
        take(value.isEmpty ? rest.popFirst() : String(value), for: key, valued)
        return
      } else {
        return takeUnknown(word, named: "-\(name)", limit)
      }
    }
  }

  private mutating func take(_ value: String?, for key: String, _ valued: [String: String]) {
    if let value {
      values[key] = value
      return
    }
    let name = valued.keys.sorted().first { $0.count > 1 && valued[$0] == key } ?? key
    let place = String(name.uppercased().map { $0 == "-" ? "_" : $0 })
    report("a value is required for '--\(name) <\(place)>' but none was supplied")
  }

  private mutating func takeUnknown(_ word: String, named name: String, _ limit: Int) {
    guard words.count < limit else { return words.append(word) }
    report("unexpected argument '\(name)' found")
  }

  private mutating func report(_ text: String) { fault = fault ?? text }

  /// What is wrong where there are more words than are due.
  func surplus(beyond count: Int) -> String? {
    words.count > count ? "unexpected argument '\(words[count])' found" : nil
  }

  func has(_ name: String) -> Bool { values[name] != nil }
  func value(_ name: String) -> String? { values[name] }
}
