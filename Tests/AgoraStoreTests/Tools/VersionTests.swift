import AgoraStore
import Testing

@Suite struct VersionTests {
  @Test func `versions are read, written and ordered as semver org says`() {
    let ordered = [
      "0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
      "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0",
    ]
    let versions = ordered.compactMap { SemanticVersion($0) }
    #expect(versions.map(\.description) == ordered)
    for (index, version) in versions.enumerated() {
      for (other, second) in versions.enumerated() {
        #expect((version < second) == (index < other), "\(version) and \(second)")
      }
    }
    for text in [
      "", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.x", "v1.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b",
      "1.0.0+", "-1.0.0", "1.0.0 ", "9999999999.0.0", "1.0.0-é",
    ] {
      #expect(SemanticVersion(text) == nil, "\(text)")
    }
    #expect(SemanticVersion("1.2.3+build.5") == SemanticVersion(1, 2, 3))
  }

  static let ranges: [(range: String, inside: [String], outside: [String])] = [
    ("1.0.0", ["1.0.0"], ["1.0.1", "0.9.9", "1.0.0-beta"]),
    ("=1.0.0", ["1.0.0"], ["1.0.1"]),
    ("*", ["0.0.1", "9.9.9"], ["1.0.0-beta"]),
    ("1", ["1.0.0", "1.9.9"], ["2.0.0", "0.9.9", "2.0.0-alpha"]),
    ("1.x", ["1.0.0", "1.9.9"], ["2.0.0"]), ("1.2.*", ["1.2.0", "1.2.9"], ["1.3.0"]),
    ("^1.0", ["1.0.0", "1.9.9"], ["2.0.0", "2.0.0-rc.1"]),
    ("^1.2.3", ["1.2.3", "1.9.0"], ["1.2.2", "2.0.0"]),
    ("^0.2.3", ["0.2.3", "0.2.9"], ["0.3.0"]), ("^0.0.3", ["0.0.3"], ["0.0.4"]),
    ("^0", ["0.0.1", "0.9.9"], ["1.0.0"]), ("^0.0", ["0.0.9"], ["0.1.0"]),
    ("~1.2", ["1.2.0", "1.2.9"], ["1.3.0"]), ("~1.2.3", ["1.2.3"], ["1.2.2", "1.3.0"]),
    ("~1", ["1.0.0", "1.9.0"], ["2.0.0"]),
    (">=1 <2", ["1.0.0", "1.9.9"], ["2.0.0", "0.1.0"]),
    (">=1.0.0,<2.0.0", ["1.5.0"], ["2.0.0"]), (">= 1.5", ["1.5.0", "2.0.0"], ["1.4.9"]),
    (">1", ["2.0.0"], ["1.0.0", "1.9.9"]), (">1.0.0", ["1.0.1"], ["1.0.0"]),
    ("<=1", ["1.9.9", "0.1.0"], ["2.0.0"]), ("<1.2", ["1.1.9"], ["1.2.0"]),
    ("1.0.0 || ^3", ["1.0.0", "3.1.0"], ["2.0.0", "1.0.1"]),
    (">=1.0.0-beta.1 <2", ["1.0.0-beta.2", "1.0.0", "1.5.0"], ["1.0.0-alpha", "1.5.0-beta"]),
    ("1.0.0-beta", ["1.0.0-beta"], ["1.0.0"]),
  ]

  @Test func `a range holds what it says and nothing else`() {
    for (text, inside, outside) in Self.ranges {
      guard let range = VersionRange(text) else {
        Issue.record("\(text) was not read")
        continue
      }
      for version in inside + outside {
        let holds = SemanticVersion(version).map(range.contains)
        #expect(holds == inside.contains(version), "\(version) in \(text)")
      }
    }
    for text in ["", " ", "a", "1.0.0.0", "^", "><1", "1.x.1", "1 |", "1 | 2", "1 ||", "||", "<*"] {
      #expect(VersionRange(text) == nil, "\(text)")
    }
  }
}
