import AgoraStore

/// One way in which calls may go on: how many there are on each past day in relation to the first ones,
/// and how many are still to come.
///
/// Times are in days from now; past ones are below zero.
struct DeclineShape: Sendable {
  enum Form: Sendable {
    /// As many as ever: an end is not to be seen.
    case constant
    /// As many as ever until `onset`, then fewer by the same number each day until none at `end`.
    case line(onset: Double, end: Double)
    /// As many as ever until `onset`, then fewer by the same part each day.
    case decay(onset: Double, span: Double)
    /// As many as ever until `at`, then none.
    case stopped(at: Double)
  }

  let form: Form
  /// The logarithm of how probable it is before any call is looked at.
  let prior: Double

  /// How many calls there are at a time, where there is one at first.
  func rate(at time: Double) -> Double {
    switch form {
    case .constant: 1
    case .line(let onset, let end):
      time <= onset ? 1 : time >= end ? 0 : (end - time) / (end - onset)
    case .decay(let onset, let span): time <= onset ? 1 : Numeric.exp((onset - time) / span)
    case .stopped(let at): time < at ? 1 : 0
    }
  }

  /// How many calls come after a time that is not before now; infinite where they never end.
  func remaining(after time: Double) -> Double {
    switch form {
    case .constant: .infinity
    case .line(let onset, let end):
      time >= end ? 0 : (end - time) * (end - time) / (2 * (end - onset))
    case .decay(let onset, let span): span * Numeric.exp((onset - time) / span)
    case .stopped: 0
    }
  }

  /// The beginnings of a decline that are considered.
  private static let onsets: [Double] = [-56, -42, -28, -21, -14, -7]
  /// The ends of a line: each about a third further than the one before, to two years.
  private static let ends: [Double] = [
    1, 2, 3, 5, 7, 10, 14, 19, 26, 35, 47, 63, 84, 112, 150, 200, 270, 365, 730,
  ]
  /// The spans in which a decay leaves a third.
  private static let spans: [Double] = [2, 3, 4.5, 6.5, 9, 13, 19, 27, 40, 60, 100]

  /// All shapes, each family with its share of what is expected: half of all agents just go on.
  static let all: [DeclineShape] = {
    func family(_ share: Double, _ forms: [Form]) -> [DeclineShape] {
      forms.map {
        DeclineShape(form: $0, prior: Numeric.log(share / Double(max(1, forms.count))))
      }
    }
    let lines = onsets.flatMap { onset in ends.map { Form.line(onset: onset, end: $0) } }
    let decays = onsets.flatMap { onset in spans.map { Form.decay(onset: onset, span: $0) } }
    let stops = (0...20).map { Form.stopped(at: -Double($0)) }
    return family(0.4, [.constant]) + family(0.3, lines) + family(0.2, decays)
      + family(0.1, stops)
  }()
}

/// The shapes on the grid of days that ends at one moment of a day, so that a hundred thousand agents
/// need them worked out once.
struct ShapeTable: Sendable {
  /// The logarithms of the rates, one row of ``CallHistory/days`` for each shape.
  let logs: [Double]
  /// The sums of the rates from each day to now, one row for each shape; the days are one more.
  let sums: [Double]
  let today: Double

  init(today: Double) {
    self.today = today
    let days = CallHistory.days
    var logs: [Double] = []
    var sums: [Double] = []
    for shape in DeclineShape.all {
      var row = [Double](repeating: 0, count: days + 1)
      for place in stride(from: days - 1, through: 0, by: -1) {
        let length = place == days - 1 ? today : 1
        let middle = length / 2 - today - Double(days - 1 - place)
        row[place] = shape.rate(at: middle) * length
      }
      logs += row.prefix(days).map { $0 > 0 ? Numeric.log($0) : -1e6 }
      for place in stride(from: days - 1, through: 0, by: -1) { row[place] += row[place + 1] }
      sums += row
    }
    self.logs = logs
    self.sums = sums
  }
}
