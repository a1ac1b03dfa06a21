import AgoraStore
import Monitor

/// What `/metrics` shows.
struct MetricsPage {
  let parts: ServiceParts
  let startedAt: Timestamp

  /// All figures; those of a store that cannot be read are left out, and `agora_store_readable` says so.
  var text: String {
    var page = PrometheusText()
    page.add(
      "agora_build_info", .gauge, "What is running.", [([("version", Version.marketplace)], 1)])
    page.add(
      "process_start_time_seconds", .gauge, "When the server was started, in seconds since 1970.",
      [([], Double(startedAt.microseconds) / 1e6)])
    addRequests(to: &page)
    addTools(to: &page)
    let figures = try? parts.store.read { connection in
      try StoreFigures(connection, LegacyCallLog(connection).totals())
    }
    page.add(
      "agora_store_readable", .gauge, "Whether the store's figures could be read.",
      figures == nil ? 0 : 1)
    figures?.add(to: &page)
    if let report = try? parts.reports.report(notOlderThan: 10) { report.addOwn(to: &page) }
    return page.text
  }

  private func addRequests(to page: inout PrometheusText) {
    let figures = parts.metrics.figures
    let requests = figures.requests.map { label, histogram in
      (
        labels: [
          ("method", label.method), ("route", label.route), ("status", "\(label.status)"),
        ], value: Double(histogram.count)
      )
    }
    page.add(
      "agora_http_requests_total", .counter, "Requests that were answered.",
      Self.sorted(requests) { $0.labels })
    var durations: [[String]: ServerMetrics.Histogram] = [:]
    for (label, histogram) in figures.requests {
      durations[[label.method, label.route], default: .init()].add(histogram)
    }
    let histograms = durations.map { key, histogram in
      (labels: Array(zip(["method", "route"], key)), histogram: histogram)
    }
    page.add(
      "agora_http_request_duration_seconds",
      "From a request's first byte to the last of its answer; streams and WebSockets for their whole life.",
      Self.sorted(histograms) { $0.labels })
    page.add(
      "agora_http_connections_open", .gauge, "Clients that are connected.", figures.open)
    page.add(
      "agora_http_connections_total", .counter, "Clients that have come.", figures.connections)
    page.add(
      "agora_http_received_bytes_total", .counter, "Bytes of requests' bodies.", figures.received)
    page.add("agora_http_sent_bytes_total", .counter, "Bytes of answers.", figures.sent)
    page.add(
      "agora_http_answers_cut_total", .counter, "Answers that did not come to their end.",
      figures.cut)
  }

  private func addTools(to page: inout PrometheusText) {
    let calls = parts.tools.figures.figures.map { label, count in
      (
        labels: [
          ("tool", label.tool), ("door", label.origin.rawValue), ("outcome", label.outcome),
        ], value: Double(count)
      )
    }
    page.add(
      "agora_tool_calls_total", .counter,
      "Calls of tools: done, or the code of their failure.", Self.sorted(calls) { $0.labels })
  }

  /// Samples in the order of their labels' values, so that two pages can be compared.
  private static func sorted<Sample>(
    _ samples: [Sample], _ labels: (Sample) -> [(String, String)]
  ) -> [Sample] {
    samples.sorted { one, other in
      labels(one).map(\.1).lexicographicallyPrecedes(labels(other).map(\.1))
    }
  }
}
