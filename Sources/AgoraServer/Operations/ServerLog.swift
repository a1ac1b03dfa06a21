public import AgoraStore
import Synchronization

/// How much a log tells.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
  /// What only its makers want to know.
  case debug
  /// What happens.
  case info
  /// What somebody should look at.
  case warning
  /// What went wrong.
  case error

  /// Reads a level in any case, also `warn`; nil for another word.
  public init?(word: String) {
    let word = word.lowercased()
    self.init(rawValue: word == "warn" ? "warning" : word)
  }

  /// The louder level is the greater one.
  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .debug: 0
    case .info: 1
    case .warning: 2
    case .error: 3
    }
  }
}

/// How a log's lines are written.
public enum LogFormat: String, Sendable, CaseIterable {
  /// For people.
  case text
  /// One JSON object a line.
  case json
}

/// Writes lines about what the server does.
///
/// A thread of its own writes, so that a terminal or a pipe that nobody reads stops no client; what does
/// not fit in meanwhile is counted and said.
public final class ServerLog: Sendable {
  private struct Line {
    let time: Timestamp
    let level: LogLevel
    let message: String
    let members: [JSON.Member]
  }

  private struct State {
    var lines: [Line] = []
    var dropped = 0
    var isWriting = false
  }

  private let state = Mutex(State())
  private let format: LogFormat
  private let level: LogLevel
  private let clock: Clock
  private let capacity: Int
  private let write: @Sendable (String) -> Void

  /// Makes a log.
  ///
  /// - Parameters:
  ///   - level: what is less loud is left out.
  ///   - capacity: lines that may wait.
  ///   - write: takes some whole lines; it may wait, and is called by one thread at a time.
  public init(
    _ format: LogFormat = .json, level: LogLevel = .info, clock: Clock = .system,
    capacity: Int = 4096, write: @escaping @Sendable (String) -> Void
  ) {
    self.format = format
    self.level = level
    self.clock = clock
    self.capacity = capacity
    self.write = write
  }

  /// Writes a line, soon.
  ///
  /// - Parameters:
  ///   - message: what happened, in a few words that are always the same.
  ///   - members: what is particular.
  public func note(_ level: LogLevel, _ message: String, _ members: [JSON.Member] = []) {
    guard level >= self.level else { return }
    let line = Line(time: clock.now(), level: level, message: message, members: members)
    let begins = state.withLock { state -> Bool in
      guard state.lines.count < capacity else {
        state.dropped += 1
        return false
      }
      state.lines.append(line)
      defer { state.isWriting = true }
      return !state.isWriting
    }
    guard begins else { return }
    do throws(SystemError) { try SystemThread.start { [self] in flush() } } catch {
      state.withLock { $0.isWriting = false }
    }
  }

  private func flush() {
    while true {
      let lines = state.withLock { state -> [Line] in
        var lines = state.lines
        if state.dropped > 0 {
          lines.append(
            Line(
              time: clock.now(), level: .warning, message: "lines were dropped",
              members: [.init("dropped", .int(state.dropped))]))
        }
        (state.lines, state.dropped) = ([], 0)
        if lines.isEmpty { state.isWriting = false }
        return lines
      }
      guard !lines.isEmpty else { return }
      write(lines.map { text($0) + "\n" }.joined())
    }
  }

  /// Waits, for a moment at most, until all lines are written.
  public func finish() {
    for _ in 0..<200 where state.withLock({ $0.isWriting }) { System.pause(milliseconds: 5) }
  }

  private func text(_ line: Line) -> String {
    switch format {
    case .json:
      return JSONWriter.compact(
        .object(
          [
            .init("time", .string(line.time.description)),
            .init("level", .string(line.level.rawValue)), .init("message", .string(line.message)),
          ] + line.members))
    case .text:
      let facts = line.members.filter { $0.value != .null }.map { member in
        "\(member.name)=\(member.value.text.map(Self.quoted) ?? JSONWriter.compact(member.value))"
      }
      return ([line.time.description, line.level.rawValue, line.message] + facts)
        .joined(separator: " ")
    }
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != 0x22 }
    return isPlain ? text : JSONWriter.compact(.string(text))
  }
}
