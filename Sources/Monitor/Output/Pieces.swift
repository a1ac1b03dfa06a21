extension [UInt8] {
  /// Hands bytes on once there are many, so that no output is held as a whole.
  mutating func handOn(to write: ([UInt8]) throws -> Void) rethrows {
    guard count > 1 << 16 else { return }
    try write(self)
    removeAll(keepingCapacity: true)
  }
}
