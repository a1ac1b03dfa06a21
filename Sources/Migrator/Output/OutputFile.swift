import AgoraStore

/// A file that is written line by line beside its final name, which it gets when it is whole.
final class OutputFile {
  private let path: String
  private let target: String
  private let temporary: String
  private let file: File
  private var buffer: [UInt8] = []
  private var isFinished = false

  /// - Throws: ``AgoraError`` when the file cannot be made.
  init(_ path: String) throws {
    self.path = path
    if let descriptor = Self.openDescriptor(path) {
      // What is open already is written to as it is: its name may lead to a file, and would be replaced.
      (target, temporary) = (path, path)
      file = File(descriptor: descriptor, path: path, closes: false)
      return
    }
    do throws(SystemError) {
      let status = try File.status(path)
      guard status?.isFolder != true else {
        throw SystemError(number: 21, doing: "write \(path)")
      }
      // A device or a pipe cannot be replaced, only written to; of a link, what it leads to is replaced.
      let isSpecial = status?.isRegular == false
      target = File.resolved(path)
      temporary = isSpecial ? target : "\(target).\(System.processID).part"
      file = isSpecial ? try File.writing(path) : try File.creating(temporary)
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
  func flush() throws {
    do throws(SystemError) { try file.write(buffer.span) } catch {
      throw AgoraError(error, file: path)
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Gives the file its name.
  func finish() throws {
    try flush()
    guard temporary != target else { return }
    do throws(SystemError) { try File.rename(temporary, to: target) } catch {
      throw AgoraError(error, file: path)
    }
    isFinished = true
  }

  deinit { if !isFinished, temporary != target { try? File.remove(temporary) } }
}
