/// The columns of one row before it is bound: its fields share one byte buffer which is reused from
/// row to row, so that a bulk load allocates nothing a row.
package struct Record: Sendable {
  /// One column: text and blobs are ranges of ``bytes``.
  package enum Field: Sendable, Equatable {
    case null
    case integer(Int64)
    case text(Range<Int>)
    case blob(Range<Int>)
  }

  /// The text of all fields, one after the other.
  package var bytes: [UInt8] = []
  /// The columns in the order of the statement's parameters.
  package private(set) var fields: [Field] = []

  package init() {}

  /// Forgets all fields and keeps the memory.
  package mutating func reset() {
    bytes.removeAll(keepingCapacity: true)
    fields.removeAll(keepingCapacity: true)
  }

  package mutating func null() { fields.append(.null) }
  package mutating func integer(_ value: Int64) { fields.append(.integer(value)) }
  package mutating func integer(_ value: Int64?) {
    fields.append(value.map { .integer($0) } ?? .null)
  }
  package mutating func text(_ value: String) { text { $0.append(contentsOf: value.utf8) } }
  package mutating func text(_ value: String?) {
    if let value { text(value) } else { null() }
  }
  package mutating func text(_ value: Span<UInt8>) { text { $0.append(copying: value) } }
  package mutating func text(_ value: [UInt8]) { text { $0.append(contentsOf: value) } }
  package mutating func text(_ value: [UInt8]?) {
    if let value { text(value) } else { null() }
  }
  package mutating func append(_ value: SQLValue) {
    switch value {
    case .null: null()
    case .integer(let value): integer(value)
    case .real(let value): text("\(value)")
    case .text(let value): text(value)
    case .blob(let value): blob(value.span)
    }
  }
  package mutating func blob(_ value: Span<UInt8>) {
    let start = bytes.count
    bytes.append(copying: value)
    fields.append(.blob(start..<bytes.count))
  }

  /// Adds a text column whose bytes `write` appends to the buffer.
  package mutating func text<Failure: Error>(
    _ write: (inout [UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    let start = bytes.count
    try write(&bytes)
    fields.append(.text(start..<bytes.count))
  }

  /// The text of a field as a string; nil for NULL and for numbers.
  package func string(_ column: Int) -> String? {
    guard fields.indices.contains(column), case .text(let range) = fields[column] else {
      return nil
    }
    return String(decoding: bytes[range], as: UTF8.self)
  }

  /// A hash of some columns, for noticing a change; not against somebody who forges one.
  package func hash(of columns: [Int]) -> Int64 {
    var hash: UInt64 = 0x9e37_79b9_7f4a_7c15
    func mix(_ word: UInt64) {
      hash = (hash ^ word) &* 0xff51_afd7_ed55_8ccd
      hash ^= hash >> 32
    }
    bytes.withUnsafeBytes { memory in
      for column in columns {
        switch fields[column] {
        case .null: mix(1)
        case .integer(let value): mix(UInt64(bitPattern: value) &+ 2)
        case .text(let range), .blob(let range):
          var at = range.lowerBound
          while at + 8 <= range.upperBound {
            mix(UInt64(littleEndian: memory.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at += 8
          }
          var last: UInt64 = 0
          while at < range.upperBound {
            last = last << 8 | UInt64(memory[at])
            at += 1
          }
          mix(last)
          mix(UInt64(range.count) &+ 3)
        }
      }
    }
    return Int64(bitPattern: hash)
  }

  /// The field as a value of its own.
  package func value(_ column: Int) -> SQLValue {
    switch fields[column] {
    case .null: .null
    case .integer(let value): .integer(value)
    case .text(let range): .text(String(decoding: bytes[range], as: UTF8.self))
    case .blob(let range): .blob(Array(bytes[range]))
    }
  }
}

extension [UInt8] {
  /// Appends the bytes of a span.
  @inline(__always)
  package mutating func append(copying span: Span<UInt8>) {
    span.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}
