import AgoraStore
import Foundation
import Migrator

// CrashSubject FAULT OPERATION STORE [ARGUMENT]
//
// Does one thing with a store while a fault waits at a counted write. Prints how many operations there
// were; a failure is told as the command line tells it, with exit 1.
let arguments = CommandLine.arguments
guard arguments.count >= 4, let fault = Fault(arguments[1]) else { exit(64) }
FaultVFS.install(fault)
let store = arguments[3]

func migration(_ argument: Int, appliesDeletes: Bool) throws {
  var options = MigrationOptions(exports: [arguments[argument]])
  options.appliesDeletes = appliesDeletes
  options.checkpointInterval = 10
  // After a power cut the machine is started anew.
  if arguments.count > argument + 1 { options.bootIdentity = arguments[argument + 1] }
  let report = try Migration(options, store: store).run()
  print("resumed \(report.isResumed)")
}

do {
  switch arguments[2] {
  case "migrate": try migration(4, appliesDeletes: false)
  case "delta": try migration(4, appliesDeletes: true)
  case "rollback": _ = try Rollback(arguments[4], store: store).run()
  case "retry": _ = try Migration(.retryingRejects(), store: store).run()
  case "resolve":
    _ = try ConflictResolution(.all(source: nil), keeping: .v4, store: store).run()
  case "upgrade": _ = try Store(path: store).size()
  case "compact": _ = try Store(path: store).compact()
  default: exit(64)
  }
  print("operations \(FaultVFS.operations)")
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
