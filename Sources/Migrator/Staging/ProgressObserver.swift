/// Is told how far a run has come, and may stop it.
public protocol ProgressObserver: AnyObject {
  /// The export is being read: so many bytes of the files in all, and of what was read.
  func began(bytes: Int?, read: @escaping () -> Int)
  /// So many rows were read.
  ///
  /// - Throws: whatever is to stop the run.
  func reading(rows: Int) throws
  /// So many of the staged rows were loaded.
  ///
  /// - Throws: whatever is to stop the run.
  func loading(rows: Int, of total: Int) throws
  /// All rows are loaded; indexes are being built and the store is being closed.
  func finishing() throws
  /// The run is over, one way or the other.
  func ended()
}

/// Watches nothing.
public final class NoProgress: ProgressObserver {
  /// Makes an observer that does nothing.
  public init() {}
  /// Does nothing.
  public func began(bytes: Int?, read: @escaping () -> Int) {}
  /// Does nothing.
  public func reading(rows: Int) {}
  /// Does nothing.
  public func loading(rows: Int, of total: Int) {}
  /// Does nothing.
  public func finishing() {}
  /// Does nothing.
  public func ended() {}
}
