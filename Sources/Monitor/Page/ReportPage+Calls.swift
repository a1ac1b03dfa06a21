import AgoraStore

/// What stands in the page about calls of v4.
extension ReportPage {
  /// The reducers that have a colour of their own; the others share one.
  private static let coloured = 5

  func callsCard(_ out: inout HTML) {
    let calls = report.calls
    out.element("section", "id=\"calls\" class=\"card\" data-live aria-labelledby=\"calls-title\"")
    { out in
      out.element("h2", "id=\"calls-title\"", "Calls of v4")
      guard calls.total > 0 else {
        out.element("p", "class=\"quiet\"", "No call of v4 is on record.")
        return
      }
      out.element("p", "class=\"quiet\"") { out in
        out.raw("<b data-figure=\"v4_calls_total\">\(calls.total)</b> on record, ")
        out.raw("<b data-figure=\"v4_calls_in_window\">\(calls.inWindow)</b> within ")
        out.write("\(Words.count(report.window, "day")).")
      }
      chart(&out)
      out.element("div", "class=\"pair flush\"") { out in
        reducers(&out)
        refusals(&out)
      }
    }
  }

  // MARK: the chart

  private func chart(_ out: inout HTML) {
    let days = report.calls.lastDays(until: report.generatedAt)
    let most = days.map(\.calls).max() ?? 0
    guard most > 0, let first = days.first else {
      out.element(
        "p", "class=\"quiet\"", "None of them is of the last \(CallFacts.chartDays) days.")
      return
    }
    let names = report.calls.reducers.prefix(Self.coloured).map(\.reducer)
    var stacks = [[Int]](
      repeating: [Int](repeating: 0, count: Self.coloured + 1), count: days.count)
    for cell in report.calls.cells {
      let place = cell.day - first.day
      guard stacks.indices.contains(place) else { continue }
      let colour = names.firstIndex(of: cell.reducer) ?? Self.coloured
      stacks[place][colour] = Numeric.sum(stacks[place][colour], cell.calls)
    }
    let ceiling = Self.ceiling(most)
    out.raw(
      "<figure class=\"chart\"><div class=\"plot\"><div class=\"scale\" aria-hidden=\"true\"><span>\(ceiling)</span><span>\(Self.half(ceiling))</span><span>0</span></div>"
    )
    out.raw(
      "<svg viewBox=\"0 0 300 100\" preserveAspectRatio=\"none\" role=\"img\" aria-labelledby=\"chart-title chart-desc\"><title id=\"chart-title\">Calls of v4 by day and reducer</title><desc id=\"chart-desc\">"
    )
    let total = days.reduce(0) { Numeric.sum($0, $1.calls) }
    let peak = days.max { $0.calls < $1.calls }
    out.write(
      "The last \(days.count) days: \(Words.count(total, "call")), at most \(most) on \(peak.map { DayTime.date($0.day) } ?? ""), \(days.last?.calls ?? 0) today so far. The table that follows has all figures."
    )
    out.raw("</desc><path class=\"grid\" d=\"M0 0.25H300M0 50H300M0 99.75H300\"/>")
    for (place, stack) in stacks.enumerated() {
      bar(place, stack, ceiling, days[place].day, names, &out)
    }
    out.raw("</svg></div><div class=\"axis\" aria-hidden=\"true\">")
    for place in [0, 7, 14, 21, 29] {
      out.raw("<span>\(DayTime.date(days[place].day).dropFirst(5))</span>")
    }
    out.raw("</div><figcaption class=\"legend\">")
    for (colour, name) in names.enumerated() {
      out.raw("<span><i class=\"k\(colour)\"></i>")
      out.write(MonitorReport.short(name, 40))
      out.raw("</span>")
    }
    if stacks.contains(where: { ($0.last ?? 0) > 0 }) {
      out.raw("<span><i class=\"k\(Self.coloured)\"></i>others</span>")
    }
    out.raw("</figcaption></figure>")
    dayTable(days, &out)
  }

  private func bar(
    _ place: Int, _ stack: [Int], _ ceiling: Int, _ day: Int, _ names: [String], _ out: inout HTML
  ) {
    guard stack.contains(where: { $0 > 0 }) else { return }
    out.raw("<g class=\"day\"><title>")
    let parts = stack.enumerated().filter { $1 > 0 }.map { colour, calls in
      "\(colour < names.count ? MonitorReport.short(names[colour], 40) : "others") \(calls)"
    }
    out.write("\(DayTime.date(day)): \(parts.joined(separator: ", "))")
    out.raw("</title>")
    var below = 0.0
    for (colour, calls) in stack.enumerated() where calls > 0 {
      let height = Double(calls) / Double(ceiling) * 100
      out.raw(
        "<rect class=\"k\(colour)\" x=\"\(Self.number(Double(place) * 10 + 1))\" y=\"\(Self.number(100 - below - height))\" width=\"8\" height=\"\(Self.number(height))\"/>"
      )
      below += height
    }
    out.raw("</g>")
  }

  /// The next round number that is not below a count.
  static func ceiling(_ count: Int) -> Int {
    var step = 1
    while step < count {
      for tenths in [10, 16, 20, 30, 40, 50, 60, 80] where step * tenths / 10 >= count {
        return step * tenths / 10
      }
      let (next, overflows) = step.multipliedReportingOverflow(by: 10)
      guard !overflows, next < Int.max / 100 else { return count }
      step = next
    }
    return max(step, 1)
  }

  private static func half(_ number: Int) -> String {
    number.isMultiple(of: 2) ? "\(number / 2)" : "\(number / 2).5"
  }

  /// A number with two places at most.
  static func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
  }

  private func dayTable(_ days: [(day: Int, calls: Int, refused: Int)], _ out: inout HTML) {
    out.element("details", "class=\"more\"") { out in
      out.element("summary", "", "The same by day, as a table")
      out.element(
        "div", "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Calls by day\""
      ) { out in
        out.element("table", "class=\"figures\"") { out in
          out.raw(
            "<thead><tr><th scope=\"col\">day</th><th scope=\"col\">calls</th><th scope=\"col\">refused</th></tr></thead><tbody>"
          )
          for day in days.reversed() where day.calls > 0 {
            out.raw(
              "<tr><th scope=\"row\">\(DayTime.date(day.day))</th><td data-day=\"\(DayTime.date(day.day))\">\(day.calls)</td><td>\(day.refused)</td></tr>"
            )
          }
          out.raw("</tbody>")
        }
      }
    }
  }

  // MARK: the lists

  private func reducers(_ out: inout HTML) {
    out.element("div", "") { out in
      out.element("h3", "", "What is called, and what to call instead")
      out.element("div", "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Reducers\"")
      { out in
        out.element("table", "class=\"figures\"") { out in
          out.raw(
            "<thead><tr><th scope=\"col\">reducer</th><th scope=\"col\">calls</th><th scope=\"col\">refused</th><th scope=\"col\">agents on v4</th><th scope=\"col\">on v5</th></tr></thead><tbody>"
          )
          for reducer in report.calls.reducers {
            out.raw("<tr data-reducer=\"\(HTML.escaped(reducer.reducer))\"><th scope=\"row\">")
            out.write(MonitorReport.short(reducer.reducer, 48))
            out.raw(
              "</th><td>\(reducer.calls)</td><td>\(reducer.refused)</td><td>\(reducer.agentsOnV4)</td><td class=\"text\">"
            )
            if let replacement = reducer.replacement {
              out.element("code", "", replacement)
            } else {
              out.write("–")
            }
            out.raw("</td></tr>")
          }
          out.raw("</tbody>")
        }
      }
    }
  }

  private func refusals(_ out: inout HTML) {
    let others = report.calls.unattributed
    out.element("div", "") { out in
      out.element("h3", "", "Refused")
      if report.calls.refused.isEmpty {
        out.element("p", "class=\"quiet\"", "No call was refused.")
      } else {
        out.element("ul", "class=\"counts\"") { out in
          for (code, calls) in report.calls.refused {
            out.element("li", "") { out in
              out.element("code", "", code)
              out.raw(" <b>\(calls)</b>")
            }
          }
        }
      }
      guard !others.isEmpty else { return }
      out.element("h3", "", "Callers that are no agents")
      out.element("ul", "class=\"counts\"") { out in
        for caller in others.prefix(20) {
          out.element("li", "") { out in
            out.element(
              "bdi", "", caller.name.isEmpty ? "(no name)" : MonitorReport.short(caller.name, 60))
            out.raw(" <b>\(caller.calls)</b> ")
            out.element(
              "span", "class=\"quiet\"", "last on \(caller.lastCall.description.prefix(10))")
          }
        }
      }
      if others.count > 20 {
        out.element(
          "p", "class=\"quiet\"",
          "And \(others.count - 20) more: agora monitor --json has them all.")
      }
    }
  }
}
