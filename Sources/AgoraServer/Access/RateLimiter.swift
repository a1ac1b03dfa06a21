import Synchronization

/// How fast each caller may call: a bucket a caller, which fills steadily and from which each call takes.
final class RateLimiter: Sendable {
  private struct Bucket {
    var tokens: Double
    var since: Int64
  }

  /// Calls a second; 0 for no limit.
  let rate: Int
  private let milliseconds: @Sendable () -> Int64
  private let buckets = Mutex<[String: Bucket]>([:])

  /// - Parameter milliseconds: a clock that only goes forward.
  init(rate: Int, milliseconds: @escaping @Sendable () -> Int64) {
    self.rate = rate
    self.milliseconds = milliseconds
  }

  /// The calls that may come at once after a pause.
  var burst: Double { Double(rate) * 4 }

  /// Takes a call in.
  ///
  /// - Returns: nil where it may be done, else the seconds to wait, 1 at least.
  func admit(_ caller: String) -> Int? {
    guard rate > 0 else { return nil }
    let now = milliseconds()
    return buckets.withLock { buckets in
      // Full buckets say nothing: they are thrown away before they become many.
      if buckets.count > 4096 {
        buckets = buckets.filter { fill($0.value, at: now) < burst }
      }
      var bucket = buckets[caller] ?? Bucket(tokens: burst, since: now)
      bucket.tokens = fill(bucket, at: now)
      bucket.since = now
      defer { buckets[caller] = bucket }
      guard bucket.tokens >= 1 else {
        return max(1, Int(((1 - bucket.tokens) / Double(rate)).rounded(.up)))
      }
      bucket.tokens -= 1
      return nil
    }
  }

  private func fill(_ bucket: Bucket, at now: Int64) -> Double {
    min(burst, bucket.tokens + Double(max(0, now - bucket.since)) / 1000 * Double(rate))
  }
}
