package import AgoraStore
import Synchronization

/// MCP on standard input and output: one client, until it ends its side or the process is to stop.
package struct MCPStdio {
  private let input: File
  private let lines: MCPLines
  private let output: Output

  /// Standard output, with one line at a time on it.
  private final class Output: Sendable {
    private let file: File
    private let state = Mutex(false)

    init(_ file: File) { self.file = file }

    /// Whether nobody takes what is written.
    var isClosed: Bool { state.withLock { $0 } }

    func write(_ bytes: [UInt8]) {
      state.withLock { isClosed in
        guard !isClosed else { return }
        do throws(SystemError) { try file.write(bytes.span) } catch { isClosed = true }
      }
    }
  }

  package init(_ core: MCPCore, as caller: Caller, input: File, output: File) {
    let output = Output(output)
    self.input = input
    self.output = output
    lines = MCPLines(core, as: caller) { output.write($0) }
  }

  /// Serves until the input ends, the client is gone, or the process is to stop.
  ///
  /// At the input's end what came before it is still answered.
  ///
  /// - Throws: ``AgoraError`` `io` when the input cannot be read.
  package func run() throws(AgoraError) {
    var buffer: [UInt8] = []
    while !output.isClosed, !System.isInterrupted {
      guard !lines.isFull else {
        System.pause(milliseconds: 1)
        continue
      }
      buffer.removeAll(keepingCapacity: true)
      do throws(SystemError) {
        try System.waitUntilReadable(input.descriptor)
        guard try input.read(upTo: 1 << 16, appendingTo: &buffer) > 0 else { break }
      } catch {
        if System.isInterrupted { break }
        throw AgoraError(error, file: "standard input")
      }
      lines.feed(buffer)
    }
    if System.isInterrupted { lines.stop() } else { lines.finish() }
    while lines.pending > 0, !output.isClosed {
      if System.isInterrupted { lines.stop() }
      System.pause(milliseconds: 1)
    }
  }
}
