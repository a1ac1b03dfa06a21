import AgoraStore

/// The places of agents in a list, by their ids.
struct AgentIndex {
  /// The usual ids by their places, and a table of places by what the ids' bits mix to: open addressing,
  /// at most half full.
  private var ids: [UUIDBits] = []
  private var table: [Int32] = [Int32](repeating: -1, count: 1024)
  private var others: [String: Int32] = [:]
  /// Drawn anew by each program, so that nobody can choose ids that all fall on one place.
  private let seed = UInt64.random(in: .min ... .max)

  /// How many agents there are.
  var count: Int { ids.count }

  /// Adds an agent at the next place.
  mutating func append(_ id: AgentID) {
    let place = Int32(truncatingIfNeeded: ids.count)
    switch id {
    case .usual(let bits):
      ids.append(bits)
      if ids.count * 2 > table.count { grow() } else { enter(bits, place) }
    case .other(let other):
      // Nothing is found by these bits, for nothing is entered under them.
      ids.append(UUIDBits(high: 0, low: 0))
      others[other.text] = place
    }
  }

  /// The place of an agent; nil where there is none of that id.
  func place(of id: AgentID) -> Int? {
    switch id {
    case .usual(let bits): place(of: bits)
    case .other(let other): others[other.text].map { Int($0) }
    }
  }

  private func place(of bits: UUIDBits) -> Int? {
    var slot = slot(bits)
    while table[slot] >= 0 {
      let place = Int(table[slot])
      if ids[place] == bits { return place }
      slot = (slot &+ 1) & (table.count &- 1)
    }
    return nil
  }

  private mutating func enter(_ bits: UUIDBits, _ place: Int32) {
    var slot = slot(bits)
    while table[slot] >= 0 { slot = (slot &+ 1) & (table.count &- 1) }
    table[slot] = place
  }

  private mutating func grow() {
    let isOther = Set(others.values)
    table = [Int32](repeating: -1, count: table.count * 2)
    for place in ids.indices where !isOther.contains(Int32(truncatingIfNeeded: place)) {
      enter(ids[place], Int32(truncatingIfNeeded: place))
    }
  }

  /// Where a search begins: the bits, multiplied with odd numbers until each counts (as SplitMix64 mixes).
  private func slot(_ bits: UUIDBits) -> Int {
    var word = (bits.high ^ seed) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ word >> 31 ^ bits.low) &* 0x94d0_49bb_1331_11eb
    word ^= word >> 30
    return Int(truncatingIfNeeded: word) & (table.count &- 1)
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
    if let place = index.place(of: AgentID(text)) { return place }
    if let place = known[text] { return place }
    // Somebody who was nobody when he called may be known by now.
    let place = try connection.first(Self.named, .text(text), map: { $0.text(0) })
      .flatMap { index.place(of: AgentID($0)) }
    known[text] = .some(place)
    return place
  }
}
