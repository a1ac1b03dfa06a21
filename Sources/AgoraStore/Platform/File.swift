#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An open file; closed when the last reference goes.
package final class File: Sendable {
  /// The descriptor.
  package let descriptor: Int32
  /// The path it was opened under.
  package let path: String
  private let closes: Bool

  package init(descriptor: Int32, path: String, closes: Bool = true) {
    self.descriptor = descriptor
    self.path = path
    self.closes = closes
  }

  deinit { if closes { close(descriptor) } }

  /// Opens a file for reading.
  package static func reading(_ path: String) throws(SystemError) -> File {
    let descriptor = try System.call("open \(path)") { Int(open(path, O_RDONLY | O_CLOEXEC)) }
    return File(descriptor: Int32(descriptor), path: path)
  }

  /// Opens a file for writing; it is made, or emptied when it is there.
  package static func writing(_ path: String) throws(SystemError) -> File {
    let descriptor = try System.call("write \(path)") {
      Int(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644))
    }
    return File(descriptor: Int32(descriptor), path: path)
  }

  /// Makes a file for writing that must not be there yet, under its own name and no link's.
  package static func creating(_ path: String) throws(SystemError) -> File {
    let descriptor = try System.call("write \(path)") {
      Int(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644))
    }
    return File(descriptor: Int32(descriptor), path: path)
  }

  /// Whether two paths lead to one file, or would if it were made.
  package static func isSame(_ one: String, _ other: String) -> Bool {
    if let first = try? status(one)?.identity, let second = try? status(other)?.identity {
      return first == second
    }
    return canonical(one) == canonical(other)
  }

  /// The path without links, where it leads to something; else the path as it is.
  package static func resolved(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The path from the root, without links, also of what is not there yet in a folder that is.
  package static func absolute(_ path: String) -> String {
    let resolved = resolved(path)
    return resolved.hasPrefix("/") ? resolved : canonical(path)
  }

  private static func canonical(_ path: String) -> String {
    guard let resolved = realpath(folder(of: path), nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved) + "/" + name(of: path)
  }

  /// Opens a file for reading and writing; it is made when it is missing.
  package static func updating(_ path: String) throws(SystemError) -> File {
    let descriptor = try System.call("open \(path)") {
      Int(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644))
    }
    return File(descriptor: Int32(descriptor), path: path)
  }

  /// Reads at most `count` bytes to the end of `buffer`; 0 at the end of the file.
  package func read(upTo count: Int, appendingTo buffer: inout [UInt8]) throws(SystemError) -> Int {
    let start = buffer.count
    var got = 0
    var failure: SystemError?
    buffer.reserveCapacity(start + count)
    // The array grows by what the system really wrote.
    buffer.append(
      contentsOf: [UInt8](unsafeUninitializedCapacity: count) { memory, initialized in
        do throws(SystemError) {
          got = try System.call("read \(path)") {
            Self.systemRead(descriptor, memory.baseAddress, count)
          }
        } catch { failure = error }
        initialized = got
      })
    if let failure { throw failure }
    return got
  }

  private static func systemRead(
    _ descriptor: Int32, _ memory: UnsafeMutablePointer<UInt8>?, _ count: Int
  ) -> Int {
    guard let memory else { return 0 }
    #if canImport(Glibc)
      return Glibc.read(descriptor, memory, count)
    #else
      return Darwin.read(descriptor, memory, count)
    #endif
  }

  /// Writes all bytes.
  package func write(_ bytes: Span<UInt8>) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let from = written
      let count = try System.call("write \(path)") {
        bytes.withUnsafeBufferPointer { memory -> Int in
          guard let start = memory.baseAddress else { return 0 }
          #if canImport(Glibc)
            return Glibc.write(descriptor, start + from, memory.count - from)
          #else
            return Darwin.write(descriptor, start + from, memory.count - from)
          #endif
        }
      }
      written += count
    }
  }

  /// Puts the file's content on the disk.
  package func sync() throws(SystemError) {
    try System.call("sync \(path)") { Int(fsync(descriptor)) }
  }

  /// Where the next read of this descriptor starts; nil for pipes.
  package var position: Int? {
    let offset = lseek(descriptor, 0, SEEK_CUR)
    return offset < 0 ? nil : Int(offset)
  }

  /// Moves to a byte offset.
  package func seek(to offset: Int) throws(SystemError) {
    try System.call("seek \(path)") { Int(lseek(descriptor, off_t(offset), SEEK_SET)) }
  }

  /// What a path leads to.
  package struct Status: Sendable, Equatable {
    package let size: Int
    package let isFolder: Bool
    package let isRegular: Bool
    /// Nanoseconds since 1970 of the last change of content.
    package let modified: Int64
    /// Device and file number, the same for all names of one file.
    package let identity: String
  }

  /// Asks what a path leads to; nil when there is nothing.
  package static func status(_ path: String) throws(SystemError) -> Status? {
    var result = stat()
    do throws(SystemError) {
      try System.call("look at \(path)") { Int(stat(path, &result)) }
    } catch {
      if error.isMissing { return nil }
      throw error
    }
    return status(result)
  }

  /// What the open descriptor leads to.
  package func status() throws(SystemError) -> Status {
    var result = stat()
    try System.call("look at \(path)") { Int(fstat(descriptor, &result)) }
    return Self.status(result)
  }

  private static func status(_ result: stat) -> Status {
    #if canImport(Glibc)
      let modified = result.st_mtim
    #else
      let modified = result.st_mtimespec
    #endif
    return Status(
      size: Int(result.st_size), isFolder: result.st_mode & S_IFMT == S_IFDIR,
      isRegular: result.st_mode & S_IFMT == S_IFREG,
      modified: Int64(modified.tv_sec) * 1_000_000_000 + Int64(modified.tv_nsec),
      identity: "\(result.st_dev):\(result.st_ino)")
  }

  /// The bytes that this user can still write to the file system of a path.
  package static func freeBytes(at path: String) throws(SystemError) -> Int {
    var result = statvfs()
    try System.call("look at \(path)") { Int(statvfs(path, &result)) }
    let (bytes, overflow) = UInt64(result.f_bavail)
      .multipliedReportingOverflow(by: UInt64(result.f_frsize))
    return overflow ? Int.max : Int(clamping: bytes)
  }

  /// The whole of a small file.
  package static func contents(_ path: String, limit: Int = 16 << 20) throws(SystemError) -> [UInt8]
  {
    let file = try reading(path)
    var bytes: [UInt8] = []
    while bytes.count < limit {
      if try file.read(upTo: min(65536, limit - bytes.count), appendingTo: &bytes) == 0 { break }
    }
    return bytes
  }

  /// Removes a file; one that is not there is no error.
  package static func remove(_ path: String) throws(SystemError) {
    do throws(SystemError) {
      try System.call("remove \(path)") { Int(unlink(path)) }
    } catch {
      if !error.isMissing { throw error }
    }
  }

  /// Gives a file a second name, which must be free; with the first name's removal this is a rename
  /// that never replaces anything.
  package static func link(_ from: String, to target: String) throws(SystemError) {
    #if canImport(Glibc)
      try System.call("name \(target)") { Int(Glibc.link(from, target)) }
    #else
      try System.call("name \(target)") { Int(Darwin.link(from, target)) }
    #endif
  }

  /// Makes a symbolic link under a name that must be free.
  package static func symbolicLink(to target: String, at path: String) throws(SystemError) {
    try System.call("make the link \(path)") { Int(symlink(target, path)) }
  }

  /// Renames a file, replacing what had the name.
  package static func rename(_ from: String, to target: String) throws(SystemError) {
    #if canImport(Glibc)
      try System.call("rename to \(target)") { Int(Glibc.rename(from, target)) }
    #else
      try System.call("rename to \(target)") { Int(Darwin.rename(from, target)) }
    #endif
  }

  /// Puts a folder's entries on the disk, so that a rename in it survives a power cut.
  package static func syncFolder(of path: String) throws(SystemError) {
    try reading(folder(of: path)).sync()
  }

  /// The folder that a path lies in.
  package static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The last part of a path.
  package static func name(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return path }
    return String(path[path.index(after: slash)...])
  }

  /// The names of what a folder holds, in no order, without the folder itself and its parent.
  package static func names(in folder: String) throws(SystemError) -> [String] {
    guard let stream = opendir(folder) else {
      throw SystemError(number: errno, doing: "list \(folder)")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
        field.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: field.pointee))
        {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Whether this process may write a path that is there (`access` with the effective user).
  package static func mayWrite(_ path: String) -> Bool {
    faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0
  }

  /// Makes a folder in one that is there.
  package static func makeFolder(_ path: String) throws(SystemError) {
    try System.call("make the folder \(path)") { Int(mkdir(path, 0o755)) }
  }

  /// Makes a folder that only this user can read, with a name of its own below `parent`.
  package static func temporaryFolder(in parent: String, prefix: String) throws(SystemError)
    -> String
  {
    var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
    try System.call("make a temporary folder in \(parent)") { mkdtemp(&template) == nil ? -1 : 0 }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Removes an empty folder.
  package static func removeFolder(_ path: String) throws(SystemError) {
    try System.call("remove \(path)") { Int(rmdir(path)) }
  }

  /// Takes the file's advisory lock (`flock`), which goes with the process that holds it.
  ///
  /// - Returns: false when another process holds it and `waits` is false.
  package func lock(waits: Bool) throws(SystemError) -> Bool {
    do throws(SystemError) {
      try System.call("lock \(path)") {
        Int(flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB))
      }
      return true
    } catch {
      if error.wouldBlock { return false }
      throw error
    }
  }

  /// Empties the file and writes `text` to it.
  package func replaceContents(with text: String) throws(SystemError) {
    try System.call("empty \(path)") { Int(ftruncate(descriptor, 0)) }
    try seek(to: 0)
    let bytes = Array(text.utf8)
    try write(bytes.span)
  }
}
