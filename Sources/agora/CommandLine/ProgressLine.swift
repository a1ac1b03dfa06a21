import AgoraStore
import Migrator

/// One line on a terminal that tells how far a migration is, how fast it goes and how long it takes.
///
/// Reading is the smaller part of the work, so bytes read alone would stand at 100 % long before the
/// end: the share of each part was measured on exports of a million rows.
final class ProgressLine: ProgressObserver {
  /// The shares of reading, loading and building the indexes in the whole time.
  private static let shares = (reading: 0.30, loading: 0.50, finishing: 0.20)
  private let isShown: Bool
  private let started = System.monotonicSeconds()
  private var lastShown = 0.0
  private var hasLine = false
  private var bytes: Int?
  private var read: () -> Int = { 0 }

  init(isShown: Bool) { self.isShown = isShown }

  func began(bytes: Int?, read: @escaping () -> Int) {
    self.bytes = bytes
    self.read = read
  }

  func reading(rows: Int) throws {
    try Interruption.check()
    let part = bytes.map { $0 > 0 ? min(1, Double(read()) / Double($0)) : 1 }
    let count = bytes.map { "\(Self.megabytes(read())) of \(Self.megabytes($0))" }
    show(
      part.map { $0 * Self.shares.reading },
      "reading  \(count ?? Self.megabytes(read())), \(rows) rows")
  }

  func loading(rows: Int, of total: Int) throws {
    try Interruption.check()
    let part = total > 0 ? min(1, Double(rows) / Double(total)) : 1
    show(
      Self.shares.reading + part * Self.shares.loading,
      "loading  \(min(rows, total)) of \(total) rows")
  }

  func finishing() throws {
    try Interruption.check()
    lastShown = 0
    show(Self.shares.reading + Self.shares.loading, "building indexes")
  }

  func ended() {
    guard hasLine else { return }
    Terminal.sayAsIs("\r\u{1b}[K")
    hasLine = false
  }

  private func show(_ part: Double?, _ what: String) {
    guard isShown else { return }
    let now = System.monotonicSeconds()
    guard now - lastShown >= 0.1 else { return }
    lastShown = now
    let elapsed = now - started
    var line = what
    if let part {
      line = "\(Int(part * 100)) %  " + line
      if part > 0.02, elapsed > 0.5 {
        line += ", \(Self.duration(elapsed * (1 - part) / part)) left"
      }
    }
    let rate = elapsed > 0.2 ? ", \(Self.megabytes(Int(Double(read()) / elapsed)))/s" : ""
    Terminal.sayAsIs("\r\u{1b}[K" + String((line + rate).prefix(Terminal.width - 1)))
    hasLine = true
  }

  private static func megabytes(_ bytes: Int) -> String {
    let tenths = (Double(bytes) / 100_000).rounded() / 10
    return "\(tenths) MB"
  }

  private static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }
}
