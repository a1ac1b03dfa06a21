import AgoraStore

/// A file that is written line by line beside its final name, which it gets when it is whole.
final class OutputFile {
  private let path: String
  /// The file on its way; nil where the name leads to what cannot be replaced.
  private let part: PartFile?
  private let file: File
  private var buffer: [UInt8] = []

  /// - Throws: ``AgoraError`` when the file cannot be made.
  init(_ path: String) throws {
    self.path = path
    if let descriptor = Self.openDescriptor(path) {
      // What is open already is written to as it is: its name may lead to a file, and would be replaced.
      part = nil
      file = File(descriptor: descriptor, path: path, closes: false)
      return
    }
    do throws(SystemError) {
      let status = try File.status(path)
      guard status?.isFolder != true else {
        throw SystemError(number: 21, doing: "write \(path)")
      }
      // A device or a pipe cannot be replaced, only written to; of a link, what it leads to is replaced.
      let part = status?.isRegular == false ? nil : try PartFile(for: File.resolved(path))
      self.part = part
      if let part { file = part.file } else { file = try File.writing(path) }
    } catch {
      throw AgoraError(error, file: path)
    }
  }

  /// The descriptor that a path such as `/dev/stdout` or `/dev/fd/3` is another name of.
  private static func openDescriptor(_ path: String) -> Int32? {
    switch path {
    case "/dev/stdout": return 1
    case "/dev/stderr": return 2
    default:
      for prefix in ["/dev/fd/", "/proc/self/fd/"] where path.hasPrefix(prefix) {
        return Int32(path.dropFirst(prefix.count))
      }
      return nil
    }
  }

  /// Appends what `body` writes to the buffer.
  func append(_ body: (inout [UInt8]) throws -> Void) throws {
    try body(&buffer)
    if buffer.count >= 1 << 16 { try flush() }
  }

  /// Writes what is still in the buffer, so that finishing can hardly fail.
  ///
  /// - Throws: ``AgoraError``, `interrupted` when the process is to stop.
  func flush() throws {
    guard !System.isInterrupted else { throw AgoraError.interrupted }
    do throws(SystemError) { try file.write(buffer.span) } catch {
      throw AgoraError(error, file: path)
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Gives the file its name.
  func finish() throws {
    try flush()
    do throws(SystemError) { try part?.replace() } catch {
      throw AgoraError(error, file: path)
    }
  }
}
