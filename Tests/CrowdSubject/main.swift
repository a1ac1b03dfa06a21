import AgoraStore
import Foundation
import TestSupport

// CrowdSubject STORE NAME ROUNDS WORKFLOW…
//
// One of many programs that write to a store at once. A failure is told as the command line tells it,
// with exit 1.
let arguments = CommandLine.arguments
guard arguments.count >= 4, let rounds = Int(arguments[3]) else { exit(64) }

/// In a function, so that the marketplace is let go and writes what it has gathered.
func work() throws {
  let marketplace = try Marketplace(Store(path: arguments[1]))
  try Crowd.work(
    marketplace, name: arguments[2], rounds: rounds, workflows: Array(arguments[4...]))
}

do { try work() } catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
