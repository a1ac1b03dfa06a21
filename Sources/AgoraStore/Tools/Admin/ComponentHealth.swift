/// How well something does, from good to bad.
public enum HealthStatus: String, Word, Comparable {
  /// All is well.
  case healthy
  /// It works, and somebody should look at it.
  case degraded
  /// It does not work, or will soon not.
  case critical

  /// The better status is the smaller one.
  public static func < (left: HealthStatus, right: HealthStatus) -> Bool {
    left.rank < right.rank
  }

  private var rank: Int {
    switch self {
    case .healthy: 0
    case .degraded: 1
    case .critical: 2
    }
  }
}

/// What can be measured.
public enum HealthComponent: String, Word {
  /// The store as a whole: writing, reading, its log, its integrity and its disk.
  case database
  /// A synced write.
  case write
  /// A read.
  case read
  /// The write-ahead log.
  case wal
  /// Whether the store contradicts itself.
  case integrity
  /// The room that is left.
  case disk
  /// Messages that wait to be read.
  case messages
  /// Tasks that are late.
  case tasks
  /// Work of agents that do not work.
  case agents
  /// The tools as this program serves them.
  case server = "mcp_server"
  /// What operators have halted.
  case halts

  /// The components that a name means.
  var parts: [HealthComponent] {
    let database: [HealthComponent] = [.write, .read, .wal, .integrity, .disk]
    return self == .database ? database : [self]
  }

  /// All that can be measured for itself.
  static let measured = allCases.filter { $0 != .database }
}

/// What was measured of one component.
public struct ComponentHealth: ToolOutput {
  /// How well it does.
  public let status: HealthStatus
  /// The measured value; nil where it could not be measured.
  public let value: Double?
  /// What the value is counted in.
  public let unit: String
  /// Where it becomes degraded; nil where there is no such limit.
  public let threshold: Double?
  /// In words.
  public let message: String

  /// The fields.
  public static let shape = Shape<ComponentHealth>(
    .field("status", "healthy, degraded or critical") { $0.status },
    .field("value", "What was measured; null where it could not be") { $0.value },
    .field("unit", "What the value is counted in") { $0.unit },
    .field(
      "threshold",
      "The value beyond which it is degraded, and critical beyond ten times it; null where there is none"
    ) { $0.threshold },
    .field("message", "The same in words") { $0.message })

  init(
    _ status: HealthStatus, _ value: Double?, _ unit: String, threshold: Double? = nil,
    _ message: String
  ) {
    self.status = status
    self.value = value
    self.unit = unit
    self.threshold = threshold
    self.message = message
  }

  /// A value that is the better the smaller it is.
  static func atMost(
    _ threshold: Int, _ value: Double, _ unit: String, _ what: String
  ) -> ComponentHealth {
    let limit = Double(threshold)
    let status: HealthStatus =
      value > limit * 10 ? .critical : value > limit ? .degraded : .healthy
    return ComponentHealth(
      status, value, unit, threshold: limit, "\(what): \(shown(value)) \(unit)")
  }

  /// A value that is the better the greater it is.
  static func atLeast(
    _ threshold: Int, _ value: Double, _ unit: String, _ what: String
  ) -> ComponentHealth {
    let limit = Double(threshold)
    let status: HealthStatus =
      value < limit / 10 ? .critical : value < limit ? .degraded : .healthy
    return ComponentHealth(
      status, value, unit, threshold: limit, "\(what): \(shown(value)) \(unit)")
  }

  /// What could not be measured.
  static func failed(_ what: String, _ error: any Error, unit: String) -> ComponentHealth {
    ComponentHealth(.critical, nil, unit, "\(what): \(ValueCheck.shown("\(error)"))")
  }

  private static func shown(_ value: Double) -> String {
    guard let whole = Int(exactly: (value * 100).rounded()) else { return "\(value)" }
    return whole.isMultiple(of: 100) ? "\(whole / 100)" : "\(Double(whole) / 100)"
  }
}
