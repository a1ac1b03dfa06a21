import AgoraStore

/// `agent_message` → `messages`.
final class MessageMapping: RowMapping {
  private let from: Int?
  private let to: Int?
  private let type: Int?
  private let contents: [Int]
  private let priority: Int?
  private let times: [Int]
  private let delivered: Int?
  private let status: Int?
  private let leftOver: [Int]

  init(_ layout: RowLayout, id: [Int]) {
    from = layout.index("from_agent")
    to = layout.index("to_agent")
    type = layout.index("message_type")
    contents = layout.indexes("content", "payload")
    priority = layout.index("priority")
    times = layout.indexes("timestamp", "created_at")
    delivered = layout.index("delivered")
    status = layout.index("status")
    let taken = [from, to, type, priority, delivered].compactMap { $0 } + id
    leftOver = layout.names.indices.filter { !taken.contains($0) }
  }

  func map(
    _ row: V4Row, as identity: RecordIdentity, _ references: ReferenceResolver,
    into record: inout Record
  ) throws {
    // All that can be refused is read before a reference can make a stub.
    var metadata = RowMetadata()
    let content = row.pick(contents)
    let time = row.pick(times)
    let urgency = try row.priority(priority, &metadata)
    let instant = try row.time(time)
    let wasDelivered = try isDelivered(row, &metadata)
    try row.checkName(from)
    try row.checkName(to)
    record.text(identity.id)
    try references.appendAgent(row, from, to: &record, &metadata)
    try references.appendReceiver(row, to, to: &record, &metadata)
    if let slice = row.value(type) {
      row.appendContent(slice, to: &record)
    } else {
      record.text("info")
    }
    if let slice = row.value(content) {
      row.appendContent(slice, to: &record)
    } else {
      record.text("")
    }
    record.integer(urgency)
    metadata.note(instant?.note)
    record.integer(instant?.microseconds)
    record.integer(wasDelivered ? 1 : 0)
    for column in leftOver where column != content && column != time { metadata.keep(row, column) }
    metadata.write(to: &record)
    record.integer(identity.sourceRow)
  }

  private func isDelivered(_ row: V4Row, _ metadata: inout RowMetadata) throws(Rejection) -> Bool {
    if let delivered, let slice = row.value(delivered) {
      guard slice.kind != .object, slice.kind != .array else {
        throw Rejection(.badType, "delivered is \(row.named(slice)), not true or false")
      }
      if slice.kind == .bool { return row.text[slice.range.lowerBound] == 0x74 }
      let word = row.plain(slice)
      if !["true", "false", "0", "1"].contains(word) { metadata.keep(row, delivered) }
      return LegacyWords.isDelivered(word)
    }
    return try row.word(status).map(LegacyWords.isDelivered) ?? false
  }

  func appendImmutable(
    _ row: V4Row, _ parts: ImmutableParts, to target: inout [UInt8]
  ) throws(Rejection) {
    for column in parts.contains(.references) ? [from, to] : [] {
      row.appendImmutable(column, to: &target)
    }
    for column in [type, row.pick(contents)] { row.appendImmutable(column, to: &target) }
    if parts.contains(.times) { try row.appendImmutableTime(row.pick(times), to: &target) }
  }
}
