/// The databases of the v4 and v3 deployments whose calls are answered here; a call to any other one
/// is somebody else's and is passed to the real `spacetime`.
package enum LegacyDatabase: String, Sendable, CaseIterable {
  case marketplace = "agora-marketplace"
  /// v4 before the rename.
  case coordination = "agent-coordination-v2"
  /// v3, whose tables and reducers v4 agents kept using.
  case overseer = "overseer-system"
  case agentSystem = "mcp-agent-system"
}
