import AgoraStore

/// `system_events`, `coordination_error`, `coordination_metrics`, `health_metrics`, `system_alerts`,
/// `user_notifications` → `events`.
final class EventMapping: RowMapping {
  private let table: String
  private let type: Int?
  private let sources: [Int]
  private let targets: [Int]
  private let data: Int?
  private let times: [Int]
  private let processed: Int?
  private let leftOver: [Int]

  init(_ layout: RowLayout, id: [Int], table: String) {
    self.table = table
    type = layout.index("event_type")
    sources = layout.indexes("source_agent", "agent_id", "from_agent")
    targets = layout.indexes("target_agent", "to_agent")
    data = layout.index("data")
    times = layout.indexes("timestamp", "created_at")
    processed = layout.index("processed")
    let taken = [type, data, processed].compactMap { $0 } + id
    leftOver = layout.names.indices.filter { !taken.contains($0) }
  }

  func map(
    _ row: V4Row, as identity: RecordIdentity, _ references: ReferenceResolver,
    into record: inout Record
  ) throws {
    var metadata = RowMetadata()
    let (source, target, time) = (row.pick(sources), row.pick(targets), row.pick(times))
    let leftOver = leftOver.filter { ![source, target, time].contains($0) }
    let kind = try row.name(type) ?? table
    let instant = try row.time(time)
    let isProcessed = try row.bool(processed) != false
    try row.checkName(source)
    try row.checkName(target)
    record.text(identity.id)
    record.text(kind)
    try references.appendAgent(row, source, to: &record, &metadata)
    if target == nil {
      record.null()
    } else {
      try references.appendTarget(row, target, to: &record, &metadata)
    }
    if let slice = row.value(data) {
      record.text { row.appendJSON(slice, to: &$0) }
    } else {
      // A table without a data column: what the row says is the event's data.
      record.text { bytes in
        bytes.append(0x7b)
        var isFirst = true
        for column in leftOver where row.values[column].kind != .null {
          if !isFirst { bytes.append(0x2c) }
          isFirst = false
          JSONText.quote(row.layout.names[column], into: &bytes)
          bytes.append(0x3a)
          bytes.append(contentsOf: row.text[row.values[column].range])
        }
        bytes.append(0x7d)
      }
    }
    record.integer(instant?.microseconds)
    metadata.note(instant?.note)
    // What happened on v4 asks nobody on v5 to act, unless v4 says that it is still to be done.
    record.integer(isProcessed ? 1 : 0)
    if row.value(data) != nil { for column in leftOver { metadata.keep(row, column) } }
    metadata.write(to: &record)
    record.integer(identity.sourceRow)
  }

  func appendImmutable(
    _ row: V4Row, _ parts: ImmutableParts, to bytes: inout [UInt8]
  ) throws(Rejection) {
    guard table == "system_events" else { return }
    row.appendImmutable(type, to: &bytes)
    if parts.contains(.references) { row.appendImmutable(row.pick(sources), to: &bytes) }
    if parts.contains(.times) { try row.appendImmutableTime(row.pick(times), to: &bytes) }
  }
}
