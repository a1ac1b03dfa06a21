import AgoraStore
import TestSupport
import Testing

/// Random sequences of all kinds of tools against a model of the marketplace.
@Suite struct MarketModelTests {
  /// `SEEDS=500` runs as many.
  private static let seeds: [UInt64] =
    System.environment("SEEDS").flatMap { UInt64($0) }.map { Array(1...max(1, $0)) } ?? [1, 2, 3]

  @Test(arguments: seeds)
  func `all tools do what the model does, whatever the order`(_ seed: UInt64) throws {
    try withTemporaryFolder { folder in
      var run = try MarketRun(folder, seed: seed)
      for _ in 0..<200 {
        // What halts everything is mostly lifted soon, or nothing else would happen.
        let isStill = !run.model.wholeHalts.isEmpty && run.dice.once(in: 2)
        switch isStill ? 18 : Int.random(in: 0..<24, using: &run.dice) {
        case 0...1: try run.register(4)
        case 2...4: try run.send()
        case 5...6: try run.acknowledge()
        case 7...8: try run.subscribe()
        case 9...10: try run.assign()
        case 11...14: try run.update()
        case 15...16: try run.create()
        case 17: try run.modify()
        case 18...21: try run.override()
        default: try run.manage()
        }
        try run.compare()
      }
      try run.check()
      // A run in which nothing was refused, or nothing done, would show nothing; of many seeds some are.
      guard seed <= 3 else { return }
      for tool in ["agora.messaging.send", "agora.task.update", "agora.admin.override"] {
        #expect(run.done[tool] ?? 0 > 5, "\(tool): \(run.done)")
      }
      #expect(run.refused[.halted] ?? 0 > 5, "\(run.refused)")
    }
  }
}
