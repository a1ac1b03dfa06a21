/// Where a call of v4 is answered otherwise than v4 would have, on purpose.
package struct Difference: Sendable {
  /// The number, which never changes its meaning.
  package let number: Int
  /// What v4 did.
  package let v4: String
  /// What is done now.
  package let v5: String

  private init(_ number: Int, _ v4: String, _ v5: String) {
    self.number = number
    self.v4 = v4
    self.v5 = v5
  }

  /// All of them.
  package static let all: [Difference] = [
    Difference(
      1, "A successful call prints nothing on standard output.",
      "It prints one JSON object with the v5 ids; --quiet-stdout or AGORA_STRICT_CLI=1 prints nothing."
    ),
    Difference(
      2, "Arguments by name (--agent_id X) are refused.",
      "They are taken, for every reducer whose callers write them."),
    Difference(
      3, "An id that exists makes the module panic with a duplicate key.",
      "The call succeeds, what is there stays as it is, and an event tells of the repetition."),
    Difference(
      4, "Priority 5 is above 4, and 255 above both.",
      "Both are urgent; the number is kept in the metadata."),
    Difference(
      5, "Quotes, backslashes and line breaks inside a text argument break the call.",
      "They are part of the text, escaped or not."),
    Difference(
      6, "Progress on a task that nobody made has no row to change.",
      "The call succeeds and is recorded as an event v4_unknown_task."),
    Difference(
      7, "A task that is finished takes any later progress.",
      "It stays finished; the report is recorded as an event v4_late_progress."),
    Difference(
      8, "A task belongs to nobody until an agent reports on it.",
      "The least loaded agent that has the capabilities gets it; where there is none it waits as on v4."
    ),
    Difference(
      9, "Any text can be an agent's name.",
      "A name has 1 to 256 characters without control characters, and broadcast, *, all_agents, system_wide and agora are nobody's."
    ),
    Difference(
      10, "user_directive, clear_duplicate_entries and cleanup_agent_registration exist.",
      "They are refused by name, with what to do instead."),
    Difference(
      11, "What an override has stopped goes on as far as callers choose to obey.",
      "A halted agent, workflow or marketplace refuses calls until the halt is lifted."),
    Difference(
      12, "A lone surrogate in a text is kept.", "It becomes U+FFFD: a text of v5 is UTF-8."),
    Difference(
      13, "Unknown types of query give an empty answer.",
      "They are refused, with the types that there are."),
    Difference(
      14, "publish sends a module.",
      "There is no module: it succeeds and changes nothing, and --clear-database is refused."),
    Difference(
      15, "Nothing is known of what becomes of the steps that create_workflow brings.",
      "They are begun as tasks, one after the other where they name no dependencies; a step that names no agent goes to the assigned agents in turn. Steps that cannot be understood are kept in the metadata."
    ),
    Difference(
      16, "There is no command that exports a database.",
      "spacetime export gives the v4 bundle on standard output, as v4 would have it now."),
    Difference(
      17, "logs shows what the module wrote.",
      "It shows what happened, one line for each event, and never what a message says."),
    Difference(
      18, "A call can be made for as long as the module is there.",
      "Once an operator has announced v4's end, each answer names the call of v5 to make instead; in announced windows, and after the end, calls fail with v4_brownout or v4_sunset."
    ),
    Difference(
      19,
      "The owner of a database changes rows with SQL, and clients speak any of SpacetimeDB's protocols.",
      "SQL only reads, whoever asks; of the WebSocket's protocols there is v1.json.spacetimedb."),
    Difference(
      20,
      "A call over HTTP has to be of the type application/json, and a token of the server's own key.",
      "Any type is taken, and so is any well-formed token: it says who somebody is, and opens nothing."
    ),
  ]
}
