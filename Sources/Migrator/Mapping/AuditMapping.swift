import AgoraStore

/// `user_overrides`, `user_directives`, `user_audit_log` → `audit`.
final class AuditMapping: RowMapping {
  private let table: String
  private let actor: Int?
  private let actions: [Int]
  private let target: Int?
  private let reason: Int?
  private let times: [Int]
  private let leftOver: [Int]

  init(_ layout: RowLayout, id: [Int], table: String) {
    self.table = table
    actor = layout.index("user_id")
    actions = layout.indexes("action", "override_type", "directive_type", "event_type")
    target = layout.index("target_id")
    reason = layout.index("reason")
    times = layout.indexes("timestamp", "created_at")
    let taken = [actor, target, reason].compactMap { $0 } + id
    leftOver = layout.names.indices.filter { !taken.contains($0) }
  }

  func map(
    _ row: V4Row, as identity: RecordIdentity, _ references: ReferenceResolver,
    into record: inout Record
  ) throws {
    var metadata = RowMetadata()
    let (action, time) = (row.pick(actions), row.pick(times))
    record.text(identity.id)
    record.text(try row.word(actor))
    record.text(try row.name(action) ?? table)
    if let name = try row.key(target) {
      if let id = try references.known(name) {
        record.text(id)
      } else {
        // `system_wide`, or something that never had an id: the words as they are.
        record.text(name)
      }
    } else {
      record.null()
    }
    record.text(try row.word(reason))
    let instant = try row.time(time)
    record.integer(instant?.microseconds)
    metadata.note(instant?.note)
    for column in leftOver where column != action && column != time { metadata.keep(row, column) }
    metadata.write(to: &record)
    record.integer(identity.sourceRow)
  }

  func appendImmutable(
    _ row: V4Row, _ parts: ImmutableParts, to bytes: inout [UInt8]
  ) throws(Rejection) {}
}

/// Any other table → `archive`, each row whole.
final class ArchiveMapping: RowMapping {
  private let table: String

  init(table: String) { self.table = table }

  func map(
    _ row: V4Row, as identity: RecordIdentity, _ references: ReferenceResolver,
    into record: inout Record
  ) throws {
    record.text(identity.id)
    record.text(table)
    record.text(identity.v4ID)
    record.text { row.appendObject(to: &$0) }
    record.integer(identity.sourceRow)
  }

  func appendImmutable(
    _ row: V4Row, _ parts: ImmutableParts, to bytes: inout [UInt8]
  ) throws(Rejection) {}
}

extension V4Row {
  /// Appends the row as an object; one that is an object as it stands.
  func appendObject(to target: inout [UInt8]) {
    let text = self.text
    let start = JSONSlices.skipSpace(text.span, 0)
    guard text[start] == 0x5b else {
      target.append(contentsOf: text)
      return
    }
    target.append(0x7b)
    for (index, name) in layout.names.enumerated() {
      if index > 0 { target.append(0x2c) }
      JSONText.quote(name, into: &target)
      target.append(0x3a)
      target.append(contentsOf: text[values[index].range])
    }
    target.append(0x7d)
  }
}
