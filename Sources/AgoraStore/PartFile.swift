/// A file on its way: it is written beside its final name, which it gets when it is whole.
///
/// Its maker holds the advisory lock of it, so that a part whose maker has died can be told from one that
/// is being written: whoever makes a part for the same name removes those.
package final class PartFile {
  /// What the file will be called.
  package let target: String
  /// What it is called meanwhile.
  package let path: String
  /// The open file.
  package let file: File
  private var isNamed = false

  /// Makes an empty part.
  ///
  /// - Throws: ``SystemError``, as when the folder is missing or may not be written.
  package init(for target: String) throws(SystemError) {
    self.target = target
    path =
      "\(target).\(System.processID)-\(String(UInt32.random(in: 0...UInt32.max), radix: 16)).part"
    Self.removeLeftOvers(of: target)
    while true {
      let file = try File.creating(path)
      // Somebody may have taken it for a left-over before it was locked.
      guard try file.lock(waits: true) else { continue }
      if try File.status(path)?.identity == file.status().identity {
        self.file = file
        return
      }
    }
  }

  /// Gives the file its name, in the place of what had it.
  package func replace() throws(SystemError) {
    try File.rename(path, to: target)
    isNamed = true
  }

  /// Gives the file its name, which has to be free.
  ///
  /// - Throws: ``SystemError`` `isExisting` where something has it.
  package func claim() throws(SystemError) {
    try File.link(path, to: target)
    try? File.remove(path)
    isNamed = true
  }

  deinit { if !isNamed { Self.remove(path) } }

  /// Removes a part and what SQLite keeps beside one.
  private static func remove(_ path: String) {
    for end in ["", "-journal", "-wal", "-shm"] { try? File.remove(path + end) }
  }

  /// Removes the parts for a name whose makers have ended without doing so.
  private static func removeLeftOvers(of target: String) {
    let folder = File.folder(of: target)
    let prefix = File.name(of: target) + "."
    for name in (try? File.names(in: folder)) ?? []
    where name.hasPrefix(prefix) && name.hasSuffix(".part") {
      let middle = name.dropFirst(prefix.count).dropLast(".part".count)
      let isOurs = middle.utf8.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2d
      }
      let path = folder + "/" + name
      guard isOurs, middle.first?.isNumber == true, let file = try? File.reading(path),
        (try? file.lock(waits: false)) == true
      else { continue }
      remove(path)
    }
  }
}
