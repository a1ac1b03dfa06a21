public import AgoraStore

/// A part of the server with routes of its own.
public protocol Surface: Sendable {
  /// Adds its routes.
  func mount(on router: inout Router)
}

/// What surfaces are made of.
public struct ServiceParts: Sendable {
  /// The way to the tools; each call is counted.
  public let tools: ToolDoor
  /// Who the caller of a request is.
  public let access: Access
  /// How the server is set up.
  public let options: ServiceOptions
  /// Where what happens is written.
  public let log: ServerLog
  /// What the server has done.
  public let metrics: ServerMetrics
  /// The time.
  public let clock: Clock

  /// The monitor's report.
  let reports: ReportCache

  /// The marketplace.
  public var marketplace: Marketplace { tools.marketplace }
  /// The store.
  public var store: Store { marketplace.store }

  /// Puts the parts of a marketplace's server together.
  ///
  /// - Parameter milliseconds: a clock that only goes forward, for the rate of calls.
  public init(
    _ marketplace: Marketplace, _ options: ServiceOptions = ServiceOptions(), log: ServerLog,
    clock: Clock = .system,
    milliseconds: @escaping @Sendable () -> Int64 = ServerConfiguration().milliseconds
  ) {
    tools = ToolDoor(marketplace)
    access = Access(marketplace.store, options.rules, clock: clock, milliseconds: milliseconds)
    self.options = options
    self.log = log
    metrics = ServerMetrics()
    reports = ReportCache(marketplace, clock: clock)
    self.clock = clock
  }
}
