/// Finds what somebody meant who mistyped a word.
package enum Suggestion {
  /// The nearest of some words; nil when none is near.
  package static func nearest(to word: String, among words: [String]) -> String? {
    guard !word.isEmpty else { return nil }
    let scored = words.map { (word: $0, distance: distance(word, $0)) }
    guard let best = scored.min(by: { $0.distance < $1.distance }) else { return nil }
    // Who stops in the middle of a word means that word, and not a short one that looks like its half.
    if best.distance > 1, word.count > 3,
      let begun = scored.filter({ $0.word.hasPrefix(word) }).min(by: { $0.distance < $1.distance })
    {
      return begun.word
    }
    return best.distance <= max(2, word.count / 3) || best.word.hasPrefix(word) ? best.word : nil
  }

  /// The least number of insertions, deletions, replacements and swaps of neighbours (optimal string
  /// alignment) that turn one word into another.
  package static func distance(_ left: String, _ right: String) -> Int {
    let a = Array(left.lowercased())
    let b = Array(right.lowercased())
    var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    for i in 0..<a.count {
      for j in 0..<b.count {
        let replacement = rows[i][j] + (a[i] == b[j] ? 0 : 1)
        var best = min(rows[i][j + 1] + 1, rows[i + 1][j] + 1, replacement)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        rows[i + 1][j + 1] = best
      }
    }
    return rows[a.count][b.count]
  }
}
