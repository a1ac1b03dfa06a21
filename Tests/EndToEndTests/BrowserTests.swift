import AgoraStore
import TestSupport
import Testing

/// The page in a real browser: only with `make page`, which says where Chromium is.
@Suite(.enabled(if: System.environment("CHROMIUM") != nil)) struct BrowserTests {
  private static let nasty = #"<img src=x onerror="document.title='owned'">"#

  /// Opens a page without a window.
  ///
  /// - Returns: the document after its script has run, and what the browser had to say.
  private func open(_ url: String, in folder: String, _ more: [String] = []) throws -> Child {
    try Child.run(
      "/usr/bin/env",
      [
        System.environment("CHROMIUM") ?? "chromium", "--headless=new", "--no-sandbox",
        "--disable-gpu",
        "--user-data-dir=\(folder)/profile", "--log-net-log=\(folder)/net.json",
        "--enable-logging=stderr",
        "--virtual-time-budget=2000", "--dump-dom",
      ] + more + [url])
  }

  @Test(.timeLimit(.minutes(2)))
  func `the page draws itself, says nothing to the console and asks nobody for anything`() throws {
    try withTemporaryFolder { folder in
      let store = folder + "/agora.db"
      for name in ["plain", Self.nasty] {
        let made = try Child.run(
          "agora", ["call", "agora.agent.register", "--agent-name", name, "--store", store])
        #expect(made.status == 0, "\(made.talk)")
      }
      let call = try Child.run(
        "agora",
        ["compat", "call", "--store", store, "agora-marketplace", "agent_heartbeat", "plain"])
      #expect(call.status == 0, "\(call.talk)")
      let page = folder + "/report.html"
      let written = try Child.run("agora", ["monitor", "--store", store, "--html", page])
      #expect(written.status == 0, "\(written.talk)")
      let json = try JSON.parse(
        Child.run("agora", ["monitor", "--store", store, "--json"]).output)
      let dom = try open("file://" + page, in: folder)
      #expect(dom.output.contains("Every agent"), "\(dom.talk)")
      // The script ran: it unhides its tools, makes heads into buttons and counts the rows.
      #expect(!dom.output.contains(#"id="tools" hidden"#) && dom.output.contains(#"class="sort""#))
      let total = json["migration_summary"]?["total_agents"]?.integer ?? -1
      #expect(dom.output.contains(">\(total) agents</p>"))
      let calls = json["v4_calls"]?["total"]?.integer ?? -1
      #expect(dom.output.contains(#"data-figure="v4_calls_total">\#(calls)<"#))
      #expect(!dom.output.contains("<img") && !dom.output.contains("<title>owned"))
      #expect(!dom.talk.contains("CONSOLE"), "\(dom.talk)")
      let net = try contents(folder + "/net.json")
      for scheme in ["\"http://", "\"https://"] {
        // The browser's own errands name Google's hosts; the page's would name none of them.
        let urls = net.split(separator: scheme).dropFirst().map { $0.prefix { $0 != "\"" } }
        let own = ["google", "gstatic", "gvt1"]
        let strange = urls.filter { url in !own.contains { url.contains($0) } }
        #expect(strange.isEmpty, "\(strange)")
      }
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func `it reads without JavaScript, on a phone and in the dark`() throws {
    try withTemporaryFolder { folder in
      let page = folder + "/report.html"
      let store = folder + "/agora.db"
      _ = try Child.run(
        "agora", ["call", "agora.agent.register", "--agent-name", "someone", "--store", store])
      _ = try Child.run("agora", ["monitor", "--store", store, "--html", page])
      // A browser without scripts cannot tell its document; a page without one is the same.
      let text = try contents(page)
      let parts = text.split(separator: "<script>", maxSplits: 1)
      try write("\(parts[0])</body></html>", to: folder + "/plain.html")
      let plain = try open("file://\(folder)/plain.html", in: folder)
      #expect(plain.output.contains("someone") && plain.output.contains(#"id="tools" hidden"#))
      for (name, options) in [
        ("phone", ["--window-size=375,2400"]),
        ("dark", ["--window-size=1280,1800", "--force-dark-mode"]),
      ] {
        let picture = "\(folder)/\(name).png"
        _ = try open("file://" + page, in: folder, options + ["--screenshot=\(picture)"])
        let size = try File.status(picture)?.size ?? 0
        #expect(size > 10_000, "\(name)")
      }
    }
  }
}
