import AgoraStore

/// The look-ups of a translation in a store; the first error is kept, and the plan is not used then.
final class StoreLookups: LegacyLookups {
  private let ids: LegacyIDs
  private(set) var error: (any Error)?

  init(_ connection: Connection) { ids = LegacyIDs(connection) }

  private func find<Value>(_ body: () throws -> Value?) -> Value? {
    do { return try body() } catch {
      self.error = self.error ?? error
      return nil
    }
  }

  func task(_ id: String) -> LegacyTaskStanding? {
    find {
      guard let known = try ids.task(id), let standing = try ids.standing(ofTask: known) else {
        return nil
      }
      return LegacyTaskStanding(id: known, status: standing.status, hasAgent: standing.hasAgent)
    }
  }

  func workflow(_ id: String) -> String? { find { try ids.workflow(id) } }
  func isSent(_ id: String) -> Bool { find { try ids.message(id) } != nil }
  func isReported(_ id: String) -> Bool { find { try ids.made(.event, id) } != nil }
}
