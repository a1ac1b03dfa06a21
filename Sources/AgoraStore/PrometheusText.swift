/// Figures in the text format of Prometheus, version 0.0.4.
package struct PrometheusText: Sendable {
  package enum Kind: String, Sendable {
    case counter
    case gauge
    case histogram
  }

  /// The media type of the text.
  package static let type = "text/plain; version=0.0.4; charset=utf-8"

  package private(set) var text = ""

  package init() {}

  /// Writes a figure with all its samples.
  package mutating func add(
    _ name: String, _ kind: Kind, _ help: String,
    _ samples: [(labels: [(String, String)], value: Double)]
  ) {
    begin(name, kind, help)
    for sample in samples { line(name, sample.labels, sample.value) }
  }

  /// Writes a figure that has no labels.
  package mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Int) {
    add(name, kind, help, [([], Double(value))])
  }

  /// Begins a figure.
  package mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
  }

  /// Writes one sample.
  package mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
    text += name
    if !labels.isEmpty {
      let pairs = labels.map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
      text += "{" + pairs.joined(separator: ",") + "}"
    }
    text += " \(Self.number(value))\n"
  }

  /// A number without a point where it is whole.
  package static func number(_ value: Double) -> String {
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
