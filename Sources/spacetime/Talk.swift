import AgoraStore

/// Where answers and complaints go.
enum Talk {
  private static let output = File(descriptor: 1, path: "standard output", closes: false)
  private static let errors = File(descriptor: 2, path: "standard error", closes: false)

  /// Writes to standard output as it stands.
  ///
  /// - Returns: false when nobody takes it.
  @discardableResult
  static func print(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    do throws(SystemError) { try output.write(bytes.span) } catch { return false }
    return true
  }

  /// Writes to standard error as it stands.
  static func error(_ text: String) {
    let bytes = Array(text.utf8)
    do throws(SystemError) { try errors.write(bytes.span) } catch {}
  }

  /// What SpacetimeDB 1.1.2 says before each of its unstable commands.
  static func warnUnstable() {
    error("WARNING: This command is UNSTABLE and subject to breaking changes.\n\n")
  }

  /// A command line that is wrong, as clap says it.
  ///
  /// - Parameter usage: what is due behind `spacetime`.
  /// - Returns: the exit code.
  static func misuse(_ text: String, _ usage: String) -> Int32 {
    error(
      """
      error: \(text)

      Usage: spacetime \(usage)

      For more information, try '--help'.

      """)
    return 2
  }

  /// What is said where words are missing.
  static func missing(_ names: [String]) -> String {
    "the following required arguments were not provided:\n"
      + names.map { "  \($0)" }.joined(separator: "\n")
  }

  /// A failure as SpacetimeDB's command line says it.
  ///
  /// - Returns: the exit code.
  static func fail(_ text: String) -> Int32 {
    error("Error: \(text)\n")
    return 1
  }
}
