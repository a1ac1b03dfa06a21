import AgoraStore

/// Where the project's files are, as seen from the tests.
package enum Project {
  /// The checkout's folder.
  package static let root: String = {
    let here = #filePath
    return File.folder(of: File.folder(of: File.folder(of: here)))
  }()

  /// Whether golden files are to be written anew; the tests that do it fail all the same, so that a
  /// recording never passes for a check.
  package static var isRecording: Bool { System.environment("RECORD") != nil }
}

/// A folder that is there for the length of a closure.
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = try File.temporaryFolder(
    in: System.environment("TMPDIR") ?? "/tmp", prefix: "agora-test-")
  defer { removeTree(folder) }
  return try body(folder)
}
