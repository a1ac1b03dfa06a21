import AgoraStore

extension PrometheusText {
  /// Writes durations in milliseconds as histograms in seconds.
  mutating func add(
    _ name: String, _ help: String,
    _ samples: [(labels: [(String, String)], histogram: ServerMetrics.Histogram)]
  ) {
    begin(name, .histogram, help)
    for (labels, histogram) in samples {
      var sum = 0
      for (bound, count) in zip(ServerMetrics.Histogram.bounds, histogram.buckets) {
        sum += count
        line("\(name)_bucket", labels + [("le", Self.number(Double(bound) / 1000))], Double(sum))
      }
      line("\(name)_bucket", labels + [("le", "+Inf")], Double(histogram.count))
      line("\(name)_sum", labels, Double(histogram.sum) / 1000)
      line("\(name)_count", labels, Double(histogram.count))
    }
  }
}
