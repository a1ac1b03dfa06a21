/// A place in the order of events, behind the last one that was seen.
public struct EventPosition: Sendable, Hashable {
  let sequence: Int64

  init(sequence: Int64) { self.sequence = sequence }

  /// The place behind an event.
  public init(behind event: Event) { sequence = event.sequence }

  /// Before the first event that is kept.
  public static let beginning = EventPosition(sequence: 0)
}

/// Some events and where to read on.
public struct EventBatch: Sendable {
  /// The events that the filter lets through, in the order of their commits.
  public let events: [Event]
  /// Behind the last event that was looked at.
  public let position: EventPosition
  /// Whether there was nothing more at the time.
  public let isAtEnd: Bool
}

extension Marketplace {
  private static let last = Query("events.last", "SELECT max(seq) FROM events")
  private static let find = Query("events.find", "SELECT seq FROM events WHERE event_id=?1")
  private static let first = Query(
    "events.first",
    "SELECT event_id FROM events WHERE source_row IS NULL ORDER BY timestamp LIMIT 1")
  private static let behind = Query(
    "events.behind",
    """
    SELECT seq, event_type, source_agent, target_agent, event_id, data, timestamp FROM events
    WHERE seq>?1 ORDER BY seq LIMIT ?2
    """)

  /// How many events one look goes through.
  private static let batch = 500

  /// The place behind an event, to go on after a dropped connection.
  ///
  /// - Parameter id: the last event that was seen; nil for the present end of the log.
  /// - Throws: ``ToolFailure`` `gone` when it is not kept any more, `not_found` when it never was.
  public func position(after id: String?) throws(ToolFailure) -> EventPosition {
    do {
      return try store.read { connection in
        guard let id else {
          return EventPosition(sequence: try connection.integer(Self.last) ?? 0)
        }
        if let sequence = try connection.integer(Self.find, .text(id)) {
          return EventPosition(sequence: sequence)
        }
        let oldest = try connection.first(Self.first, map: { $0.text(0) })
        // Ids of v5 grow with time: one before the oldest that is kept was pruned.
        guard let identifier = Identifier(id), identifier.kind == .event, identifier.isBornOnV5,
          oldest.map({ id.exact.lexicographicallyPrecedes($0.exact) }) ?? true
        else {
          throw ToolFailure(
            .notFound, "there is no event \(ValueCheck.shown(id))", parameter: "since")
        }
        throw ToolFailure(
          .gone,
          "the event \(id) is not kept any more, so what came after it may be missing too; begin anew without it",
          parameter: "since")
      }
    } catch { throw ToolFailure(error) }
  }

  /// The events behind a place, as far as one look goes.
  public func events(
    after position: EventPosition, matching filter: EventFilter
  ) throws(ToolFailure) -> EventBatch {
    do {
      return try store.read { connection in
        var events: [Event] = []
        var sequence = position.sequence
        var count = 0
        try connection.each(Self.behind, .integer(sequence), .int(Self.batch)) { row in
          sequence = row.int64(0)
          count += 1
          let (type, source, target) = (row.text(1), row.optionalText(2), row.optionalText(3))
          guard filter.admits(type: type, source: source, target: target) else { return }
          let event = Event(
            id: row.text(4), type: type, source: source, target: target,
            data: (try? JSON.parse(row.text(5))) ?? .string(row.text(5)),
            timestamp: row.optionalInt64(6).map { Timestamp(microseconds: $0) },
            sequence: sequence)
          if filter.matches(event) { events.append(event) }
        }
        return EventBatch(
          events: events, position: EventPosition(sequence: sequence),
          isAtEnd: count < Self.batch)
      }
    } catch { throw ToolFailure(error) }
  }

  /// Calls `body` after each commit with events by this process, on the thread that committed.
  ///
  /// What other processes commit is not told: who waits for that too looks from time to time.
  ///
  /// - Returns: what ends it when it is let go.
  public func observeCommits(_ body: @escaping @Sendable () -> Void) -> CommitObservation {
    CommitObservation(commits, body)
  }
}

/// A standing wish to be told of commits; it ends when it is let go.
public final class CommitObservation: Sendable {
  private let signal: CommitSignal
  private let number: Int

  init(_ signal: CommitSignal, _ body: @escaping @Sendable () -> Void) {
    self.signal = signal
    number = signal.observe(body)
  }

  deinit { signal.forget(number) }
}
