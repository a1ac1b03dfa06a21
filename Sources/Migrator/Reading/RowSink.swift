import AgoraStore

/// The place of a row in the export.
struct RowOrigin {
  /// The byte offset of its first byte.
  let offset: Int
  /// The columns of a row that is an array; nil for an object.
  var columns: [String]?
}

/// Takes what a reader finds, row by row in the order of the export.
protocol RowSink: AnyObject {
  /// The export holds this table, perhaps without any row.
  func table(_ name: String) throws
  /// One row, as the bytes that stand in the export; well-formed JSON, but nothing else is checked.
  func row(_ text: Span<UInt8>, table: String, at origin: RowOrigin) throws
  /// Something that is no row stands where one should.
  func refuse(_ text: Span<UInt8>, table: String, at origin: RowOrigin, _ rejection: Rejection)
    throws
  /// A member of the export is no table at all.
  func refuseMember(
    _ text: Span<UInt8>, named name: String, at origin: RowOrigin, _ rejection: Rejection)
    throws
  /// A row that is too large to be held begins; its pieces follow, then the end.
  func beginOversized(table: String, at origin: RowOrigin, _ rejection: Rejection) throws
  func oversized(_ piece: Span<UInt8>) throws
  func endOversized() throws
  /// A row was deleted from v4 while its changes were being recorded.
  func deleted(_ text: Span<UInt8>, table: String, at origin: RowOrigin) throws
  /// A row that was deleted and is too large to be held begins; its pieces follow, then the end.
  func beginOversizedDeletion(table: String, at origin: RowOrigin) throws
}
