import AgoraStore
import CompatProxy
import Monitor
import Synchronization

/// The monitor's report, made once for all who ask at about the same time.
final class ReportCache: Sendable {
  private let marketplace: Marketplace
  private let clock: Clock
  private let last = Mutex<(report: MonitorReport, at: Double)?>(nil)

  init(_ marketplace: Marketplace, clock: Clock) {
    self.marketplace = marketplace
    self.clock = clock
  }

  /// The report; whoever asks while it is made waits for it.
  ///
  /// - Parameter seconds: how old it may be.
  func report(notOlderThan seconds: Double) throws -> MonitorReport {
    try last.withLock { last in
      let now = System.monotonicSeconds()
      if let last, now - last.at < seconds { return last.report }
      let report = try MonitorReport(
        marketplace, at: clock.now(), replacements: Reducer.replacements)
      last = (report, System.monotonicSeconds())
      return report
    }
  }
}
