/// What happens at the counted operation on a file.
struct Fault {
  enum Kind: String {
    /// Nothing; the operations are only counted.
    case count
    /// The process is killed before it.
    case kill
    /// Half of a write is done, then the process is killed.
    case torn
    /// It fails once, as a disk may that has a bad sector.
    case fail
    /// It fails and so does everything after it, as on a full disk.
    case full
    /// The machine loses its power: of what was not synced a part is gone, in no particular order.
    case power
  }

  let kind: Kind
  /// The operation's number, counted from 1.
  let point: Int

  /// Reads `KIND:POINT`.
  init?(_ text: String) {
    let parts = text.split(separator: ":").map(String.init)
    guard parts.count == 2, let kind = Kind(rawValue: parts[0]), let point = Int(parts[1]) else {
      return nil
    }
    self.kind = kind
    self.point = point
  }
}
