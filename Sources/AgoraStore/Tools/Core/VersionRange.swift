/// Versions that somebody accepts: `1.0.0`, `^1.0`, `~1.2`, `>=1 <2`, `1.x`, `*`, and several of these
/// with `||` between them.
public struct VersionRange: Sendable, Hashable, CustomStringConvertible {
  /// A bound, the versions below it being those that a comparison with it tells apart.
  private struct Comparator: Sendable, Hashable {
    enum Relation: Sendable, Hashable { case less, atMost, equal, atLeast, greater }
    let relation: Relation
    let version: SemanticVersion

    func accepts(_ other: SemanticVersion) -> Bool {
      switch relation {
      case .less: other < version
      case .atMost: other <= version
      case .equal: other == version
      case .atLeast: other >= version
      case .greater: other > version
      }
    }
  }

  /// The range as it was written.
  public let description: String
  /// One of these has to hold, each as a whole.
  private let alternatives: [[Comparator]]

  private init(description: String, alternatives: [[Comparator]]) {
    self.description = description
    self.alternatives = alternatives
  }

  /// Reads a range.
  ///
  /// - Returns: nil when the text is none.
  public init?(_ text: String) {
    guard text.utf8.count <= 256 else { return nil }
    var alternatives: [[Comparator]] = []
    var rest = text[...]
    while true {
      var part = rest
      if let bar = rest.firstIndex(of: "|") {
        let next = rest.index(after: bar)
        guard next < rest.endIndex, rest[next] == "|" else { return nil }
        part = rest[..<bar]
        rest = rest[rest.index(after: next)...]
      } else {
        rest = rest[rest.endIndex...]
      }
      guard let comparators = Self.comparators(part) else { return nil }
      alternatives.append(comparators)
      if part.endIndex == text.endIndex { break }
    }
    self.init(description: text, alternatives: alternatives)
  }

  /// Whether a version is in the range.
  ///
  /// One that is not final is in it only when a bound names an unfinished version of the same numbers.
  public func contains(_ version: SemanticVersion) -> Bool {
    alternatives.contains { comparators in
      guard comparators.allSatisfy({ $0.accepts(version) }) else { return false }
      return version.prerelease.isEmpty
        || comparators.contains {
          !$0.version.prerelease.isEmpty && $0.version.major == version.major
            && $0.version.minor == version.minor && $0.version.patch == version.patch
        }
    }
  }

  /// The bounds that a part without `||` means, separated by spaces or commas; nil when it is none.
  private static func comparators(_ text: Substring) -> [Comparator]? {
    let words = text.split { $0 == " " || $0 == "," || $0 == "\t" }
    guard !words.isEmpty else { return nil }
    var comparators: [Comparator] = []
    var index = 0
    while index < words.count {
      var word = words[index]
      // An operator may stand apart from its version.
      if word.allSatisfy({ "<>=^~".contains($0) }), index + 1 < words.count {
        index += 1
        word += words[index]
      }
      guard let bounds = bounds(word) else { return nil }
      comparators += bounds
      index += 1
    }
    return comparators
  }

  private static func bounds(_ word: Substring) -> [Comparator]? {
    let sign = word.prefix { "<>=^~".contains($0) }
    guard let partial = Partial(word.dropFirst(sign.count)) else { return nil }
    let (low, above) = (partial.lowest, partial.above)
    let atLeast = Comparator(relation: .atLeast, version: low)
    func below(_ version: SemanticVersion) -> Comparator {
      // What is not final of the next version is not in a range below it either.
      Comparator(
        relation: .less,
        version: SemanticVersion(version.major, version.minor, version.patch, prerelease: ["0"]))
    }
    switch sign {
    case "", "=":
      guard let above else {
        return partial.isAny ? [] : [Comparator(relation: .equal, version: low)]
      }
      return [atLeast, below(above)]
    case ">=": return partial.isAny ? [] : [atLeast]
    case ">":
      if partial.isAny { return nil }
      guard let above else { return [Comparator(relation: .greater, version: low)] }
      return [Comparator(relation: .atLeast, version: above)]
    case "<":
      return partial.isAny
        ? nil : [above == nil ? .init(relation: .less, version: low) : below(low)]
    case "<=":
      if partial.isAny { return [] }
      guard let above else { return [Comparator(relation: .atMost, version: low)] }
      return [below(above)]
    case "^":
      guard let next = partial.nextIncompatible else { return [] }
      return [atLeast, below(next)]
    case "~":
      guard let next = partial.nextMinor else { return [] }
      return [atLeast, below(next)]
    default: return nil
    }
  }

  /// A version of which the last numbers may be missing, or be `x` or `*`.
  private struct Partial {
    var numbers: [Int] = []
    var prerelease: [String] = []

    init?(_ text: Substring) {
      if let whole = SemanticVersion(String(text)) {
        numbers = [whole.major, whole.minor, whole.patch]
        prerelease = whole.prerelease
        return
      }
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard (1...3).contains(parts.count) else { return nil }
      var isOpen = false
      for part in parts {
        if part == "x" || part == "X" || part == "*" {
          isOpen = true
        } else {
          guard !isOpen, let number = SemanticVersion.number(part) else { return nil }
          numbers.append(number)
        }
      }
    }

    var isAny: Bool { numbers.isEmpty }

    private func number(_ index: Int) -> Int { index < numbers.count ? numbers[index] : 0 }

    var lowest: SemanticVersion {
      SemanticVersion(number(0), number(1), number(2), prerelease: prerelease)
    }

    /// The first version above all that begin with these numbers; nil for a whole version and for any.
    var above: SemanticVersion? {
      switch numbers.count {
      case 1: SemanticVersion(number(0) + 1, 0, 0)
      case 2: SemanticVersion(number(0), number(1) + 1, 0)
      default: nil
      }
    }

    var nextMinor: SemanticVersion? {
      switch numbers.count {
      case 0: nil
      case 1: SemanticVersion(number(0) + 1, 0, 0)
      default: SemanticVersion(number(0), number(1) + 1, 0)
      }
    }

    /// The first version that may break what worked: the first number that is not zero goes up.
    var nextIncompatible: SemanticVersion? {
      switch numbers.count {
      case 0: nil
      case _ where number(0) > 0 || numbers.count == 1: SemanticVersion(number(0) + 1, 0, 0)
      case _ where number(1) > 0 || numbers.count == 2: SemanticVersion(0, number(1) + 1, 0)
      default: SemanticVersion(0, 0, number(2) + 1)
      }
    }
  }
}
