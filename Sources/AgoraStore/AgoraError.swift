/// A failure as a person meets it: a stable code, what was wrong, where, and what to do about it.
public struct AgoraError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The stable words for what went wrong; they never change their meaning.
  public enum Code: String, Sendable, CaseIterable {
    /// The command line is wrong.
    case misuse
    /// There is no such file.
    case noSuchFile = "no_such_file"
    /// The path is a folder.
    case isFolder = "is_folder"
    /// The system does not permit it.
    case permissionDenied = "permission_denied"
    /// The disk or the quota is full.
    case diskFull = "disk_full"
    /// As many files are open as this process, or the system, may have.
    case tooManyFiles = "too_many_files"
    /// The system failed to read or write.
    case io
    /// The input holds nothing at all.
    case emptyInput = "empty_input"
    /// The input is not well-formed JSON.
    case badJSON = "bad_json"
    /// The input ends in the middle of something.
    case truncated
    /// A name outside of any row is not UTF-8, or the whole file is in another encoding.
    case badEncoding = "bad_encoding"
    /// The input has none of the shapes that a v4 export has.
    case unknownFormat = "unknown_format"
    /// The rows do not name their table and nothing else does.
    case unknownTable = "unknown_table"
    /// `gzip` is missing or found the file damaged.
    case badGzip = "bad_gzip"
    /// More rows were rejected than `--max-rejects` allows.
    case tooManyRejects = "too_many_rejects"
    /// There is no store under that path.
    case noStore = "no_store"
    /// The file is no SQLite database, or one of another program.
    case notAStore = "not_a_store"
    /// The store's content contradicts itself.
    case damagedStore = "damaged_store"
    /// The store was made by a newer version of this program.
    case storeIsNewer = "store_is_newer"
    /// Another run holds the store.
    case locked
    /// The store is busy with somebody else's write.
    case busy
    /// A guard of the store forbids it.
    case refused
    /// The export is an answer of the store that it should go into.
    case ownExport = "own_export"
    /// Nobody reads the output any more.
    case brokenPipe = "broken_pipe"
    /// Nothing of that name or id is there.
    case notFound = "not_found"
    /// Something listens on the address already.
    case addressInUse = "address_in_use"
    /// The input changed while it was being read.
    case inputChanged = "input_changed"
    /// A person or a signal stopped the run.
    case interrupted
    /// An operator has halted the marketplace.
    case halted
    /// The readiness gate is closed.
    case notReady = "not_ready"
    /// A promise of this program was broken; a defect to report.
    case broken
  }

  /// What kind of failure it is.
  public let code: Code
  /// What was wrong, as a sentence without a full stop.
  public let message: String
  /// The file it is about; nil where it is about none.
  public let file: String?
  /// The byte offset in ``file``, from 0; nil where there is none.
  public let offset: Int?
  /// What to do about it, as a sentence; nil where nothing better can be said than the message.
  public let remedy: String?
  /// What stands in the way one by one; nil for most failures.
  public let details: Details?

  /// What a failure is about, where that is a list.
  public struct Details: Sendable, Equatable {
    /// The list for people: its first lines, and how much more there is.
    public let lines: [String]
    /// The whole list, as further members of a JSON report.
    public let members: [JSON.Member]

    /// Makes a list.
    public init(lines: [String], members: [JSON.Member]) {
      self.lines = lines
      self.members = members
    }
  }

  /// Makes a failure.
  public init(
    _ code: Code, _ message: String, file: String? = nil, offset: Int? = nil,
    remedy: String? = nil, details: Details? = nil
  ) {
    self.details = details
    self.code = code
    self.message = message
    self.file = file
    self.offset = offset
    self.remedy = remedy
  }

  /// Place, message and code on one line, then the details and the remedy.
  public var description: String {
    var text = ""
    if let file { text += "\(file): " }
    if let offset { text += "byte \(offset): " }
    text += "\(message) [\(code.rawValue)]"
    for line in details?.lines ?? [] { text += "\n  \(line)" }
    if let remedy { text += "\n  \(remedy)" }
    return text
  }

  /// A person or a signal stopped the work.
  package static let interrupted = AgoraError(
    .interrupted, "interrupted; the store is as it was before",
    remedy: "Run the same command again.")

  /// A store that this user may read at most.
  ///
  /// - Parameter reason: how that came out, in the words of the system or of SQLite.
  package static func unwritable(_ store: String?, _ reason: String) -> AgoraError {
    AgoraError(
      .permissionDenied, "this user may not write the store (\(reason))", file: store,
      remedy:
        "Run this as a user who may write the file and its folder, or change their permissions.")
  }

  /// Whether the same may succeed later as it is: what is in the way is somebody else's, and goes away.
  package var isPassing: Bool {
    [.busy, .locked, .diskFull, .tooManyFiles].contains(code)
  }

  /// The failure where it is a folder for temporary files that has no room, and itself otherwise.
  ///
  /// - Parameter path: the file that such a failure of SQLite names.
  package func lackingRoom(in folder: String, insteadOf path: String) -> AgoraError {
    guard code == .diskFull, file == path else { return self }
    return AgoraError(
      code, message, file: folder,
      remedy: "Nothing was changed. Make room there, or name another folder with TMPDIR.")
  }

  /// A store cannot be made where a link already has its name.
  package static func linkToNothing(_ path: String) -> AgoraError {
    AgoraError(
      .noSuchFile, "the store's path is a symbolic link to nothing", file: path,
      remedy: "Remove the link, or make what it leads to.")
  }

  /// A store cannot be made, or found, in a folder that is not there.
  package static func noFolder(of store: String) -> AgoraError {
    AgoraError(
      .noSuchFile, "the folder of the store does not exist", file: File.folder(of: store),
      remedy: "Make it, or name another store with --store.")
  }

  /// The failure that a system call's error means for a file.
  package init(_ error: SystemError, file: String) {
    if error.isInterruption {
      self = .interrupted
      return
    }
    let (code, remedy): (Code, String?) =
      if error.isMissing {
        (.noSuchFile, "Check the path.")
      } else if error.isFolder {
        (.isFolder, "Name the file in it.")
      } else if error.isDenied {
        (.permissionDenied, "Give this user the permission, or run as one who has it.")
      } else if error.isBrokenPipe {
        (.brokenPipe, nil)
      } else if error.isOutOfFiles {
        (.tooManyFiles, Self.tooManyFilesRemedy)
      } else if error.isFull {
        (.diskFull, "Make room and run the same command again.")
      } else {
        (.io, nil)
      }
    self.init(code, error.description, file: file, remedy: remedy)
  }

  private static let tooManyFilesRemedy =
    "Let others end first, or raise the limit of open files (ulimit -n)."

  /// The failure that SQLite's error means for a store.
  ///
  /// - Parameter store: the store's path; nil where it is not known, or for nobody to see.
  package init(_ error: SQLiteError, store: String?) {
    switch error {
    case _ where error.isInterruption && System.isInterrupted: self = .interrupted
    // Memory shared by the readers of a log lies on the disk too (SQLITE_IOERR_SHMSIZE).
    case _ where error.isFull || error.extendedCode == 4874:
      self.init(
        .diskFull, "the disk is full (\(error.query))", file: store,
        remedy: "Nothing was changed. Make room and run the same command again.")
    case _ where error.isNotDatabase:
      self.init(
        .notAStore, "this file is not a SQLite database, or it is damaged (\(error.message))",
        file: store, remedy: "Name another file with --store, or restore a backup.")
    case _ where error.isBusy:
      self.init(
        .busy, "another program is writing to the store", file: store,
        remedy: "Run the same command again when it has finished.")
    case _ where error.isReadOnly: self = .unwritable(store, error.message)
    case _ where error.isOutOfFiles:
      self.init(
        .tooManyFiles, "the store cannot be opened: too many files are open", file: store,
        remedy: Self.tooManyFilesRemedy)
    case _ where error.code == 14 || error.code == 23:
      self.init(
        .permissionDenied, "the store cannot be opened or written (\(error.message))", file: store,
        remedy: "Check the path and the permissions of the file and of its folder.")
    default: self.init(.io, error.description, file: store)
    }
  }
}
