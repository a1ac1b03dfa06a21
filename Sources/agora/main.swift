import AgoraStore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// This program's version, as `agora --version` prints it.
let version = "0.1.0"

/// Runs one command line from the words to the exit code.
func runCommandLine(_ arguments: [String]) -> ExitCode {
  do {
    // Every command has one time; a word that is none must not be taken for the machine's.
    _ = try Clock.ofEnvironment()
    switch try CommandLineReader(commands: Commands.all).read(arguments) {
    case .version: try Terminal.print("agora \(version)")
    case .help(let command):
      try Terminal.print(command.map(Help.text) ?? Help.overview(Commands.all))
    case .helpForGroup(let words, let commands):
      try Terminal.print(Help.group(words, commands))
    case .run(let invocation): return try invocation.command.run(invocation)
    }
    return .done
  } catch let error as AgoraError {
    return report(error, to: arguments)
  } catch let error as ToolCommand.Misuse {
    return report(error.error, of: error.parameter, to: arguments)
  } catch let error as SQLiteError {
    return report(AgoraError(error, store: "the store"), to: arguments)
  } catch {
    return report(AgoraError(.broken, "\(error)"), to: arguments)
  }
}

/// - Parameter parameter: the parameter of a tool that is wrong.
private func report(
  _ error: AgoraError, of parameter: String? = nil, to arguments: [String]
) -> ExitCode {
  // Whoever stops reading, as `head` does, knows it.
  if error.code == .brokenPipe, ["standard output", "/dev/stdout"].contains(error.file) {
    return .unread
  }
  Terminal.say("agora: \(error)")
  if arguments.contains("--json") {
    // A call's failure has one shape, whatever has failed.
    let isCall = CommandLineReader(commands: Commands.all).means(["call"], arguments)
    var members: [JSON.Member] = [
      .init("code", .string(error.code.rawValue)), .init("message", .string(error.message)),
    ]
    if isCall { members.append(.init("parameter", .optional(parameter))) }
    members += [
      .init("file", .optional(error.file)), .init("offset", error.offset.map { .int($0) } ?? .null),
      .init("remedy", .optional(error.remedy)),
    ]
    let status = isCall ? [] : [JSON.Member("status", .string("failed"))]
    let json = JSON.object(
      status + [.init("error", .object(members))] + (error.details?.members ?? []))
    // Where nobody reads standard output, standard error has said it.
    try? Terminal.print(JSONWriter.pretty(json))
  }
  return ExitCode(error)
}

/// The words of the command line; nil when one of them is not UTF-8, which Swift would silently mend
/// into the name of another file.
func exactArguments() -> [String]? {
  var words: [String] = []
  for index in 1..<max(1, Int(CommandLine.argc)) {
    guard let word = CommandLine.unsafeArgv[index],
      let text = String(validatingCString: word)
    else { return nil }
    words.append(text)
  }
  return words
}

System.prepareProcess()
if let arguments = exactArguments() {
  exit(runCommandLine(arguments).rawValue)
}
Terminal.say(
  "agora: an argument is not UTF-8 [misuse]\n  Rename the file, or reach it by another path.")
exit(ExitCode.misused.rawValue)
