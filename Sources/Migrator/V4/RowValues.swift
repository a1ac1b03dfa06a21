import AgoraStore

/// How a column's value is read: SATS-JSON in all its spellings or plain JSON, and leniently where a
/// number or a truth value came as text.
extension V4Row {
  /// The value of a column without the option around it; nil for an absent column, null and `none`.
  ///
  /// SpacetimeDB writes an option as `{"some":v}` and `{"none":[]}`, as `[0,v]` and `[1,[]]`, and 0.8
  /// as `{"0":v}` and `{"1":[]}`.
  func value(_ column: Int?) -> JSONSlice? {
    guard let column else { return nil }
    return unwrapped(values[column])
  }

  /// The first of several columns that says something; the first one where none does.
  func pick(_ columns: [Int]) -> Int? {
    guard columns.count > 1 else { return columns.first }
    return columns.first { value($0) != nil } ?? columns.first
  }

  /// Checks that a column can be a name, before anything is made for it.
  func checkName(_ column: Int?) throws(Rejection) {
    guard let column, let slice = value(column) else { return }
    guard slice.kind != .object, slice.kind != .array else {
      throw Rejection(.badType, "\(layout.names[column]) is \(named(slice)), not a name")
    }
  }

  private func unwrapped(_ slice: JSONSlice) -> JSONSlice? {
    switch slice.kind {
    case .null: return nil
    case .object, .array:
      guard let inner = option(slice) else { return slice }
      return inner.isSome ? unwrapped(inner.value) : nil
    default: return slice
    }
  }

  private func option(_ slice: JSONSlice) -> (isSome: Bool, value: JSONSlice)? {
    // An option's text is short unless its value is long, and then its first bytes tell.
    var parts = JSONSlices()
    let text = self.text
    let bytes = text.span
    let at = JSONSlices.skipSpace(bytes, slice.range.lowerBound + 1)
    if slice.kind == .object {
      guard bytes[at] == 0x22 else { return nil }
      parts.split(bytes, at: slice.range.lowerBound)
      guard parts.values.count == 1 else { return nil }
      switch string(parts.names[0]) {
      case "some", "0": return (true, parts.values[0])
      case "none" where isEmptyContainer(parts.values[0]),
        "1" where isEmptyContainer(parts.values[0]):
        return (false, parts.values[0])
      default: return nil
      }
    }
    guard bytes[at] == 0x30 || bytes[at] == 0x31 else { return nil }
    parts.split(bytes, at: slice.range.lowerBound)
    guard parts.values.count == 2, parts.values[0].range.count == 1 else { return nil }
    if bytes[at] == 0x30 { return (true, parts.values[1]) }
    return isEmptyContainer(parts.values[1]) ? (false, parts.values[1]) : nil
  }

  private func isEmptyContainer(_ slice: JSONSlice) -> Bool {
    guard slice.kind == .array || slice.kind == .object else { return false }
    let text = self.text
    return JSONSlices.skipSpace(text.span, slice.range.lowerBound + 1)
      == slice.range.upperBound - 1
  }

  /// A part of the text as it is.
  func string(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }

  /// A string's text, or any other value's JSON.
  func plain(_ slice: JSONSlice) -> String {
    guard slice.kind == .string else { return string(slice.range) }
    let text = self.text
    var bytes: [UInt8] = []
    JSONText.unescape(text.span, slice.inside, into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A column of text; a number or a truth value is taken as its JSON.
  ///
  /// - Throws: ``Rejection`` `bad_type` for a container.
  func word(_ column: Int?) throws(Rejection) -> String? {
    guard let column, let slice = value(column) else { return nil }
    guard slice.kind != .object, slice.kind != .array else {
      throw Rejection(.badType, "\(layout.names[column]) is \(named(slice)), not text")
    }
    return plain(slice)
  }

  /// ``word(_:)`` where an empty text says as little as none.
  func name(_ column: Int?) throws(Rejection) -> String? {
    let text = try word(column)
    return text?.isEmpty == true ? nil : text
  }

  /// A column that names something: an agent, a workflow, a row.
  ///
  /// Names are compared exactly, so an unpaired surrogate stays apart as its escape. An empty text names
  /// nothing.
  ///
  /// - Throws: ``Rejection`` `bad_type` for a container.
  func key(_ column: Int?) throws(Rejection) -> String? {
    guard let column, let slice = value(column), slice.kind == .string else {
      return try name(column)
    }
    var bytes: [UInt8] = []
    let text = self.text
    JSONText.unescape(text.span, slice.inside, into: &bytes, asName: true)
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  /// A column of text or of JSON, appended to a record: text is decoded, anything else is its JSON.
  ///
  /// - Returns: true when the text had a lone surrogate, which shows as U+FFFD.
  @discardableResult
  func appendContent(_ slice: JSONSlice, to record: inout Record) -> Bool {
    let text = self.text
    var hadLoneSurrogate = false
    record.text { bytes in
      if slice.kind == .string {
        hadLoneSurrogate = JSONText.unescape(text.span, slice.inside, into: &bytes)
      } else {
        bytes.append(contentsOf: text[slice.range])
      }
    }
    return hadLoneSurrogate
  }

  /// A whole number.
  ///
  /// - Throws: ``Rejection`` `bad_type`, `out_of_range` beyond 64 bits.
  func integer(_ column: Int?) throws(Rejection) -> Int64? {
    guard let column, let slice = value(column) else { return nil }
    guard slice.kind == .number || slice.kind == .string else {
      throw Rejection(.badType, "\(layout.names[column]) is \(named(slice)), not a number")
    }
    let text = plain(slice)
    if let value = Int64(text) { return value }
    guard let number = Decimal(text) else {
      throw Rejection(.badType, "\(layout.names[column]) is not a number")
    }
    guard number.isWhole else {
      throw Rejection(.badType, "\(layout.names[column]) is not a whole number")
    }
    guard let value = number.integer else {
      throw Rejection(.outOfRange, "\(layout.names[column]) is beyond 64 bits")
    }
    return value
  }

  /// A truth value; as text or number in the usual spellings.
  ///
  /// - Throws: ``Rejection`` `bad_type`.
  func bool(_ column: Int?) throws(Rejection) -> Bool? {
    guard let column, let slice = value(column) else { return nil }
    switch plain(slice).lowercased() {
    case "true", "1", "yes": return true
    case "false", "0", "no": return false
    default:
      throw Rejection(.badType, "\(layout.names[column]) is \(named(slice)), not true or false")
    }
  }

  /// A time and what had to be assumed to read it.
  struct Time {
    let microseconds: Int64
    /// A note for the row's metadata; nil when the text said everything.
    let note: String?
  }

  /// An instant: microseconds, SATS-JSON's `[n]` and `{"__timestamp_micros_since_unix_epoch__":n}`,
  /// RFC 3339, or ISO 8601 without a zone, which is taken as UTC.
  ///
  /// - Throws: ``Rejection`` `bad_timestamp`.
  func time(_ column: Int?) throws(Rejection) -> Time? {
    guard let column, let slice = value(column) else { return nil }
    let name = layout.names[column]
    let text = self.text
    switch slice.kind {
    case .number: return try time(micros: string(slice.range), name)
    case .array, .object:
      var parts = JSONSlices()
      parts.split(text.span, at: slice.range.lowerBound)
      let isNamed =
        slice.kind == .array
        || parts.names.count == 1
          && string(parts.names[0]) == "__timestamp_micros_since_unix_epoch__"
      guard isNamed, parts.values.count == 1, parts.values[0].kind == .number else { break }
      return try time(micros: string(parts.values[0].range), name)
    case .string:
      // Most times are RFC 3339 without any escape, and need no string.
      if let reading = Timestamp.read(text.span.extracting(slice.inside)),
        !reading.zoneIsAssumed, !reading.isRounded
      {
        return Time(microseconds: reading.timestamp.microseconds, note: nil)
      }
      let written = plain(slice)
      if written.isEmpty { return nil }
      var copy = written
      if let reading = copy.withUTF8({ Timestamp.read($0.span) }) {
        var note: String?
        if reading.zoneIsAssumed {
          note = "\(name) \"\(written)\" has no zone and was taken as UTC"
        }
        if reading.isRounded {
          note = "\(name) \"\(written)\" is a leap second or finer than a microsecond"
        }
        return Time(microseconds: reading.timestamp.microseconds, note: note)
      }
      if Int64(written) != nil { return try time(micros: written, name) }
    default: break
    }
    throw Rejection(.badTimestamp, "\(name) is no instant that can be read")
  }

  private func time(micros text: String, _ name: String) throws(Rejection) -> Time {
    guard let value = Int64(text) ?? Decimal(text)?.integer, Timestamp.writable.contains(value)
    else {
      throw Rejection(.badTimestamp, "\(name) is no count of microseconds in the years 1 to 9999")
    }
    return Time(microseconds: value, note: nil)
  }

  /// The kind of a value for a sentence.
  func named(_ slice: JSONSlice) -> String {
    switch slice.kind {
    case .string: "a text"
    case .number: "a number"
    case .bool: "true or false"
    case .null: "null"
    case .object: "an object"
    case .array: "an array"
    }
  }
}
