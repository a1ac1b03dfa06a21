import AgoraStore
import Synchronization

/// Whether the server can do work: the store can be written, and nobody has halted the marketplace.
final class ReadinessCheck: Sendable {
  /// What was found.
  struct Finding: Sendable {
    /// The reason why not; nil where it is ready.
    var failure: ToolFailure?
    /// What the write was found to be.
    var write: ComponentHealth?
  }

  /// How long a measured write speaks for the next ones, in microseconds: a probe must not be a load.
  private static let freshness: Int64 = 1_000_000

  private let marketplace: Marketplace
  private let clock: Clock
  private let last = Mutex<(at: Int64, write: ComponentHealth)?>(nil)

  init(_ marketplace: Marketplace, _ clock: Clock) {
    self.marketplace = marketplace
    self.clock = clock
  }

  func look() -> Finding {
    let write = measuredWrite()
    guard let write, write.status != .critical else {
      let reason = write?.message ?? "the store cannot be measured"
      return Finding(failure: ToolFailure(.unavailable, reason), write: write)
    }
    do {
      let halt = try marketplace.store.read {
        try Halt.strongest(on: ToolContext.systemWide, in: $0)
      }
      guard let halt else { return Finding(failure: nil, write: write) }
      // The reason is for those who may call; whoever asks here is asked for no token.
      let failure = ToolFailure(
        .halted, "the marketplace is halted (\(halt.action) at level \(halt.priority))")
      return Finding(failure: failure, write: write)
    } catch { return Finding(failure: ToolFailure(error), write: write) }
  }

  /// A synced write on a connection of its own; one that was measured just now speaks for this one.
  private func measuredWrite() -> ComponentHealth? {
    let now = clock.now().microseconds
    if let last = last.withLock({ $0 }), abs(now - last.at) < Self.freshness { return last.write }
    let probe = try? CheckHealth(CheckHealth.component(.write))
    let output = probe?.measure(marketplace.store.path, marketplace.catalog, at: clock.now())
    guard let write = output?.components.first?.health else { return nil }
    last.withLock { $0 = (now, write) }
    return write
  }
}
