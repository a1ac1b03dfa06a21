import CSQLite
import Foundation

/// SQLite's door to files (https://www.sqlite.org/vfs.html) with a fault built in: it counts what
/// changes a file and lets the counted operation be the last one, or fail.
///
/// One thread, one process, and for tests only; so its state lies in statics.
enum FaultVFS {
  nonisolated(unsafe) private static var fault: Fault?
  nonisolated(unsafe) private(set) static var operations = 0
  nonisolated(unsafe) private static var real: UnsafeMutablePointer<sqlite3_vfs>?
  nonisolated(unsafe) private static var vfs = sqlite3_vfs()
  nonisolated(unsafe) private static var methods = sqlite3_io_methods()
  /// Writes since a file's last sync, oldest first, each with the bytes that were there before.
  nonisolated(unsafe) private static var unsynced: [UnsafeMutableRawPointer: [Before]] = [:]

  private struct Before {
    let offset: sqlite3_int64
    let bytes: [UInt8]
  }

  /// Our file: the methods that SQLite calls, then the real file.
  private static let header = 64

  private static func realFile(_ file: UnsafeMutablePointer<sqlite3_file>)
    -> UnsafeMutablePointer<sqlite3_file>
  {
    (UnsafeMutableRawPointer(file) + header).assumingMemoryBound(to: sqlite3_file.self)
  }

  /// Makes this the door that every connection goes through from now on.
  static func install(_ fault: Fault) {
    self.fault = fault
    guard let found = sqlite3_vfs_find(nil) else { exit(70) }
    real = found
    vfs = found.pointee
    vfs.szOsFile = found.pointee.szOsFile + Int32(header)
    vfs.pNext = nil
    vfs.zName = UnsafePointer(strdup("fault"))
    vfs.xOpen = { _, name, file, flags, outFlags in
      guard let file, let real = FaultVFS.real else { return SQLITE_CANTOPEN }
      let inner = FaultVFS.realFile(file)
      file.pointee.pMethods = nil
      if name != nil, flags & SQLITE_OPEN_CREATE != 0,
        let code = FaultVFS.strike(failing: SQLITE_CANTOPEN)
      {
        return code
      }
      let code = real.pointee.xOpen(real, name, inner, flags, outFlags)
      // SQLite calls xClose only where methods are set.
      if inner.pointee.pMethods != nil {
        withUnsafePointer(to: &FaultVFS.methods) { file.pointee.pMethods = $0 }
      }
      return code
    }
    vfs.xDelete = { _, name, sync in
      guard let real = FaultVFS.real else { return SQLITE_IOERR }
      if let code = FaultVFS.strike(failing: FaultVFS.deleteFailed) { return code }
      return real.pointee.xDelete(real, name, sync)
    }
    setMethods()
    // The other methods take the door itself only to find their own state, of which it has none.
    sqlite3_vfs_register(&vfs, 1)
  }

  private static func setMethods() {
    methods.iVersion = 2
    methods.xClose = { file in
      guard let file else { return SQLITE_OK }
      let inner = FaultVFS.realFile(file)
      // A file that is closed may have been the last step; it cannot fail.
      _ = FaultVFS.strike(failing: nil)
      FaultVFS.unsynced[UnsafeMutableRawPointer(file)] = nil
      return inner.pointee.pMethods?.pointee.xClose(inner) ?? SQLITE_OK
    }
    methods.xRead = { file, buffer, count, offset in
      guard let file else { return SQLITE_IOERR }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xRead(inner, buffer, count, offset)
    }
    methods.xWrite = { file, buffer, count, offset in
      guard let file, let buffer else { return SQLITE_IOERR }
      let inner = FaultVFS.realFile(file)
      let struck = FaultVFS.strike(failing: FaultVFS.writeFailed) {
        // Half of the page gets to the file.
        _ = inner.pointee.pMethods.pointee.xWrite(inner, buffer, count / 2, offset)
      }
      if let struck { return struck }
      FaultVFS.remember(file, inner, count, offset)
      return inner.pointee.pMethods.pointee.xWrite(inner, buffer, count, offset)
    }
    methods.xTruncate = { file, size in
      guard let file else { return SQLITE_IOERR }
      if let code = FaultVFS.strike(failing: FaultVFS.truncateFailed) { return code }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xTruncate(inner, size)
    }
    methods.xSync = { file, flags in
      guard let file else { return SQLITE_IOERR }
      if let code = FaultVFS.strike(failing: FaultVFS.syncFailed) { return code }
      FaultVFS.unsynced[UnsafeMutableRawPointer(file)] = nil
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xSync(inner, flags)
    }
    methods.xFileSize = { file, size in
      guard let file else { return SQLITE_IOERR }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xFileSize(inner, size)
    }
    setLockMethods()
  }

  private static func setLockMethods() {
    methods.xLock = { file, lock in
      guard let file else { return SQLITE_IOERR }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xLock(inner, lock)
    }
    methods.xUnlock = { file, lock in
      guard let file else { return SQLITE_IOERR }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xUnlock(inner, lock)
    }
    methods.xCheckReservedLock = { file, result in
      guard let file else { return SQLITE_IOERR }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xCheckReservedLock(inner, result)
    }
    methods.xFileControl = { file, operation, argument in
      guard let file else { return SQLITE_NOTFOUND }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xFileControl(inner, operation, argument)
    }
    methods.xSectorSize = { file in
      guard let file else { return 4096 }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xSectorSize(inner)
    }
    methods.xDeviceCharacteristics = { file in
      guard let file else { return 0 }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xDeviceCharacteristics(inner)
    }
    methods.xShmMap = { file, page, size, extend, result in
      guard let file else { return SQLITE_IOERR }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xShmMap(inner, page, size, extend, result)
    }
    methods.xShmLock = { file, offset, count, flags in
      guard let file else { return SQLITE_IOERR }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xShmLock(inner, offset, count, flags)
    }
    methods.xShmBarrier = { file in
      guard let file else { return }
      let inner = FaultVFS.realFile(file)
      inner.pointee.pMethods.pointee.xShmBarrier(inner)
    }
    methods.xShmUnmap = { file, deletes in
      guard let file else { return SQLITE_OK }
      let inner = FaultVFS.realFile(file)
      return inner.pointee.pMethods.pointee.xShmUnmap(inner, deletes)
    }
  }

  // Extended result codes, which are macros that the importer does not take
  // (https://www.sqlite.org/rescode.html).
  private static let writeFailed = SQLITE_IOERR | 3 << 8
  private static let syncFailed = SQLITE_IOERR | 4 << 8
  private static let truncateFailed = SQLITE_IOERR | 6 << 8
  private static let deleteFailed = SQLITE_IOERR | 10 << 8

  /// Counts an operation.
  ///
  /// - Parameters:
  ///   - code: what it fails with; nil for one that cannot fail.
  ///   - half: does half of it.
  /// - Returns: the code to fail with, or nil to go on.
  private static func strike(failing code: Int32?, half: (() -> Void)? = nil) -> Int32? {
    operations += 1
    guard let fault, fault.kind != .count, operations >= fault.point else { return nil }
    let isIt = operations == fault.point
    switch fault.kind {
    case .count: return nil
    case .fail: return isIt ? code : nil
    case .full: return code.map { _ in SQLITE_FULL }
    case .kill: kill(getpid(), SIGKILL)
    case .torn:
      half?()
      kill(getpid(), SIGKILL)
    case .power:
      forget(seed: UInt64(fault.point))
      kill(getpid(), SIGKILL)
    }
    return nil
  }

  /// Keeps what a write covers, for the day on which the power goes.
  private static func remember(
    _ file: UnsafeMutablePointer<sqlite3_file>, _ inner: UnsafeMutablePointer<sqlite3_file>,
    _ count: Int32, _ offset: sqlite3_int64
  ) {
    guard fault?.kind == .power else { return }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    // Beyond the end SQLite wants zeros, and that is what was not written reads as.
    _ = inner.pointee.pMethods.pointee.xRead(inner, &bytes, count, offset)
    unsynced[UnsafeMutableRawPointer(file), default: []].append(
      Before(offset: offset, bytes: bytes))
  }

  /// Takes back a part of the writes that were never synced, newest first.
  private static func forget(seed: UInt64) {
    var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    for (file, writes) in unsynced {
      let inner = realFile(file.assumingMemoryBound(to: sqlite3_file.self))
      for write in writes.reversed() {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        guard state & 1 == 0 else { continue }
        _ = inner.pointee.pMethods.pointee.xWrite(
          inner, write.bytes, Int32(write.bytes.count), write.offset)
      }
    }
  }
}
