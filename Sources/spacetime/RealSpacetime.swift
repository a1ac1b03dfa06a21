import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The real `spacetime`, for databases that are not v4's.
enum RealSpacetime {
  /// Set in the environment of the real one, so that two drop-ins on a PATH do not call each other.
  private static let mark = "AGORA_SPACETIME_PASSED"

  /// Where it is: `AGORA_REAL_SPACETIME`, else the next one on the PATH; nil where there is none.
  static var path: String? {
    guard System.environment(mark) == nil else { return nil }
    if let named = System.environment("AGORA_REAL_SPACETIME") { return named }
    let own = System.executablePath ?? ""
    for folder in (System.environment("PATH") ?? "").split(separator: ":") {
      let candidate = "\(folder)/spacetime"
      if access(candidate, X_OK) == 0, !File.isSame(candidate, own) { return candidate }
    }
    return nil
  }

  /// Becomes it: same descriptors, same folder, same words.
  ///
  /// - Returns: the exit code where it cannot be started.
  static func become(_ path: String, _ words: [String]) -> Int32 {
    setenv(mark, "1", 1)
    var arguments: [UnsafeMutablePointer<CChar>?] = (["spacetime"] + words).map { strdup($0) }
    arguments.append(nil)
    execv(path, arguments)
    let reason = String(cString: strerror(errno))
    for argument in arguments { free(argument) }
    return Talk.fail("\(path) cannot be started: \(reason)")
  }
}
