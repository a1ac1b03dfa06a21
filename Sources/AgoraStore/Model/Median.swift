/// The value in the middle.
package enum Median {
  /// The median of durations in microseconds, in seconds; nil where there are none.
  package static func seconds(_ durations: [Int64]) -> Double? {
    guard !durations.isEmpty else { return nil }
    let sorted = durations.sorted()
    let middle = sorted.count / 2
    guard sorted.count.isMultiple(of: 2) else { return Double(sorted[middle]) / 1e6 }
    return (Double(sorted[middle - 1]) + Double(sorted[middle])) / 2e6
  }
}
