import AgoraStore

/// A reducer of v4: the shapes in which agents call it, and what each is on v5.
package struct Reducer: Sendable {
  /// The name.
  package let name: String
  /// The shapes; the first is the module's own.
  let shapes: [CallShape]
  /// What a caller of v5 calls instead.
  package let replacement: String
  let plan: @Sendable (BoundCall, any LegacyLookups) throws(Refusal) -> Plan
  /// Why each call of it is refused; nil for a reducer that does something.
  private(set) var withdrawal: Refusal?

  init(
    _ name: String, shapes: [CallShape], replacement: String,
    plan: @escaping @Sendable (BoundCall, any LegacyLookups) throws(Refusal) -> Plan
  ) {
    self.name = name
    self.shapes = shapes
    self.replacement = replacement
    self.plan = plan
  }

  /// A reducer that has no meaning on v5.
  ///
  /// - Parameter instead: what to do instead, as a part of a sentence.
  init(withdrawn name: String, shapes: [CallShape], replacement: String, instead: String) {
    let refusal = Refusal.withdrawn(name, instead: instead)
    self.init(name, shapes: shapes, replacement: replacement) { _, _ throws(Refusal) in
      throw refusal
    }
    withdrawal = refusal
  }

  /// The signature as SpacetimeDB's command line prints it.
  package var signature: String {
    let parameters = shapes[0].parameters.map { "\($0.name): \($0.type.name)" }
    return "\(name)(\(parameters.joined(separator: ", ")))"
  }

  /// The refusal of arguments, in SpacetimeDB's words.
  func invalid(_ reason: String, at place: ArgumentText.Place) -> Refusal {
    Refusal(
      .invalidArguments(signature: signature), "invalid_arguments",
      "invalid arguments for reducer \(name): \(reason) at line \(place.line) column \(place.column)"
    )
  }

  /// The shapes for the matrix: the name and the parameters of each.
  package var matrix: [(shape: String, arguments: String)] {
    shapes.map { shape in
      let words = shape.parameters.map { $0.isRequired ? $0.name : "[\($0.name)]" }
      return (
        shape.id, (shape.isPositional ? "" : "by name only: ") + words.joined(separator: ", ")
      )
    }
  }

  /// Those that only look.
  static let queries: Set<String> = ["query_coordination_data", "coordination_system_status"]

  /// All reducers.
  package static let all: [Reducer] = [
    RegisterAgentCapability.reducer, SendAgentMessage.reducer, SendMessageReducer.reducer,
    AssignTaskReducer.reducer, UpdateTaskProgress.reducer, StartWorkflowCoordination.reducer,
    BroadcastToAgents.reducer, QueryCoordinationData.reducer, CoordinationSystemStatus.reducer,
    RegisterAgentReducer.reducer, UpdateAgentStatus.reducer, AgentHeartbeat.reducer,
    CreateSystemEvent.reducer, CreateWorkflowReducer.reducer, UpdateWorkflowStatus.reducer,
    CreateTask.reducer, CompleteTask.reducer, CreateUserNotification.reducer,
    UserOverride.reducer, UserDirective.reducer, ClearDuplicateEntries.reducer,
    CleanupAgentRegistration.reducer,
  ]

  /// What is called on v5 instead of each reducer, by its name.
  package static let replacements = Dictionary(
    all.map { ($0.name, $0.replacement) }, uniquingKeysWith: { first, _ in first })

  /// The reducer of a name.
  ///
  /// - Throws: ``Refusal`` with near names.
  package static func named(_ name: String) throws(Refusal) -> Reducer {
    if let known = all.first(where: { $0.name == name }) { return known }
    let names = all.map(\.name)
    let near = Suggestion.nearest(to: String(name.prefix(64)), among: names)
    throw Refusal(
      .noSuchReducer(near: near.map { [$0] } ?? names), Refusal.unknownReducer,
      "no such reducer")
  }
}
