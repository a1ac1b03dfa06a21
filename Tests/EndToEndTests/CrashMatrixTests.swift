import AgoraStore
import Foundation
import Migrator
import TestSupport
import Testing

/// Every operation on a store, with a fault at every write to a file: killed, cut in two, failed, the
/// disk full, the power gone.
///
/// `make crash-matrix` takes all points; `make test` some of them, the same ones each time.
@Suite struct CrashMatrixTests {
  /// Something that is done with a store.
  struct Scenario: CustomTestStringConvertible, Sendable {
    let operation: String
    /// Files that lie there before, by name.
    let prepare: @Sendable (_ folder: String) throws -> [String]
    var testDescription: String { operation }
  }

  private static let isWhole = ProcessInfo.processInfo.environment["CRASH_MATRIX"] == "all"
  private static let faults = ["kill", "torn", "fail", "full", "power"]

  static let scenarios = [
    Scenario(operation: "migrate") { folder in
      try write(deployment(1, living: 0), to: folder + "/one.json")
      return [folder + "/one.json"]
    },
    Scenario(operation: "delta") { folder in
      try write(deployment(2, living: 0), to: folder + "/one.json")
      try write(deployment(2, living: 25), to: folder + "/two.json")
      _ = try migrate(folder + "/one.json", into: folder)
      return [folder + "/two.json"]
    },
    Scenario(operation: "rollback") { folder in
      try write(deployment(3, living: 0), to: folder + "/one.json")
      try write(deployment(3, living: 25), to: folder + "/two.json")
      _ = try migrate(folder + "/one.json", into: folder)
      return [try migrate(folder + "/two.json", into: folder).runID]
    },
    Scenario(operation: "retry") { folder in
      try write(deployment(4, living: 0), to: folder + "/one.json")
      _ = try migrate(folder + "/one.json", into: folder, orphans: .reject)
      return []
    },
    Scenario(operation: "resolve") { folder in
      for (name, word) in [("one", "active"), ("two", "completed")] {
        let rows = (1...5).map {
          #"{"assignment_id":"\#($0)","agent_id":"a","task_type":"t","status":"\#(word)"}"#
        }
        try write(
          #"{"task_assignment":["# + rows.joined(separator: ",") + "]}",
          to: "\(folder)/\(name).json")
      }
      _ = try migrate(folder + "/one.json", into: folder)
      _ = try Store(path: folder + "/agora.db").write { connection in
        try connection.execute("UPDATE tasks SET notes='v5 was here', status='failed'")
      }
      let report = try migrate(folder + "/two.json", into: folder)
      guard report.conflicts == 5 else { throw CocoaError(.featureUnsupported) }
      return []
    },
    Scenario(operation: "upgrade") { folder in
      let connection = try Connection(path: folder + "/agora.db", mode: .create)
      try Pragmas.live.apply(to: connection)
      try connection.execute(SchemaStep.all[0].sql)
      try connection.execute(
        "PRAGMA application_id=\(SchemaUpgrade.applicationID); PRAGMA user_version=1")
      return []
    },
    Scenario(operation: "compact") { folder in
      try write(deployment(5, living: 0), to: folder + "/one.json")
      _ = try migrate(folder + "/one.json", into: folder)
      return []
    },
  ]

  private static func deployment(_ seed: UInt64, living: Int) -> String {
    var deployment = Deployment(seed: seed)
    for _ in 0..<living { deployment.live() }
    return deployment.export()
  }

  private static func migrate(
    _ export: String, into folder: String, orphans: OrphanPolicy = .stub
  ) throws -> MigrationReport {
    var options = MigrationOptions(exports: [export])
    options.orphans = orphans
    return try Migration(options, store: folder + "/agora.db").run()
  }

  @Test(arguments: scenarios)
  func
    `a fault at any write leaves the store as it was or complete, and the same command completes it`(
      _ scenario: Scenario
    ) throws
  {
    try withTemporaryFolder { folder in
      let origin = folder + "/origin"
      try FileManager.default.createDirectory(
        atPath: origin, withIntermediateDirectories: true)
      let arguments = try scenario.prepare(origin)
      let matrix = CrashMatrix(
        operation: scenario.operation, arguments: arguments, origin: origin, folder: folder)
      let undisturbed = try matrix.undisturbed()
      var covered = 0
      for fault in Self.faults {
        for point in points(of: undisturbed.operations, fault) {
          try matrix.check(fault, at: point, against: undisturbed)
          covered += 1
        }
      }
      print(
        "crash matrix: \(scenario.operation): \(covered) of \(undisturbed.operations * Self.faults.count) points"
      )
      #expect(covered > 0)
    }
  }

  /// All points, or a few that always are the same, the first and the last ones among them.
  private func points(of count: Int, _ fault: String) -> [Int] {
    guard !Self.isWhole else { return Array(1...count) }
    var dice = SeededDice(seed: UInt64(fault.utf8.reduce(0) { $0 * 31 + Int($1) }))
    var points: Set<Int> = [1, count, count - 1]
    // The last steps are those that give the store its name.
    if fault == "kill" { points.formUnion((max(1, count - 24)...count).filter { $0 % 3 == 0 }) }
    while points.count < min(fault == "kill" ? 16 : 7, count) {
      points.insert(Int.random(in: 1...count, using: &dice))
    }
    return points.sorted()
  }
}

/// One operation on copies of one folder.
private struct CrashMatrix {
  let operation: String
  let arguments: [String]
  let origin: String
  let folder: String

  /// How the operation goes when nothing disturbs it.
  struct Outcome {
    let operations: Int
    let before: String
    let after: String
  }

  private var work: String { folder + "/work" }
  private var store: String { work + "/agora.db" }
  private static let nothing = "no store"

  func undisturbed() throws -> Outcome {
    try copy()
    let before = try hash()
    let child = try run("count:0", boot: "first")
    guard child.status == 0, let line = child.output.split(separator: "\n").last,
      let count = Int(line.split(separator: " ").last ?? "")
    else { throw Failure(text: "\(operation) undisturbed: \(child.talk)") }
    return Outcome(operations: count, before: before, after: try hash())
  }

  /// Does the operation with a fault, looks at what is left, and does it once more.
  func check(_ fault: String, at point: Int, against expected: Outcome) throws {
    let place = "\(operation) \(fault):\(point)"
    try copy()
    let child = try run("\(fault):\(point)", boot: "first")
    let isDead = child.status > 128
    #expect(isDead || child.status == 0 || child.status == 1, "\(place): \(child.talk)")
    if child.status == 1 {
      // A failure has a code of ours, and a failed run leaves nothing beside the store.
      let codes = ["[disk_full]", "[io]", "[permission_denied]", "[not_a_store]"]
      #expect(codes.contains { child.talk.contains($0) }, "\(place): \(child.talk)")
      #expect(!exists(store + ".migrating"), "\(place): the staging file is left")
    }
    let now = try hash()
    #expect(
      now == expected.before || now == expected.after, "\(place): neither before nor complete")
    if child.status == 0 { #expect(now == expected.after, "\(place): success without effect") }
    // What rolls back a run cannot do it twice; everything else can be said again.
    guard operation != "rollback" || now != expected.after else { return }
    let again = try run("count:0", boot: fault == "power" ? "second" : "first")
    #expect(again.status == 0, "\(place): again: \(again.talk)")
    let end = try hash()
    #expect(end == expected.after, "\(place): not what an undisturbed run gives")
    let left = try FileManager.default.contentsOfDirectory(atPath: work).filter {
      $0.contains("migrating") || $0.hasSuffix("-journal")
    }
    #expect(left.isEmpty, "\(place): \(left)")
  }

  private func copy() throws {
    try? FileManager.default.removeItem(atPath: work)
    try FileManager.default.copyItem(atPath: origin, toPath: work)
  }

  private func run(_ fault: String, boot: String) throws -> Child {
    let isMigration = operation == "migrate" || operation == "delta"
    return try Child.run(
      "CrashSubject", [fault, operation, store] + arguments + (isMigration ? [boot] : []))
  }

  private func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// The marketplace's hash, from a store that is sound in every way that can be checked.
  private func hash() throws -> String {
    guard exists(store) else { return Self.nothing }
    let opened = try Connection(path: store, mode: .readWrite)
    let version = try SchemaUpgrade.inspect(opened)
    // A store that waits for its upgrade has to be whole all the same.
    guard version == SchemaUpgrade.newest else {
      let integrity = try opened.first(Query("integrity", "PRAGMA integrity_check")) { $0.text(0) }
      return "version \(version) \(integrity ?? "")"
    }
    let check = try StoreCheck(Store(path: store))
    guard check.isSound else { return "not sound: \(check.text)" }
    return try Store(path: store).contentHash()
  }

  private struct Failure: Error {
    let text: String
  }
}
