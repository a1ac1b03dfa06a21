import AgoraStore

/// The places of agents in a list, by their ids.
struct AgentIndex {
  /// Ids of the usual form as their 128 bits: a dictionary of texts would be five times as large.
  private var places: [UUIDBits: Int32] = [:]
  private var others: [String: Int32] = [:]
  private(set) var count = 0

  /// Adds an agent at the next place.
  mutating func append(_ id: String) {
    let place = Int32(truncatingIfNeeded: count)
    count += 1
    if let bits = Self.bits(id) { places[bits] = place } else { others[id] = place }
  }

  /// The place of an agent; nil where there is none of that id.
  func place(of id: String) -> Int? {
    if let bits = Self.bits(id) { return places[bits].map { Int($0) } }
    return others[id].map { Int($0) }
  }

  private static let prefix: [UInt8] = Array("agent_".utf8)

  private static func bits(_ id: String) -> UUIDBits? {
    var id = id
    return id.withUTF8 { bits($0.span) }
  }

  /// The bits of `agent_` and 32 lower-case hex digits.
  private static func bits(_ text: Span<UInt8>) -> UUIDBits? {
    guard text.count == 38 else { return nil }
    for position in 0..<6 where text[position] != prefix[position] { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    for position in 6..<38 {
      let byte = text[position]
      let digit: UInt8
      if byte >= 0x30, byte <= 0x39 {
        digit = byte - 0x30
      } else if byte >= 0x61, byte <= 0x66 {
        digit = byte - 0x57
      } else {
        return nil
      }
      if position < 22 {
        words.0 = words.0 << 4 | UInt64(digit)
      } else {
        words.1 = words.1 << 4 | UInt64(digit)
      }
    }
    return UUIDBits(high: words.0, low: words.1)
  }
}

/// Finds who is meant where a record has an id, or the name that a caller gave.
struct AgentNames {
  private let index: AgentIndex
  private let connection: Connection
  private var known: [String: Int?] = [:]

  init(_ index: AgentIndex, _ connection: Connection) {
    self.index = index
    self.connection = connection
  }

  private static let named = Query(
    "agents.of_claim",
    """
    SELECT agent_id FROM agents WHERE agent_name=?1
    UNION ALL SELECT v5_id FROM v4_names WHERE kind='agent' AND name=?1 LIMIT 1
    """)

  /// The agent's place; nil where it is nobody.
  mutating func place(of text: String) throws -> Int? {
    guard !text.isEmpty else { return nil }
    if let place = index.place(of: text) { return place }
    if let place = known[text] { return place }
    // Somebody who was nobody when he called may be known by now.
    let place = try connection.first(Self.named, .text(text), map: { $0.text(0) })
      .flatMap { index.place(of: $0) }
    known[text] = .some(place)
    return place
  }
}
