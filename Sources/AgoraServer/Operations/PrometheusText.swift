/// Figures in the text format of Prometheus, version 0.0.4.
struct PrometheusText {
  enum Kind: String {
    case counter
    case gauge
    case histogram
  }

  /// The media type of the text.
  static let type = "text/plain; version=0.0.4; charset=utf-8"

  private(set) var text = ""

  /// Writes a figure with all its samples.
  mutating func add(
    _ name: String, _ kind: Kind, _ help: String,
    _ samples: [(labels: [(String, String)], value: Double)]
  ) {
    begin(name, kind, help)
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  /// Writes a figure that has no labels.
  mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
    add(name, kind, help, [([], Double(value))])
  }

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

  private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
    text += name
    if !labels.isEmpty {
      let pairs = labels.map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
      text += "{" + pairs.joined(separator: ",") + "}"
    }
    text += " \(Self.number(value))\n"
  }

  /// A number without a point where it is whole.
  private static func number(_ value: Double) -> String {
    abs(value) < 9e15 && value == value.rounded() ? String(Int64(value)) : "\(value)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\": result += "\\\\"
      case "\n", "\r\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.append(character)
      }
    }
  }
}
