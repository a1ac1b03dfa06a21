import AgoraStore

/// What somebody pipes in.
enum StandardInput {
  /// Reads all of it.
  ///
  /// - Parameter limit: the most bytes that are taken.
  /// - Throws: ``AgoraError`` `misuse` when there is more or when it is not UTF-8, `io`.
  static func text(limit: Int) throws -> String {
    if System.isTerminal(0) { Terminal.say("agora: type a JSON object, and end it with Control-D") }
    let file = File(descriptor: 0, path: "standard input", closes: false)
    var bytes: [UInt8] = []
    do throws(SystemError) {
      while try file.read(upTo: 1 << 16, appendingTo: &bytes) > 0, bytes.count <= limit {}
    } catch { throw AgoraError(error, file: "standard input") }
    guard bytes.count <= limit else {
      throw AgoraError(
        .misuse, "standard input has more than the \(limit) bytes that a call can have")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw AgoraError(.badEncoding, "standard input is not UTF-8", remedy: "Give JSON in UTF-8.")
    }
    return text
  }
}
