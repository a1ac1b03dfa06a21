import AgoraStore

/// One way in which calls may go on: how many there are on each past day in relation to the first ones,
/// and how many are still to come.
///
/// Times are in days from now; past ones are below zero.
struct DeclineShape: Sendable {
  enum Form: Sendable {
    /// As many as ever: an end is not to be seen.
    case constant
    /// As many as ever until `onset`, then fewer until none at `end`: by the same number each day, or
    /// slowly and then fast, or fast and then slowly.
    case line(onset: Double, end: Double, bend: Bend)
    /// As many as ever until `onset`, then fewer by the same part each day, until what is left is switched
    /// off after `cut` spans.
    case decay(onset: Double, span: Double, cut: Double)
    /// As many as ever until `at`, then none.
    case stopped(at: Double)
  }

  /// How a line bends: the power of what is left of its time.
  enum Bend: Sendable {
    /// The square root: slowly, then fast.
    case late
    /// The same number each day.
    case none
    /// The square: fast, then slowly.
    case early

    func of(_ left: Double) -> Double {
      switch self {
      case .late: left.squareRoot()
      case .none: left
      case .early: left * left
      }
    }

    /// The area under the curve from what is left to the end, in parts of the whole time.
    func rest(_ left: Double) -> Double {
      switch self {
      case .late: left * left.squareRoot() / 1.5
      case .none: left * left / 2
      case .early: left * left * left / 3
      }
    }
  }

  let form: Form
  /// The logarithm of how probable it is before any call is looked at.
  let prior: Double

  /// How many calls there are at a time, where there is one at first.
  func rate(at time: Double) -> Double {
    switch form {
    case .constant: 1
    case .line(let onset, let end, let bend):
      time <= onset ? 1 : time >= end ? 0 : bend.of((end - time) / (end - onset))
    case .decay(let onset, let span, let cut):
      time <= onset ? 1 : time >= onset + cut * span ? 0 : Numeric.exp((onset - time) / span)
    case .stopped(let at): time < at ? 1 : 0
    }
  }

  /// How many calls come after a time that is not before now; infinite where they never end.
  func remaining(after time: Double) -> Double {
    switch form {
    case .constant: .infinity
    case .line(let onset, let end, let bend):
      time >= end ? 0 : bend.rest((end - time) / (end - onset)) * (end - onset)
    case .decay(let onset, let span, let cut):
      time >= onset + cut * span
        ? 0 : span * (Numeric.exp((onset - time) / span) - Numeric.exp(-cut))
    case .stopped: 0
    }
  }

  /// The beginnings of a decline that are considered.
  private static let onsets: [Double] = [-60, -44, -32, -24, -17, -12, -8, -5, -3]
  /// The ends of a line: each about a third further than the one before.
  private static let ends: [Double] = [
    1, 2, 3.5, 6, 9, 13, 19, 28, 41, 60, 88, 130, 200,
  ]
  /// The spans in which a decay leaves a third.
  private static let spans: [Double] = [2, 3.2, 5, 8, 13, 21, 36]
  /// After how many spans what is left of a decay is switched off: with 14, 5, 2 and a quarter of a percent.
  private static let cuts: [Double] = [2, 3, 4, 6]

  /// All shapes, each family with its share of what is expected before any call is seen.
  static let all: [DeclineShape] = {
    func family(_ share: Double, _ forms: [Form]) -> [DeclineShape] {
      forms.map {
        DeclineShape(form: $0, prior: Numeric.log(share / Double(max(1, forms.count))))
      }
    }
    func lines(_ bend: Bend) -> [Form] {
      onsets.flatMap { onset in ends.map { .line(onset: onset, end: $0, bend: bend) } }
    }
    func decays(_ cuts: [Double]) -> [Form] {
      onsets.flatMap { onset in
        spans.flatMap { span in cuts.map { .decay(onset: onset, span: span, cut: $0) } }
      }
    }
    let stops = (0...20).map { Form.stopped(at: -Double($0)) }
    return family(0.30, [.constant]) + family(0.25, lines(.none)) + family(0.09, lines(.late))
      + family(0.02, lines(.early)) + family(0.06, decays([.infinity])) + family(0.24, decays(cuts))
      + family(0.04, stops)
  }()

  /// The ``prior`` of each shape.
  static let priors: [Double] = all.map(\.prior)

  /// How many calls each shape has still to come after each of ``EndCurve/days``: a row for each shape.
  static let rests: [Double] = all.flatMap { shape in
    EndCurve.days.map { shape.remaining(after: $0) }
  }
}

/// The shapes on the days that end at one moment of a day, so that a hundred thousand agents need them
/// worked out once.
struct ShapeTable: Sendable {
  /// The number of shapes.
  static let count = DeclineShape.all.count
  /// The logarithm that stands for that of zero.
  static let never = -1e9

  /// The logarithms of the rates, a row for each of ``CallHistory/days``.
  let logs: [Double]
  /// The sums of the rates from each day to now, a row for each day.
  let sums: [Double]
  /// The logarithms of ``sums``.
  let sumLogs: [Double]

  /// - Parameter today: how much of the last day is over.
  init(today: Double) {
    let (days, count) = (CallHistory.days, Self.count)
    var logs = [Double](repeating: 0, count: days * count)
    var sums = logs
    var sumLogs = logs
    for (number, shape) in DeclineShape.all.enumerated() {
      var sum = 0.0
      for day in stride(from: days - 1, through: 0, by: -1) {
        let length = day == days - 1 ? today : 1
        let middle = length / 2 - today - Double(days - 1 - day)
        let rate = shape.rate(at: middle) * length
        sum += rate
        logs[day * count + number] = rate > 0 ? Numeric.log(rate) : Self.never
        sums[day * count + number] = sum
        sumLogs[day * count + number] = sum > 0 ? Numeric.log(sum) : Self.never
      }
    }
    self.logs = logs
    self.sums = sums
    self.sumLogs = sumLogs
  }
}
