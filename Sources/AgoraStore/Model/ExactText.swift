extension String {
  /// The text's UTF-8, for keys and comparisons that are to be exact: Swift's own comparison holds two
  /// spellings of one character, such as é in one code point and in two, for the same.
  package var exact: [UInt8] { Array(utf8) }
}
