import AgoraStore

/// `agora shim`: the drop-in `spacetime` on the PATH of v4's agents.
enum ShimCommands {
  private static let folder = Command.Operand(
    name: "DIR", help: "A folder that stands on the agents' PATH, before any other spacetime.")

  static let install = Command(
    words: ["shim", "install"], summary: "Puts the drop-in spacetime into a folder, as a link.",
    operands: [folder],
    discussion: """
      A folder that is missing is made, if the one around it is there. A spacetime that is there already and is another program is never replaced: choose a folder that comes before it on the PATH, and calls of databases that are not v4's still reach it.
      """,
    run: runInstall)

  static let remove = Command(
    words: ["shim", "remove"], summary: "Takes the drop-in spacetime out of a folder again.",
    operands: [folder], run: runRemove)

  /// The program that lies beside this one.
  private static func program() throws -> String {
    let path = File.folder(of: System.executablePath ?? "agora") + "/spacetime"
    guard try File.status(path)?.isRegular == true else {
      throw AgoraError(
        .noSuchFile, "the drop-in is not beside this program", file: path,
        remedy: "Put the program spacetime that was built with agora there.")
    }
    return path
  }

  private static func runInstall(_ invocation: Invocation) throws -> ExitCode {
    let program = try program()
    let folder = invocation.operands[0]
    let target = folder + "/spacetime"
    var isNewFolder = false
    do {
      switch try File.status(folder)?.isFolder {
      case true?: break
      case false?:
        throw AgoraError(
          .misuse, "this is a file and no folder", file: folder, remedy: "Name a folder.")
      case nil:
        do throws(SystemError) { try File.makeFolder(folder) } catch {
          throw AgoraError(error, file: folder)
        }
        isNewFolder = true
      }
      if try File.status(target) != nil {
        guard File.isSame(target, program) else {
          throw AgoraError(
            .refused, "another program of this name is there, and it stays", file: target,
            remedy: "Choose a folder that comes before this one on the PATH.")
        }
      } else {
        try File.remove(target)
        try File.symbolicLink(to: program, at: target)
      }
    } catch let error as SystemError { throw AgoraError(error, file: target) }
    let isOnPath = (System.environment("PATH") ?? "").split(separator: ":").contains { part in
      File.isSame(String(part), folder)
    }
    let hint = isOnPath ? "" : "\nThe folder is not on this shell's PATH; the agents' must have it."
    try invocation.report(
      .object([
        .init("status", .string("installed")), .init("path", .string(target)),
        .init("program", .string(program)), .init("on_path", .bool(isOnPath)),
        .init("made_folder", .bool(isNewFolder)),
      ]),
      """
      \(isNewFolder ? "Made the folder \(folder). " : "")\(target) is the drop-in now. Agents work on the store AGORA_STORE, or agora.db in their folder.\(hint)
      To undo it: agora shim remove \(folder)
      """)
    return .done
  }

  private static func runRemove(_ invocation: Invocation) throws -> ExitCode {
    let program = try program()
    let target = invocation.operands[0] + "/spacetime"
    do {
      guard try File.status(target) != nil else {
        throw AgoraError(.notFound, "there is no drop-in here", file: target)
      }
      guard File.isSame(target, program), target != program else {
        throw AgoraError(
          .refused, "this is not the link that agora shim install made, and it stays",
          file: target)
      }
      try File.remove(target)
    } catch let error as SystemError { throw AgoraError(error, file: target) }
    try invocation.report(
      .object([.init("status", .string("removed")), .init("path", .string(target))]),
      "\(target) is gone; what comes after it on the PATH answers again.")
    return .done
  }
}
