import AgoraStore
import TestSupport
import Testing

/// What the listing tools do on a store with much in it.
///
/// With `LARGE_STORE` set to a path the store of a million messages is left there, to be measured in a
/// release build.
@Suite struct LargeStoreTests {
  private func store(in folder: String) throws -> (store: Store, messages: Int) {
    let isStress = Crowd.isStress || System.environment("LARGE_STORE") != nil
    let path = System.environment("LARGE_STORE") ?? folder + "/large.db"
    return (try Store(path: path, creates: true), isStress ? 1_000_000 : 5_000)
  }

  @Test(.timeLimit(.minutes(30)))
  func `listings of a large store go along indexes, whether it was analysed or not`() throws {
    try withTemporaryFolder { folder in
      let (store, messages) = try store(in: folder)
      let bazaar = try TestMarketplace(store: store)
      try LargeStore.fill(store, messages: messages)
      var plans: [String] = []
      for isAnalysed in [false, true] {
        if isAnalysed { try store.withWriter { try $0.execute("ANALYZE") } }
        for (tool, parameters) in LargeStore.listings {
          let start = ContinuousClock.now
          _ = try bazaar.call(tool, "{\(parameters)}")
          let time = ContinuousClock.now - start
          if messages > 100_000 { print("\(time) \(isAnalysed) \(tool) \(parameters)") }
        }
        // The readers take turns.
        for _ in 0..<4 { plans += try store.read { try QueryPlanTests.scans($0) } }
      }
      // What is counted over all tasks goes through all of them, along an index.
      plans.removeAll { $0.hasPrefix("tasks.by_") && $0.contains(" COVERING INDEX ") }
      #expect(Set(plans).isEmpty, "\(Set(plans).sorted().joined(separator: "\n"))")
    }
  }
}
