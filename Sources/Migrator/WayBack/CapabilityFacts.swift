import AgoraStore

/// What an agent's metadata say of its capabilities, taken apart once for all of them.
struct CapabilityFacts {
  private let levels: [[UInt8]: JSON]
  private let rows: [[UInt8]: JSON]
  private let commonLevel: JSON?

  init(_ agent: Record) {
    let text = agent.string(8) ?? "{}"
    let metadata = text == "{}" ? nil : try? JSON.parse(text)
    levels = Self.members(metadata?["proficiency"])
    rows = Self.members(metadata?["capability_rows"])
    commonLevel = metadata?["proficiency_level"]
  }

  private static func members(_ object: JSON?) -> [[UInt8]: JSON] {
    Dictionary(
      (object?.members ?? []).map { ($0.name.exact, $0.value) },
      uniquingKeysWith: { first, _ in first })
  }

  /// How good the agent is at a capability; nil where nobody has said so.
  func level(of capability: String) -> Int? {
    (levels[capability.exact] ?? commonLevel)?.integer
  }

  /// Whether it is said of this capability how good the agent is at it.
  func isRated(_ capability: String) -> Bool { levels[capability.exact] != nil }

  /// What else a call of v4 has said of a capability.
  func said(of capability: String) -> JSON? { rows[capability.exact] }
}
