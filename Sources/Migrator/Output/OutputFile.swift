import AgoraStore

/// A file that is written line by line beside its final name, which it gets when it is whole.
final class OutputFile {
  private let path: String
  private let temporary: String
  private let file: File
  private var buffer: [UInt8] = []
  private var isFinished = false

  /// - Throws: ``AgoraError`` when the file cannot be made.
  init(_ path: String) throws {
    self.path = path
    do throws(SystemError) {
      let status = try File.status(path)
      guard status?.isFolder != true else {
        throw SystemError(number: 21, doing: "write \(path)")
      }
      // Something like /dev/stdout cannot be replaced, only written to.
      let isSpecial = status?.isRegular == false
      temporary = isSpecial ? path : "\(path).\(System.processID).part"
      file = isSpecial ? try File.writing(path) : try File.creating(temporary)
    } catch {
      throw AgoraError(error, file: path)
    }
  }

  /// Appends what `body` writes to the buffer.
  func append(_ body: (inout [UInt8]) throws -> Void) throws {
    try body(&buffer)
    if buffer.count >= 1 << 16 { try flush() }
  }

  /// Writes what is still in the buffer, so that finishing can hardly fail.
  func flush() throws {
    do throws(SystemError) { try file.write(buffer.span) } catch {
      throw AgoraError(error, file: path)
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Gives the file its name.
  func finish() throws {
    try flush()
    guard temporary != path else { return }
    do throws(SystemError) { try File.rename(temporary, to: path) } catch {
      throw AgoraError(error, file: path)
    }
    isFinished = true
  }

  deinit { if !isFinished, temporary != path { try? File.remove(temporary) } }
}
