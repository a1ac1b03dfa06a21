/// Where and why a text is not JSON (RFC 8259).
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The byte offset of the fault, from 0.
  public let offset: Int
  /// What is wrong there, as a sentence without a full stop.
  public let reason: String
  /// The text ended before the value did.
  public let isTruncated: Bool

  package init(offset: Int, reason: String, isTruncated: Bool = false) {
    self.offset = offset
    self.reason = reason
    self.isTruncated = isTruncated
  }

  /// One line: the reason and the offset.
  public var description: String { "\(reason) at byte \(offset)" }
}
