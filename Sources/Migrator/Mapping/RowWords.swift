import AgoraStore

extension LegacyWords {
  /// The v5 status of a step: a task's, or `skipped`, which only what came from v5 says.
  static func stepStatus(_ word: String?) -> Translation<String> {
    if let word, word.lowercased() == "skipped" {
      return Translation(value: "skipped", keepsOriginal: word != "skipped")
    }
    return taskStatus(word, done: nil)
  }

  /// A task's status; without a known word its progress decides.
  static func taskStatus(_ word: String?, done: TaskMapping.Share?) -> Translation<String> {
    if let word, let value = knownTaskStatus(word) {
      return Translation(value: value, keepsOriginal: value != word)
    }
    let value =
      done.map { $0.isNothing ? "pending" : $0.isAll ? "completed" : "in_progress" } ?? "pending"
    return Translation(value: value, keepsOriginal: word != nil)
  }
}

extension V4Row {
  /// A priority as number or word, 1 to 4; the original goes to the metadata where it says more.
  ///
  /// - Throws: ``Rejection`` `bad_type` for a container or a truth value.
  func priority(_ column: Int?, _ metadata: inout RowMetadata) throws(Rejection) -> Int64 {
    guard let column, let slice = value(column) else { return 2 }
    let translation: LegacyWords.Translation<Int64>
    switch slice.kind {
    case .number:
      let text = string(slice.range)
      if let number = Int64(text) ?? Decimal(text)?.integer {
        translation = LegacyWords.priority(number)
      } else if let decimal = Decimal(text), decimal.isBelowZero || decimal.isAbove(4) {
        translation = LegacyWords.priority(decimal.isBelowZero ? 0 : 5)
      } else {
        translation = LegacyWords.Translation(value: 2, keepsOriginal: true)
      }
    case .string: translation = LegacyWords.priority(plain(slice))
    default:
      throw Rejection(.badType, "\(layout.names[column]) is \(named(slice)), not a priority")
    }
    if translation.keepsOriginal { metadata.keep(self, column) }
    return translation.value
  }
}

extension V4Row {
  /// What a row says about which workflow of an id it means; nil for none, and for what is no word.
  func mark(_ column: Int?) -> String? {
    guard let mark = try? word(column) else { return nil }
    return mark.isEmpty ? nil : mark
  }
}
