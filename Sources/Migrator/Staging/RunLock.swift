import AgoraStore

/// Keeps two migrations from one store: an advisory lock on a file beside it, which the system lets go
/// of when its holder dies, however it dies.
final class RunLock {
  private let file: File

  /// Takes the lock.
  ///
  /// - Parameters:
  ///   - waits: whether to wait until another run has let go of it.
  /// - Throws: ``AgoraError`` `locked` with the holder and since when.
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
        do throws(SystemError) {
          try file.replaceContents(with: JSONWriter.compact(holder) + "\n")
        } catch {
          try? File.remove(path)
          throw error
        }
        return
      }
    } catch let error as SystemError {
      throw AgoraError(error, file: path)
    }
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
