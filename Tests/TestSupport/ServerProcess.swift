import Foundation

/// `agora serve` as a process of its own.
package final class ServerProcess {
  private let process = Process()
  private let talk = Pipe()
  /// What it printed first.
  package let greeting: String
  /// The port on which it listens.
  package let port: Int

  /// Starts it on a store, on a port that the system chooses, and waits until it listens.
  package init(
    store: String, _ arguments: [String] = [], environment: [String: String] = [:]
  ) throws {
    process.executableURL = Child.products.appendingPathComponent("agora")
    process.arguments = ["serve", "--listen", "127.0.0.1:0", "--store", store] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    process.standardError = talk
    try process.run()
    greeting = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let digits = greeting.prefix { $0 != "\n" }.split(separator: ":").last ?? ""
    guard let port = Int(digits) else {
      process.terminate()
      throw CocoaError(.fileReadUnknown, userInfo: ["greeting": greeting])
    }
    self.port = port
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// Its number.
  package var id: Int32 { process.processIdentifier }

  /// Sends it a signal.
  package func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  /// Waits for its end.
  ///
  /// - Returns: the exit status, or 128 and the signal's number, and what it said.
  package func wait() -> (status: Int32, talk: String) {
    let text = talk.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let status =
      process.terminationReason == .uncaughtSignal
      ? 128 + process.terminationStatus : process.terminationStatus
    return (status, String(decoding: text, as: UTF8.self))
  }
}
