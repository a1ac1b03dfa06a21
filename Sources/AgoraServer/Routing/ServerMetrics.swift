import Synchronization

/// Counts what the server does, for whoever shows figures.
public final class ServerMetrics: ServerObserver {
  /// What requests are told apart by: all of it is bounded, since unknown paths have no route.
  public struct Label: Sendable, Hashable {
    /// The method's name; `-` where the request could not be read.
    public let method: String
    /// The route's pattern; `-` where there is none.
    public let route: String
    /// The answer's status.
    public let status: Int
  }

  /// The durations of some requests.
  public struct Histogram: Sendable, Equatable {
    /// The upper ends of the buckets in milliseconds; beyond the last one is one more.
    public static let bounds: [Int64] = [
      1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000,
    ]
    /// How many requests were in each bucket, not added up.
    public private(set) var buckets = [Int](repeating: 0, count: bounds.count + 1)
    /// How many requests there were.
    public private(set) var count = 0
    /// Their milliseconds together.
    public private(set) var sum: Int64 = 0

    mutating func add(_ milliseconds: Int64) {
      let place = Self.bounds.firstIndex { milliseconds <= $0 } ?? Self.bounds.count
      buckets[place] += 1
      count += 1
      sum += milliseconds
    }

    mutating func add(_ other: Histogram) {
      for (place, count) in other.buckets.enumerated() { buckets[place] += count }
      count += other.count
      sum += other.sum
    }
  }

  /// All figures at one moment.
  public struct Figures: Sendable, Equatable {
    /// Clients that are there.
    public internal(set) var open = 0
    /// Clients that have come.
    public internal(set) var connections = 0
    /// Bytes of bodies that came.
    public internal(set) var received = 0
    /// Bytes of answers.
    public internal(set) var sent = 0
    /// Answers that did not come to their end.
    public internal(set) var cut = 0
    /// Durations by label.
    public internal(set) var requests: [Label: Histogram] = [:]
  }

  private let state = Mutex(Figures())

  /// Makes figures of zero.
  public init() {}

  /// The figures now.
  public var figures: Figures { state.withLock { $0 } }

  /// Counts a client.
  public func connected() {
    state.withLock {
      $0.open += 1
      $0.connections += 1
    }
  }

  /// Counts a client that went.
  public func disconnected() { state.withLock { $0.open -= 1 } }

  /// Counts an answer.
  public func answered(_ exchange: Exchange) {
    let label = Label(
      method: exchange.method?.rawValue ?? "-", route: exchange.route ?? "-",
      status: exchange.status.code)
    state.withLock {
      $0.received += exchange.received
      $0.sent += exchange.sent
      if !exchange.isWhole { $0.cut += 1 }
      $0.requests[label, default: Histogram()].add(exchange.milliseconds)
    }
  }
}
