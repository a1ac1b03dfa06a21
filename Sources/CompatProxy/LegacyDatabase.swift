import AgoraStore

/// The databases of the v4 and v3 deployments whose calls are answered here; a call to any other one
/// is somebody else's and is passed to the real `spacetime`.
package enum LegacyDatabase: String, Sendable, CaseIterable {
  case marketplace = "agora-marketplace"
  /// v4 before the rename.
  case coordination = "agent-coordination-v2"
  /// v3, whose tables and reducers v4 agents kept using.
  case overseer = "overseer-system"
  case agentSystem = "mcp-agent-system"

  /// Finds a database by its name or its identity, with or without `0x`.
  package init?(named text: String) {
    if let known = LegacyDatabase(rawValue: text) {
      self = known
      return
    }
    let plain = text.hasPrefix("0x") ? String(text.dropFirst(2)) : text
    guard let known = Self.allCases.first(where: { Self.identity(of: $0.rawValue) == plain })
    else { return nil }
    self = known
  }

  /// The identity that a database is known by: `c200` and 60 hex digits, always the same for a name.
  package static func identity(of name: String) -> String {
    "c200" + String((hex("identity 1 \(name)") + hex("identity 2 \(name)")).prefix(60))
  }

  /// The address by which SpacetimeDB 0.6 to 0.8 knew a database: 32 hex digits.
  package var address: String { String(Self.hex("address \(rawValue)").prefix(32)) }

  /// The identity of the local user.
  package static let owner = identity(of: "the local user")

  private static func hex(_ text: String) -> String {
    var hash = SHA1()
    hash.update(text)
    return String(decoding: hash.hex(), as: UTF8.self)
  }
}
