import AgoraStore

/// Stands between the readers and the stager: writes a checkpoint now and then, and where an earlier
/// run was interrupted passes over what that one had staged.
///
/// Going on means reading the exports from the start, which is the smallest part of the work, in every
/// shape and from a pipe too; and it proves by ``ReadingMark`` that what was staged is what stands in
/// the exports now.
final class CheckpointingSink: RowSink {
  private let stager: Stager
  private let target: ReadingMark?
  private let interval: Int
  private let save: (ReadingMark) throws -> Void
  private let progress: any ProgressObserver
  private var mark = ReadingMark()
  private var isReplaying: Bool
  private var sinceLook = 0
  private var sinceCheckpoint = 0
  private var bytesSinceCheckpoint = 0

  /// How many rows pass between two looks at the clock and at the signals.
  private static let look = 4096
  /// How many bytes of rows there are at most between two checkpoints.
  private static let checkpointBytes = 32 << 20

  /// - Parameters:
  ///   - target: how far an interrupted run had come; nil to begin at the beginning.
  ///   - interval: how many events there are at most between two checkpoints.
  ///   - save: commits what is staged together with the mark.
  init(
    _ stager: Stager, resumingAt target: ReadingMark?, interval: Int,
    progress: any ProgressObserver, save: @escaping (ReadingMark) throws -> Void
  ) {
    self.stager = stager
    self.target = target
    self.interval = interval
    self.progress = progress
    self.save = save
    isReplaying = target != nil
  }

  /// The next rows come from this file.
  func open(file path: String, format: ExportFormat) throws {
    mark.add(path)
    mark.add(format.rawValue)
    if isReplaying {
      stager.reopen(file: path)
    } else {
      try stager.open(file: path, format: format)
    }
    try completed()
  }

  /// All exports were read.
  ///
  /// - Throws: ``StagedInputChanged`` when they ended before the place that the interrupted run had reached.
  func finish() throws {
    guard !isReplaying else { throw StagedInputChanged() }
    try save(mark)
  }

  // MARK: RowSink

  func table(_ name: String) throws {
    mark.add(name)
    if !isReplaying { try stager.table(name) }
    try completed()
  }

  func row(_ text: Span<UInt8>, table: String, at origin: RowOrigin) throws {
    note(text, table, origin)
    if !isReplaying { try stager.row(text, table: table, at: origin) }
    try completed()
  }

  func refuse(
    _ text: Span<UInt8>, table: String, at origin: RowOrigin, _ rejection: Rejection
  ) throws {
    note(text, table, origin)
    if !isReplaying { try stager.refuse(text, table: table, at: origin, rejection) }
    try completed()
  }

  func refuseMember(
    _ text: Span<UInt8>, named name: String, at origin: RowOrigin, _ rejection: Rejection
  ) throws {
    note(text, name, origin)
    if !isReplaying { try stager.refuseMember(text, named: name, at: origin, rejection) }
    try completed()
  }

  func beginOversized(table: String, at origin: RowOrigin, _ rejection: Rejection) throws {
    mark.add(table)
    mark.add(origin.offset)
    if !isReplaying { try stager.beginOversized(table: table, at: origin, rejection) }
  }

  func oversized(_ piece: Span<UInt8>) throws {
    // How a large row comes in pieces depends on the pipe, so only its bytes count.
    mark.add(pieces: piece)
    if !isReplaying { try stager.oversized(piece) }
  }

  func endOversized() throws {
    if !isReplaying { try stager.endOversized() }
    try completed()
  }

  func deleted(_ text: Span<UInt8>, table: String, at origin: RowOrigin) throws {
    note(text, table, origin)
    if !isReplaying { try stager.deleted(text, table: table, at: origin) }
    try completed()
  }

  func beginOversizedDeletion(table: String, at origin: RowOrigin) throws {
    mark.add(table)
    mark.add(origin.offset)
    if !isReplaying { try stager.beginOversizedDeletion(table: table, at: origin) }
  }

  // MARK: marks

  private func note(_ text: Span<UInt8>, _ table: String, _ origin: RowOrigin) {
    mark.add(table)
    mark.add(origin.offset)
    mark.add(text)
    bytesSinceCheckpoint += text.count
  }

  private func completed() throws {
    mark.countEvent()
    sinceLook += 1
    if sinceLook >= Self.look || sinceCheckpoint + 1 >= interval { try look() }
    guard let target, isReplaying else {
      sinceCheckpoint += 1
      if sinceCheckpoint >= interval || bytesSinceCheckpoint >= Self.checkpointBytes {
        try checkpoint()
      }
      return
    }
    guard mark.events == target.events else { return }
    guard mark == target else { throw StagedInputChanged() }
    isReplaying = false
    bytesSinceCheckpoint = 0
  }

  private func checkpoint() throws {
    sinceCheckpoint = 0
    bytesSinceCheckpoint = 0
    try save(mark)
  }

  private func look() throws {
    sinceLook = 0
    do { try progress.reading(rows: stager.read) } catch {
      // Whoever stops the run keeps what it has done.
      if !isReplaying { try checkpoint() }
      throw error
    }
  }
}

/// The exports are not those that an interrupted run had staged.
struct StagedInputChanged: Error {}
