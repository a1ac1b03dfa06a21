package import AgoraStore

/// The variables of the protocol's deployment that say how far v4 is from its end when a program starts.
package struct SunsetEnvironment: Sendable, Equatable {
  /// The phase in which v4 is at least; nil where nothing is said.
  package let phase: SunsetPhase?

  /// Reads `COMPATIBILITY_MODE` (`enabled`, or `disabled` for the end) and `DEPRECATION_WARNINGS`
  /// (`enabled` for warnings).
  ///
  /// - Throws: ``AgoraError`` `misuse` where one of them is another word.
  package init(
    _ read: (String) -> String? = { System.environment($0) }
  ) throws(AgoraError) {
    func isEnabled(_ name: String) throws(AgoraError) -> Bool? {
      switch read(name)?.lowercased() {
      case nil: nil
      case "enabled", "true", "1", "on": true
      case "disabled", "false", "0", "off": false
      case let word?:
        throw AgoraError(
          .misuse, "\(name) is \"\(TextTable.visible(word))\", and enabled or disabled is due")
      }
    }
    let warns = try isEnabled("DEPRECATION_WARNINGS") == true
    let isOff = try isEnabled("COMPATIBILITY_MODE") == false
    phase = isOff ? .sunset : warns ? .warning : nil
  }
}
