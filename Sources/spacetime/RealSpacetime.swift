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
    return onPath("spacetime") { !File.isSame($0, own) }
  }

  /// The program agora: beside this one, else on the PATH.
  static var agora: String? {
    if let own = System.executablePath, let slash = own.lastIndex(of: "/") {
      let candidate = own[..<slash] + "/agora"
      if access(String(candidate), X_OK) == 0 { return String(candidate) }
    }
    return onPath("agora") { _ in true }
  }

  private static func onPath(_ name: String, where fits: (String) -> Bool) -> String? {
    for folder in (System.environment("PATH") ?? "").split(separator: ":") {
      let candidate = "\(folder)/\(name)"
      if access(candidate, X_OK) == 0, fits(candidate) { return candidate }
    }
    return nil
  }

  /// Becomes a program: same descriptors, same folder, same words.
  ///
  /// - Returns: the exit code where it cannot be started.
  static func become(_ path: String, _ words: [String], as name: String = "spacetime") -> Int32 {
    setenv(mark, "1", 1)
    var arguments: [UnsafeMutablePointer<CChar>?] = ([name] + words).map { strdup($0) }
    arguments.append(nil)
    execv(path, arguments)
    let reason = String(cString: strerror(errno))
    for argument in arguments { free(argument) }
    return Talk.fail("\(path) cannot be started: \(reason)")
  }
}
