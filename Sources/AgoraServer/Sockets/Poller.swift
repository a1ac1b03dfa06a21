import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is wanted of a descriptor.
struct Interest: OptionSet, Hashable {
  let rawValue: Int
  static let reading = Interest(rawValue: 1)
  static let writing = Interest(rawValue: 2)
}

/// What a descriptor is ready for.
struct Readiness {
  let token: Int
  let canRead: Bool
  /// Both sides are closed, or the connection has failed.
  let isGone: Bool
}

/// Waits for many descriptors at once, each known by a token.
///
/// It is `poll`: epoll is in no module of the toolchain's, kqueue could not be tested where epoll runs, and
/// looking at the few thousand descriptors that the server allows takes some ten microseconds.
struct Poller {
  private var watched: [pollfd] = []
  private var tokens: [Int] = []
  private var places: [Int: Int] = [:]

  mutating func add(_ descriptor: Int32, token: Int, _ interest: Interest) {
    places[token] = watched.count
    tokens.append(token)
    watched.append(pollfd(fd: descriptor, events: Self.events(interest), revents: 0))
  }

  mutating func change(token: Int, _ interest: Interest) {
    guard let place = places[token] else { return }
    watched[place].events = Self.events(interest)
  }

  mutating func remove(token: Int) {
    guard let place = places.removeValue(forKey: token) else { return }
    watched.swapAt(place, watched.count - 1)
    tokens.swapAt(place, tokens.count - 1)
    watched.removeLast()
    tokens.removeLast()
    if place < tokens.count { places[tokens[place]] = place }
  }

  /// - Parameter milliseconds: the longest time; nil is without an end.
  mutating func wait(_ milliseconds: Int32?) throws(SystemError) -> [Readiness] {
    let size = watched.count
    var left = try System.call("wait for clients") {
      Int(poll(&watched, nfds_t(size), milliseconds ?? -1))
    }
    var ready: [Readiness] = []
    for place in watched.indices {
      guard left > 0 else { break }
      let events = Int32(watched[place].revents)
      guard events != 0 else { continue }
      left -= 1
      ready.append(
        Readiness(
          token: tokens[place], canRead: events & Int32(POLLIN) != 0,
          isGone: events & Int32(POLLHUP | POLLERR | POLLNVAL) != 0))
    }
    return ready
  }

  private static func events(_ interest: Interest) -> Int16 {
    Int16((interest.contains(.reading) ? POLLIN : 0) | (interest.contains(.writing) ? POLLOUT : 0))
  }
}
