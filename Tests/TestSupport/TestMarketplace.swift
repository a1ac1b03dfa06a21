package import AgoraStore
import Synchronization

/// A marketplace on a store of its own, with a clock that moves only when it is told to and ids that a
/// seed determines.
package final class TestMarketplace: Sendable {
  package let store: Store
  package let marketplace: Marketplace
  private let sharedTime: SharedTime

  /// 2025-06-06T10:00:00Z, the protocol's day.
  package static let start: Int64 = 1_749_204_000_000_000

  package convenience init(in folder: String, catalog: ToolCatalog = .agora) throws {
    try self.init(store: Store(path: folder + "/agora.db", creates: true), catalog: catalog)
  }

  package init(store: Store, catalog: ToolCatalog = .agora) throws {
    self.store = store
    // Nobody pulls the plug of a test, and a thousand calls need not wait for the disk a thousand times.
    try store.withWriter { try $0.execute("PRAGMA synchronous=OFF") }
    let dice = Mutex(SeededDice(seed: 5))
    let time = SharedTime()
    let clock = Clock { Timestamp(microseconds: time.now) }
    sharedTime = time
    marketplace = try Marketplace(
      store, clock: clock,
      identifiers: IdentifierSource(clock: clock) { dice.withLock { ($0.next(), $0.next()) } },
      options: .init(catalog: catalog))
  }

  private final class SharedTime: Sendable {
    private let value = Mutex(TestMarketplace.start)
    var now: Int64 { value.withLock { $0 } }
    func move(_ microseconds: Int64) { value.withLock { $0 += microseconds } }
  }

  /// Lets time go by.
  package func pass(seconds: Double) { sharedTime.move(Int64(seconds * 1_000_000)) }

  /// The instant.
  package var now: Timestamp { Timestamp(microseconds: sharedTime.now) }

  /// Calls a tool with parameters as JSON text.
  @discardableResult
  package func call(
    _ name: String, _ parameters: String, as caller: Caller = .owner(.swift)
  ) throws -> JSON {
    try marketplace.call(name, JSON.parse(parameters), as: caller).result
  }

  /// The failure of a call; nil when it succeeds.
  package func failure(
    _ name: String, _ parameters: String, as caller: Caller = .owner(.swift)
  ) throws -> ToolFailure? {
    let arguments = try JSON.parse(parameters)
    do throws(ToolFailure) {
      _ = try marketplace.call(name, arguments, as: caller)
      return nil
    } catch { return error }
  }

  /// Registers an agent.
  ///
  /// - Returns: its id.
  @discardableResult
  package func register(_ name: String) throws -> String {
    try call(
      "agora.agent.register", JSONWriter.compact(.object([.init("agent_name", .string(name))])))[
        "agent_id"]?.text ?? ""
  }

  /// The rows of a query, as arrays of text, NULL as `-`.
  package func rows(_ sql: String) throws -> [[String]] {
    try store.read { connection in
      var rows: [[String]] = []
      try connection.each(Query("test", sql)) { row in
        rows.append(
          (0..<row.count).map { column in
            switch row.value(Int32(column)) {
            case .null: "-"
            case .integer(let value): "\(value)"
            case .real(let value): "\(value)"
            case .text(let text): text
            case .blob(let bytes): "\(bytes)"
            }
          })
      }
      return rows
    }
  }

  /// What a failed call must not have changed: the content's hash and every table's number of rows.
  package func state() throws -> String {
    let info = try StoreInfo(store, hashes: true)
    return JSONWriter.compact(info.json["tables"] ?? .null) + (info.hash ?? "")
  }
}
