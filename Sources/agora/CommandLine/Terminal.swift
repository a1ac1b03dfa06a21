import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where data and talk go: standard output and standard error.
enum Terminal {
  private static let output = File(descriptor: 1, path: "standard output", closes: false)
  private static let talk = File(descriptor: 2, path: "standard error", closes: false)

  /// Writes data as it is.
  ///
  /// - Throws: ``AgoraError`` `broken_pipe` when nobody takes it, `disk_full`, `io`.
  static func write(_ bytes: [UInt8]) throws {
    do throws(SystemError) { try output.write(bytes.span) } catch {
      throw AgoraError(error, file: "standard output")
    }
  }

  /// Writes a line of data.
  ///
  /// - Throws: as ``write(_:)``.
  static func print(_ text: String) throws { try write(Array((text + "\n").utf8)) }

  /// Writes a line of talk; there is nobody to tell when that fails.
  static func say(_ text: String) { sayAsIs(text + "\n") }

  /// Writes talk without a line's end.
  static func sayAsIs(_ text: String) {
    let bytes = Array(text.utf8)
    try? talk.write(bytes.span)
  }

  /// Whether a person reads standard error.
  static var isWatched: Bool { System.isTerminal(2) }

  /// The number of columns of the terminal; 80 where it does not tell.
  static var width: Int {
    guard let size = size(2), size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// The number of rows of the terminal that takes data; 24 where it does not tell.
  static var height: Int {
    guard let size = size(1), size.ws_row > 0 else { return 24 }
    return Int(size.ws_row)
  }

  private static func size(_ descriptor: Int32) -> winsize? {
    var size = winsize()
    return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
  }
}

/// Standard output as a file that can be named: `-`.
enum StandardOutput {
  /// The path of a file that a command line names.
  static func path(of name: String) -> String { name == "-" ? "/dev/stdout" : name }

  /// What a person calls it.
  static func title(of name: String) -> String { name == "-" ? "standard output" : name }
}
