package import AgoraStore

/// What has happened, as a SpacetimeDB module's log: one line for each event, never what a message says.
package struct LegacyLog {
  private let connection: Connection

  package init(_ connection: Connection) { self.connection = connection }

  /// One line.
  package struct Line: Sendable, Equatable {
    /// The event's place in the log; it stands where a module's line number would.
    package let seq: Int64
    package let at: Timestamp
    /// Whether it tells of a refusal.
    package let isWarning: Bool
    package let message: String

    init(seq: Int64, at: Timestamp, isWarning: Bool, message: String) {
      self.seq = seq
      self.at = at
      self.isWarning = isWarning
      self.message = message
    }

    /// The line as SpacetimeDB 1.1.2's command line prints it.
    package var text: String {
      "\(Self.exact(at)) \(isWarning ? " WARN" : " INFO"): agora:\(seq): \(message)"
    }

    /// Reads a line as a server sends it; nil where it is none.
    package init?(json: JSON) {
      guard let micros = json["ts"]?.integer, let message = json["message"]?.text,
        Timestamp.writable.contains(Int64(micros))
      else { return nil }
      seq = Int64(json["line_number"]?.integer ?? 0)
      at = Timestamp(microseconds: Int64(micros))
      isWarning = json["level"]?.text == "Warn"
      self.message = message
    }

    /// The line as SpacetimeDB's server sends it.
    package var json: JSON {
      .object([
        .init("level", .string(isWarning ? "Warn" : "Info")),
        .init("ts", .number(String(at.microseconds))), .init("target", .string("agora")),
        .init("filename", .string("agora")), .init("line_number", .number(String(seq))),
        .init("message", .string(message)),
      ])
    }

    /// RFC 3339 with six digits behind the point, whatever they are.
    private static func exact(_ instant: Timestamp) -> String {
      let text = instant.description
      let fraction = text.dropFirst(19).dropLast().drop { $0 == "." }
      return text.prefix(19) + "." + fraction + String(repeating: "0", count: 6 - fraction.count)
        + "Z"
    }
  }

  private static let columns = """
    SELECT e.seq, e.timestamp, e.event_type, s.agent_name, coalesce(t.agent_name, e.target_agent),
      iif(json_valid(e.data), e.data, '{}')
    FROM events e LEFT JOIN agents s ON s.agent_id=e.source_agent
      LEFT JOIN agents t ON t.agent_id=e.target_agent
    WHERE e.timestamp IS NOT NULL
    """
  private static let after = Query(
    "events.log_after", "\(columns) AND e.seq>?1 ORDER BY e.seq LIMIT ?2")
  private static let start = Query(
    "events.log_start",
    """
    SELECT min(seq)-1 FROM (
      SELECT seq FROM events WHERE timestamp IS NOT NULL ORDER BY seq DESC LIMIT ?1)
    """)

  /// Lends each line behind a place in the log.
  ///
  /// - Parameter limit: how many at most; nil for all.
  package func each(
    after seq: Int64, atMost limit: Int? = nil, _ body: (Line) throws -> Void
  ) throws {
    try connection.each(Self.after, .integer(seq), .int(limit ?? -1)) { row in
      let data = (try? JSON.parse(row.text(5))) ?? .null
      let (message, isWarning) = Self.message(
        row.text(2), from: row.optionalText(3), to: row.optionalText(4), data)
      try body(
        Line(
          seq: row.int64(0), at: Timestamp(microseconds: row.int64(1)), isWarning: isWarning,
          message: TextTable.visible(message)))
    }
  }

  /// The place behind which so many lines stand.
  package func place(ofLast count: Int) throws -> Int64 {
    guard count > 0 else {
      return try connection.integer(Query("events.last", "SELECT max(seq) FROM events")) ?? 0
    }
    return try connection.integer(Self.start, .int(count)) ?? 0
  }

  /// The fields of an event that say which records it is about, and how they are.
  private static let told = [
    "agent_id", "message_id", "task_id", "workflow_id", "assignment_id", "step", "task_type",
    "message_type", "status", "progress", "change", "action", "target_id", "phase",
  ]

  private static func message(
    _ type: String, from source: String?, to target: String?, _ data: JSON
  ) -> (String, isWarning: Bool) {
    let from = source.map { " from \($0)" } ?? ""
    func id(_ name: String) -> String { data[name]?.text.map { " \($0)" } ?? "" }
    switch type {
    case "agent_registered":
      return (
        "Agent \"\(data["agent_name"]?.text ?? source ?? "")\" registered successfully", false
      )
    case "message_received":
      return ("Message\(id("message_id"))\(from) to \(target ?? "nobody")", false)
    case "broadcast_message":
      return ("Message\(id("message_id"))\(from) broadcast to all agents", false)
    case "task_assigned":
      return ("Task\(id("task_id")) assigned to agent \(target ?? "nobody")", false)
    case "v4_api_call":
      let reducer = data["reducer"]?.text ?? ""
      switch data["code"]?.text {
      case nil: return ("Reducer \(reducer) called\(source.map { " by agent \($0)" } ?? "")", false)
      case Refusal.unknownReducer?:
        return (
          "External attempt to call nonexistent reducer \"\(reducer)\" failed. Have you run `spacetime generate` recently?",
          true
        )
      case let code?: return ("Reducer \(reducer)\(from) was refused: \(code)", true)
      }
    default:
      let fields = told.compactMap { name -> String? in
        guard let value = data[name], value != .null else { return nil }
        return "\(name)=\(value.text ?? JSONWriter.compact(value))"
      }
      let to = target.map { $0 == "broadcast" ? "" : " to \($0)" } ?? ""
      let words = type.replacing("_", with: " ")
      return (
        (["Event \(words)\(from)\(to)"] + fields.map { String($0.prefix(120)) })
          .joined(separator: " "), false
      )
    }
  }
}
