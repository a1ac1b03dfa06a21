import Foundation
import TestSupport
import Testing

/// A server as a process of its own, which a signal stops.
@Suite struct ServerSignalTests {
  @Test func `SIGTERM lets the server finish what runs and end well`() throws {
    let process = Process()
    process.executableURL = Child.products.appendingPathComponent("ServerSubject")
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let words = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    let port = try #require(Int(words.split(separator: "\n").first ?? ""))
    // The answer comes only when the signal has, and by the connection that was open then.
    let script = """
      exec 3<>/dev/tcp/127.0.0.1/\(port)
      printf 'GET /hello HTTP/1.1\\r\\nHost: a\\r\\n\\r\\nGET /slow HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n' >&3
      head -c 15 <&3
      kill -TERM \(process.processIdentifier)
      cat <&3
      """
    let reply = try Child.bash(script)
    process.waitUntilExit()
    #expect(reply.output.contains("HTTP/1.1 200 OK") && reply.output.hasSuffix("finished"))
    #expect(reply.output.contains("Connection: close"))
    #expect(process.terminationReason == .exit && process.terminationStatus == 0)
  }
}
