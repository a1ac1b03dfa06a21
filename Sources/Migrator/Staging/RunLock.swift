import AgoraStore

/// Keeps two migrations from one store: an advisory lock on a file beside it, which the system lets go
/// of when its holder dies, however it dies.
final class RunLock {
  private let file: File

  /// Takes the lock.
  ///
  /// - Parameters:
  ///   - waits: whether to wait until another run has let go of it.
  /// - Throws: ``AgoraError`` `locked` with the holder and since when; `halted` while the marketplace is.
  init(store: String, waits: Bool, clock: Clock) throws {
    let path = store + ".lock"
    do {
      while true {
        let file = try File.updating(path)
        guard try file.lock(waits: waits) else { throw Self.refusal(path, store) }
        // The holder before us may have removed the file between our opening and locking it.
        guard try File.status(path)?.identity == file.status().identity else { continue }
        let holder = JSON.object([
          .init("pid", .int(Int(System.processID))), .init("host", .string(System.hostName)),
          .init("since", .string(clock.now().description)),
        ])
        self.file = file
        try Self.refuseIfHalted(store)
        do throws(SystemError) {
          try file.replaceContents(with: JSONWriter.compact(holder) + "\n")
        } catch {
          try? File.remove(path)
          throw error
        }
        return
      }
    } catch let error as SystemError {
      throw error.isDenied
        ? AgoraError.unwritable(store, error.description) : AgoraError(error, file: path)
    }
  }

  /// No run changes a marketplace that an operator has halted.
  ///
  /// - Throws: ``AgoraError`` `halted`, ``SystemError``.
  static func refuseIfHalted(_ store: String) throws {
    guard try File.status(store)?.isRegular == true else { return }
    let halt: Halt?
    do {
      let connection = try Connection(path: store, mode: .readOnly)
      connection.setBusyTimeout(milliseconds: Pragmas.reading.busyTimeout)
      halt = try Halt.strongest(on: ToolContext.systemWide, in: connection)
    } catch is SQLiteError {
      // What cannot be read, or is older than halts, the run itself knows better.
      return
    }
    guard let halt else { return }
    throw AgoraError(
      .halted,
      "the marketplace is halted (\(halt.action) at level \(halt.priority): \(ValueCheck.shown(halt.reason)))",
      file: store,
      remedy:
        "An operator of that level lifts it: agora call agora.admin.override with the action resume."
    )
  }

  private static func refusal(_ path: String, _ store: String) -> AgoraError {
    let holder = (try? File.contents(path)).flatMap { try? JSON.parse($0) }
    let who =
      holder.map {
        "process \($0["pid"]?.integer ?? 0) on \($0["host"]?.text ?? "?") since \($0["since"]?.text ?? "?")"
      } ?? "another process"
    return AgoraError(
      .locked, "another migration holds this store: \(who)", file: store,
      remedy: "Run again when it has finished, or with --wait.")
  }

  /// The lock file goes before the lock, so that nobody can lock a file that is about to go.
  deinit { try? File.remove(file.path) }
}
