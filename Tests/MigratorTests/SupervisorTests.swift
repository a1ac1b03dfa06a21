import AgoraStore
import Migrator
import TestSupport
import Testing

/// Registrations under supervisors that there are none of, where orphans are rejected.
@Suite struct SupervisorTests {
  private static func registration(_ name: String, under supervisor: String?) -> String {
    let said = supervisor.map { #","supervisor_id":"\#($0)""# } ?? ""
    return #"{"agent_id":"id-\#(name)","agent_name":"\#(name)"\#(said)}"#
  }

  private static func export(_ rows: [String]) -> String {
    #"{"agent_registry":["# + rows.joined(separator: ",") + "]}"
  }

  /// A chain that leads nowhere, by names and by ids in turn, and rows that stay.
  private static let rows =
    (0..<12).map { registration("n\($0)", under: $0 % 2 == 0 ? "n\($0 + 1)" : "id-n\($0 + 1)") }
    + [
      registration("stays", under: "top"), registration("top", under: nil),
      // Itself, and each other.
      registration("self", under: "self"), registration("x", under: "y"),
      registration("y", under: "id-x"),
      // By the old name of one that goes, and of one that stays.
      registration("a", under: "old3"), registration("b", under: "oldtop"),
    ]
  private static let head = registration("n12", under: nil)
  /// What one that goes had said before: once of nobody as well, and once of somebody.
  private static let earlier = [
    registration("n5", under: "top"), registration("n5", under: "nobody"),
  ]
  private static let aliases = ["old3": "n3", "oldtop": "top"]

  private func names(_ store: String) throws -> Set<String> {
    Set(
      try Connection(path: store, mode: .readOnly).all(
        Query("test", "SELECT agent_name FROM agents"), map: { $0.text(0) }))
  }

  @Test func `who is under somebody that is rejected is rejected in turn, however far down`() throws
  {
    let staying: Set = ["stays", "top", "self", "x", "y", "b"]
    let chain = Set((0..<12).map { "n\($0)" })
    let cases: [(what: String, rows: [String], names: Set<String>)] = [
      ("nobody at the top", Self.rows, staying),
      ("somebody at the top", Self.rows + [Self.head], staying.union(chain).union(["n12", "a"])),
      (
        "somebody in the middle, by what was said before", Self.earlier + Self.rows,
        staying.union((0...5).map { "n\($0)" }).union(["a"])
      ),
    ]
    for (what, rows, expected) in cases {
      try withTemporaryFolder { folder in
        let store = folder + "/s.db"
        let report = try migrate(
          Self.export(rows), into: store, orphans: .reject, aliases: Self.aliases)
        #expect(try names(store) == expected, "\(what)")
        #expect(report.ledger.isBalanced, "\(what)")
        let verified = try verify(store)
        #expect(verified.isIdentical, "\(what): \(verified.text)")
        // From what the other exports have made the same comes.
        for (other, rows, _) in cases where other != what {
          let path = folder + "/\(other).db"
          try migrate(Self.export(rows), into: path, orphans: .reject, aliases: Self.aliases)
          try migrate(
            contents(store + ".json"), into: path, deleting: true, orphans: .reject)
          #expect(
            try StoreDump.marketplace(of: path) == StoreDump.marketplace(of: store),
            "\(what) after \(other)")
        }
      }
    }
  }
}
