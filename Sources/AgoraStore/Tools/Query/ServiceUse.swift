/// How often a tool was called and answered.
public struct ServiceUse: ToolOutput {
  /// Since the beginning.
  public let calls: Int
  /// In the thirty days that end today.
  public let recentCalls: Int
  /// The day of the last call in UTC, `2025-06-06`; nil where there was none.
  public let lastUsedOn: String?

  /// The fields.
  public static let shape = Shape<ServiceUse>(
    .field("calls", "How often it was called and answered") { $0.calls },
    .field("calls_last_30_days", "How often in the thirty days that end today, in UTC") {
      $0.recentCalls
    },
    .field("last_used_on", "The day of the last call in UTC; null where there was none") {
      $0.lastUsedOn
    })

  private static let select = Query(
    "service_use.of_service",
    """
    SELECT ifnull(sum(calls),0), ifnull(sum(iif(day>?3-30,calls,0)),0), max(day) FROM service_use
    WHERE service_name=?1 AND version=?2
    """)

  /// Counts the calls of a tool, also those that this process has still to write down.
  package init(of tool: Tool, in context: ToolContext) throws {
    let today = UsageLog.day(of: context.now)
    let counted = try context.connection.first(
      Self.select, .text(tool.name), .text(tool.version.description), .integer(today),
      map: { (all: $0.int(0), recent: $0.int(1), last: $0.optionalInt64(2)) })
    let pending = context.uncountedCalls(of: tool)
    calls = (counted?.all ?? 0) + pending
    recentCalls = (counted?.recent ?? 0) + pending
    let last = pending > 0 ? today : counted?.last
    lastUsedOn = last.map {
      String("\(Timestamp(microseconds: $0 * 86_400_000_000))".prefix(10))
    }
  }
}
