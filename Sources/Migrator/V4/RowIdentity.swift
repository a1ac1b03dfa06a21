import AgoraStore

/// What a row is called in v4.
enum RowIdentity {
  /// Where a row's id may stand: the first of these columns that says something is the id.
  struct Columns: Equatable {
    let candidates: [Int]
    /// The id is the first column ending in `_id`, and by its name it belongs to another table: rows
    /// that share it and say different things are different rows.
    let isForeign: Bool
  }

  private static let foreignNames: Set<String> = ["agent_id", "user_id", "workflow_id", "task_id"]

  /// The table's own id columns, then `id`; without any of them the first one that ends in `_id`.
  static func columns(of table: String, in layout: RowLayout) -> Columns {
    var candidates = V4Schema.table(named: table)?.idColumns.compactMap { layout.index($0) } ?? []
    if let plain = layout.index("id") { candidates.append(plain) }
    guard candidates.isEmpty, let last = layout.names.firstIndex(where: { $0.hasSuffix("_id") })
    else { return Columns(candidates: candidates, isForeign: false) }
    return Columns(candidates: [last], isForeign: foreignNames.contains(layout.names[last]))
  }

  /// Appends a row's v4 id: its id column's text, or for a row without any `~` and the hash of its
  /// content.
  ///
  /// - Parameters:
  ///   - owner: the agent whose configuration the row stands in; then there is no id column.
  /// - Throws: ``Rejection`` `bad_type` for an id that is a container.
  static func append(
    _ row: V4Row, _ columns: Columns, owner: String?, to target: inout [UInt8]
  ) throws(Rejection) {
    let text = row.text
    for column in columns.candidates where owner == nil {
      guard let slice = row.value(column) else { continue }
      guard slice.kind == .string || slice.kind == .number else {
        throw Rejection(.badType, "\(row.layout.names[column]) is \(row.named(slice)), not an id")
      }
      let start = target.count
      if slice.kind == .string {
        JSONText.unescape(text.span, slice.inside, into: &target, asName: true)
      } else {
        target.append(contentsOf: text[slice.range])
      }
      if target.count > start { return }
    }
    target.append(0x7e)
    target.append(contentsOf: contentHash(row, owner: owner))
  }

  /// Whether an id has the form of one that was made of a row's content.
  static func isContentHash(_ v4ID: String) -> Bool {
    v4ID.utf8.count == 41 && v4ID.hasPrefix("~")
  }

  private static func contentHash(_ row: V4Row, owner: String?) -> [UInt8] {
    var canonical: [UInt8] = []
    if let owner {
      // The agent's name, spelled as Python spells it.
      var quoted: [UInt8] = []
      JSONText.quote(owner, into: &quoted)
      canonical.append(0x5b)
      CanonicalJSON.append(
        quoted.span, JSONSlice(kind: .string, range: 0..<quoted.count), to: &canonical)
      canonical.append(0x2c)
    }
    CanonicalJSON.appendRow(row, to: &canonical)
    if owner != nil { canonical.append(0x5d) }
    var hash = SHA1()
    hash.update(canonical.span)
    return hash.hex()
  }
}

/// Derives the v5 ids of migrated rows: UUIDv5 over `SOURCE/TABLE/V4ID`, `#N` appended for the N-th
/// later epoch, in the namespace `uuid5(NAMESPACE_DNS, "agora-marketplace")`.
struct MigratedIdentifiers {
  private static let namespace = UUIDBits(
    namespace: .dnsNamespace, name: "agora-marketplace")

  /// The hash after the namespace and `SOURCE/TABLE/`, continued for each row.
  private let prefix: SHA1
  private let kind: [UInt8]

  init(source: String, table: String, kind: IdentifierKind) {
    var hash = SHA1()
    Self.namespace.feed(&hash)
    for part in [source, table] {
      for byte in part.utf8 { Self.feed(byte, &hash) }
      hash.update(0x2f)
    }
    prefix = hash
    self.kind = Array(kind.rawValue.utf8) + [0x5f]
  }

  /// `%`, `/` and `#` are percent-encoded inside the parts.
  @inline(__always)
  private static func feed(_ byte: UInt8, _ hash: inout SHA1) {
    switch byte {
    case 0x25, 0x2f, 0x23:
      hash.update(0x25)
      hash.update(0x32)
      hash.update(byte == 0x25 ? 0x35 : byte == 0x2f ? 0x46 : 0x33)
    default: hash.update(byte)
    }
  }

  /// Appends the id of a row.
  ///
  /// - Parameter suffix: what follows the v4 id as it is, for records inside of a row.
  func append(
    v4ID: Span<UInt8>, epoch: Int = 0, suffix: String = "", to target: inout [UInt8]
  ) {
    var hash = prefix
    for index in v4ID.indices { Self.feed(v4ID[index], &hash) }
    hash.update(suffix)
    if epoch > 0 { hash.update("#\(epoch)") }
    target.append(contentsOf: kind)
    UUIDBits(version5: hash).appendHex(to: &target)
  }

  /// The id of a row whose v4 id is a string.
  func id(_ v4ID: String, epoch: Int = 0, suffix: String = "") -> String {
    let bytes = Array(v4ID.utf8)
    var target: [UInt8] = []
    append(v4ID: bytes.span, epoch: epoch, suffix: suffix, to: &target)
    return String(decoding: target, as: UTF8.self)
  }
}
