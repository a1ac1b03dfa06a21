/// A version of a tool: three numbers and, for one that is not final, a word (https://semver.org).
public struct SemanticVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Changes when callers have to change.
  public let major: Int
  /// Changes when callers can do more.
  public let minor: Int
  /// Changes when nothing changes for callers.
  public let patch: Int
  /// What makes it earlier than the final version of the same numbers, such as `beta.1`; empty for a
  /// final one.
  public let prerelease: [String]

  /// Makes a version.
  public init(_ major: Int, _ minor: Int, _ patch: Int, prerelease: [String] = []) {
    self.major = major
    self.minor = minor
    self.patch = patch
    self.prerelease = prerelease
  }

  /// Reads `1.2.3`, `1.2.3-beta.1` and `1.2.3+build`; the build says nothing about order and is dropped.
  ///
  /// - Returns: nil when the text is no version.
  public init?(_ text: String) {
    let core = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    guard core.count == 1 || Self.areIdentifiers(core[1]) else { return nil }
    let parts = core[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts[0].split(separator: ".", omittingEmptySubsequences: false)
      .map { Self.number($0) }
    guard numbers.count == 3, let major = numbers[0], let minor = numbers[1],
      let patch = numbers[2]
    else { return nil }
    var words: [String] = []
    if parts.count == 2 {
      guard Self.areIdentifiers(parts[1]) else { return nil }
      words = parts[1].split(separator: ".").map(String.init)
      // semver.org §9: a numeric word has no leading zero.
      guard words.allSatisfy({ !Self.isNumeric($0) || $0 == "0" || !$0.hasPrefix("0") }) else {
        return nil
      }
    }
    self.init(major, minor, patch, prerelease: words)
  }

  /// A number of a version: digits without a leading zero, at most nine of them.
  static func number(_ text: Substring) -> Int? {
    guard (1...9).contains(text.utf8.count), isNumeric(text),
      text.utf8.count == 1 || text.utf8.first != 0x30
    else { return nil }
    return Int(text)
  }

  private static func isNumeric(_ text: some StringProtocol) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func areIdentifiers(_ text: Substring) -> Bool {
    text.utf8.count <= 64
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { word in
        !word.isEmpty
          && word.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
              || $0 == 0x2d
          }
      }
  }

  /// The version as it is written.
  public var description: String {
    let numbers = "\(major).\(minor).\(patch)"
    return prerelease.isEmpty ? numbers : numbers + "-" + prerelease.joined(separator: ".")
  }

  /// The earlier version is the smaller one (semver.org §11).
  public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
    let (a, b) = ([left.major, left.minor, left.patch], [right.major, right.minor, right.patch])
    if a != b { return a.lexicographicallyPrecedes(b) }
    if left.prerelease.isEmpty || right.prerelease.isEmpty {
      return !left.prerelease.isEmpty && right.prerelease.isEmpty
    }
    for (one, other) in zip(left.prerelease, right.prerelease) where one != other {
      switch (isNumeric(one), isNumeric(other)) {
      case (true, true):
        // Without leading zeros the longer number is the larger one, however long they are.
        return one.utf8.count == other.utf8.count ? one < other : one.utf8.count < other.utf8.count
      case (true, false): return true
      case (false, true): return false
      case (false, false): return one.exact.lexicographicallyPrecedes(other.exact)
      }
    }
    return left.prerelease.count < right.prerelease.count
  }
}
