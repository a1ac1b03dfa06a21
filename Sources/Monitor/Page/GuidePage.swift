package import AgoraStore

/// The pages that answers to calls of v4 lead to: what to call instead, and how v4 is ended.
package enum GuidePage {
  /// A call of v4 and what to call instead.
  package struct Call: Sendable {
    let reducer: String
    let example: String?
    let replacement: String

    /// Makes it of the words that are shown.
    package init(reducer: String, example: String?, replacement: String) {
      self.reducer = reducer
      self.example = example
      self.replacement = replacement
    }
  }

  /// From v4 to v5, call by call.
  package static func guide(_ calls: [Call]) -> String {
    ReportPage.document(title: "From calls of v4 to calls of v5") { out in
      out.element("main", "id=\"main\"") { out in
        out.element("section", "class=\"verdict\"") { out in
          out.element("h1", "", "From calls of v4 to calls of v5")
          out.element(
            "p", "class=\"lead\"",
            "Each reducer of v4, as agents call it, and the call of v5 that does the same. Names and ids of v4 are understood by v5."
          )
        }
        out.element("section", "class=\"card\" aria-labelledby=\"begin\"") { out in
          out.element("h2", "id=\"begin\"", "Three ways to call v5")
          out.element("ul", "class=\"counts\"") { out in
            way(&out, "The command line", "agora call agora.messaging.send --help")
            way(&out, "HTTP", "POST /agora/messaging/send, described by /openapi.json")
            way(&out, "MCP", "agora mcp, or /mcp on this server")
          }
        }
        out.element("section", "class=\"card\" aria-labelledby=\"calls\"") { out in
          out.element("h2", "id=\"calls\"", "Call by call")
          out.element(
            "div", "class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"calls\""
          ) { out in
            out.element("table") { out in
              out.raw(
                "<thead><tr><th scope=\"col\">v4</th><th scope=\"col\">v5</th></tr></thead>\n<tbody>\n"
              )
              for call in calls {
                out.element("tr") { out in
                  out.raw("<td><code>")
                  out.write(call.example ?? call.reducer)
                  out.raw("</code></td><td><code>")
                  out.write(call.replacement)
                  out.raw("</code></td>")
                }
              }
              out.raw("</tbody>")
            }
          }
        }
      }
    }
  }

  private static func way(_ out: inout HTML, _ name: String, _ words: String) {
    out.element("li") { out in
      out.element("b", "", name)
      out.raw(" <code>")
      out.write(words)
      out.raw("</code>")
    }
  }

  /// How v4 is ended, and when.
  package static func policy(_ state: SunsetState) -> String {
    ReportPage.document(title: "How v4 is ended") { out in
      out.element("main", "id=\"main\"") { out in
        out.element("section", "class=\"verdict\"") { out in
          out.element("h1", "", "How v4 is ended")
          out.element("p", "class=\"lead\"", sentence(state))
        }
        out.element("section", "class=\"card\" aria-labelledby=\"phases\"") { out in
          out.element("h2", "id=\"phases\"", "The phases")
          out.element("ol", "class=\"counts\"") { out in
            for phase in SunsetPhase.allCases {
              out.element("li") { out in
                out.element("b", "", phase.rawValue)
                out.write(" " + meaning(phase) + (phase == state.phase ? " This is now." : ""))
              }
            }
          }
        }
        if !state.windows.isEmpty {
          out.element("section", "class=\"card\" aria-labelledby=\"windows\"") { out in
            out.element("h2", "id=\"windows\"", "The announced windows")
            out.element("ol", "class=\"counts\"") { out in
              for window in state.windows {
                out.element("li", "", "\(window.start) to \(window.end)")
              }
            }
          }
        }
        out.raw("<p class=\"quiet\"><a href=\"/docs/migration/v4\">What to call instead</a></p>\n")
      }
    }
  }

  private static func sentence(_ state: SunsetState) -> String {
    switch (state.phase, state.end) {
    case (.sunset, let date): "v4 has ended\(date.map { "; the date was \($0)" } ?? "")."
    case (_, let date?): "v4 ends on \(date)."
    case (.compatibility, nil): "No end of v4 has been announced."
    case (_, nil): "v4 is deprecated; the date of its end has not been announced."
    }
  }

  private static func meaning(_ phase: SunsetPhase) -> String {
    switch phase {
    case .compatibility: "Calls of v4 are answered as they always were."
    case .warning: "Calls are answered, and each answer says what to call instead."
    case .brownout:
      "Calls fail in announced windows with 410, and pass between them; urgent messages always pass, and an operator can exempt an agent until a date."
    case .sunset: "All calls fail with 410, and say what to call instead."
    }
  }
}
