/// `agora.admin.health`: how the marketplace does, measured.
///
/// It writes a line of its own outside of the transactions of tools, so that it is answered also while
/// everything is halted and where nothing can be written.
public struct CheckHealth: MeasuringCall {
  /// What.
  public static let component = Parameter<HealthComponent?>(
    optional: "component",
    "Only this; database is write, read, wal, integrity and disk together")

  /// The declaration.
  public static let tool = Tool(
    .admin, "health", title: "Check the health",
    description:
      "Measures how the marketplace does: a synced write, a read, the write-ahead log, integrity, free disk, unread messages, overdue tasks, stranded work, the tools and the halts. Answers also where the store cannot be written or is halted.",
    parameters: ParameterList(component), output: Output.self, access: .reads, authority: 1,
    isIdempotent: true,
    examples: [
      .init(
        #"{"component":"write"}"#,
        #"{"status":"healthy","components":{"write":{"status":"healthy","value":1.75,"unit":"ms","threshold":250.0,"message":"a synced write: 1.75 ms"}},"timestamp":"2025-06-06T10:00:00Z"}"#
      )
    ])

  /// What a check answers.
  public struct Output: ToolOutput {
    /// The components in order.
    public let components: [(component: HealthComponent, health: ComponentHealth)]
    /// When they were measured.
    public let timestamp: Timestamp

    /// The worst of the components.
    public var status: HealthStatus { components.map(\.health.status).max() ?? .healthy }

    /// The fields.
    public static let shape = Shape<Output>(
      .field("status", "The worst of the components: healthy, degraded or critical") {
        $0.status
      },
      .field(
        "components",
        "Each component's status, value, unit, threshold (degraded beyond it, critical beyond ten times it) and message"
      ) { output in
        JSONObject(
          output.components.map { .init($0.component.rawValue, $0.health.json) })
      },
      .field("timestamp", "When it was measured") { $0.timestamp })
  }

  private let component: HealthComponent?

  /// Reads the parameters.
  public init(_ arguments: Arguments) throws(ToolFailure) {
    component = try arguments[Self.component]
  }

  /// Measures.
  public func measure(_ path: String, _ catalog: ToolCatalog, at now: Timestamp) -> Output {
    let components = component?.parts ?? HealthComponent.measured
    return Output(
      components: HealthProbe(path, catalog, at: now).measure(components), timestamp: now)
  }
}
