import AgoraStore
import Migrator

/// `agora runs`.
enum RunsCommand {
  static let command = Command(
    words: ["runs"], summary: "Lists the migrations of the store, newest first.",
    options: [Command.store],
    run: { invocation in
      let list = try RunList(invocation.openStore())
      try invocation.report(list.json, list.text)
      return .done
    })
}

/// `agora rejects …`.
enum RejectsCommand {
  static let list = Command(
    words: ["rejects", "list"], summary: "Lists the rows that were not understood.",
    options: [
      Command.store,
      .init(name: "all", help: "Lists also those that need nothing more, and what became of them."),
    ],
    run: { invocation in
      let list = try RejectList(invocation.openStore(), includingSettled: invocation.has("all"))
      try invocation.report(list.json, list.text)
      return .done
    })

  static let show = Command(
    words: ["rejects", "show"], summary: "Shows one rejected row and why it was rejected.",
    operands: [.init(name: "N", help: "The reject's number.")], options: [Command.store],
    run: { invocation in
      let list = try RejectList(invocation.openStore(), number: number(invocation.operands[0]))
      try invocation.report(list.json, list.detail)
      return .done
    })

  static let retry = Command(
    words: ["rejects", "retry"],
    summary: "Loads the rejected rows that pass now.",
    options: [
      Command.store,
      .init(
        name: "source", value: "NAME",
        help: "The v4 deployment, where the store has several."),
      .init(
        name: "orphans", value: "stub|keep|reject",
        help: "What a reference to nothing does now: stub (default), keep or reject."),
      .init(name: "wait", help: "Waits for another run's lock."),
    ],
    discussion: """
      Rows that pass go into the store as a run of their own, with their place in the export; the others
      stay rejected. What was never a row, or is too large to be held, cannot pass this way.
      """,
    run: { invocation in
      var options = MigrationOptions.retryingRejects()
      options.orphans = try invocation.choice("orphans", OrphanPolicy.self) ?? .stub
      options.waits = invocation.has("wait")
      options.source = try KnownSources(invocation.openStore()).choose(
        invocation.value("source"))
      let progress = ProgressLine(isShown: Terminal.isWatched)
      Interruption.watch()
      let report = try Migration(options, store: invocation.storePath, progress: progress).run()
      invocation.reportDone(report.json, report.text)
      return report.needsAttention ? .needsAttention : .done
    })

  static let dismiss = Command(
    words: ["rejects", "dismiss"], summary: "Says that rejected rows need nothing more, and why.",
    operands: [
      .init(name: "N", help: "The reject's number; several are one decision.", repeats: true)
    ],
    options: [
      Command.store,
      .init(name: "reason", value: "TEXT", help: "Why they need nothing more; kept with them."),
    ],
    discussion: """
      All of them are dismissed, or none where one is not outstanding. Who did it and when is kept: the
      name in USER or LOGNAME, else operator. The rows stay v4's and are in its export; when one comes
      mended it is imported as any other.

      Examples:
        agora rejects dismiss 3 --reason "a test"
        agora rejects dismiss 3 4 5 --reason "written by the load test of May"
      """,
    run: { invocation in
      let numbers = try invocation.operands.map(number)
      guard let reason = invocation.value("reason") else {
        throw AgoraError(.misuse, "agora rejects dismiss needs --reason TEXT")
      }
      let list = try RejectDismissal(numbers, reason: reason).run(in: invocation.openStore())
      let names = list.rejects.map { "\($0.number)" }.joined(separator: ", ")
      invocation.reportDone(
        list.json,
        "Dismissed \(list.rejects.count == 1 ? "reject" : "rejects") \(names): \(TextTable.visible(reason))"
      )
      return .done
    })

  /// A reject's number as it is written.
  private static func number(_ text: String) throws -> Int {
    guard let number = Int(text) else {
      throw AgoraError(
        .misuse, "\"\(text)\" is no number of a reject",
        remedy: "agora rejects list shows their numbers.")
    }
    return number
  }

  static let export = Command(
    words: ["rejects", "export"],
    summary: "Writes the rejected rows to a file, one a line.",
    operands: [.init(name: "FILE", help: "The file to write; - for standard output.")],
    options: [Command.store],
    run: { invocation in
      let file = invocation.operands[0]
      if file == "-", invocation.wantsJSON {
        throw AgoraError(
          .misuse, "--json needs a FILE: with - the rejected rows are on standard output")
      }
      Interruption.watch()
      let count = try RejectsFile.write(
        from: invocation.openStore(), to: StandardOutput.path(of: file))
      invocation.reportDone(
        .object([.init("file", .string(file)), .init("rejects", .int(count))]),
        "Wrote \(count) rejected rows to \(StandardOutput.title(of: file)).", besides: [file])
      return .done
    })
}

/// `agora explain`.
enum ExplainCommand {
  static let command = Command(
    words: ["explain"], summary: "Says where a row came from, or why it did not come.",
    operands: [.init(name: "ID", help: "A v4 id, a v5 id or an agent's name.")],
    options: [Command.store],
    run: { invocation in
      let explanation = try Explanation(invocation.operands[0], in: invocation.openStore())
      try invocation.report(explanation.json, explanation.text)
      return .done
    })
}

/// `agora store …`.
enum StoreCommand {
  static let info = Command(
    words: ["store", "info"], summary: "Tells the store's size and what is in it.",
    options: [
      Command.store,
      .init(name: "hash", help: "Adds a hash of the content, equal for stores with equal records."),
    ],
    run: { invocation in
      let info = try StoreInfo(invocation.openStore(), hashes: invocation.has("hash"))
      try invocation.report(info.json, info.text)
      return .done
    })

  static let backup = Command(
    words: ["store", "backup"],
    summary: "Copies the store to a file while others go on using it.",
    operands: [.init(name: "FILE", help: "The copy; it must not exist.")], options: [Command.store],
    discussion: """
      The copy is one moment of the store, and has its name only when it is whole and on the disk. That
      it was taken is noted in the store, for the readiness gates; where that cannot be done the copy
      stands all the same, and a warning says so.
      """,
    run: { invocation in
      let file = invocation.operands[0]
      guard file != "-" else {
        throw AgoraError(
          .misuse, "a store is a file, and cannot be copied to standard output",
          remedy: "Name a file; ./- is one that is called -.")
      }
      let now = try Clock.ofEnvironment().now()
      Interruption.watch()
      let copy = try invocation.openStore().backup(to: file, at: now)
      if let failure = copy.failure {
        Terminal.say("agora: the copy stands, but the store has no record of it: \(failure)")
      }
      invocation.reportDone(
        .object([
          .init("file", .string(file)), .init("bytes", .int(copy.bytes)),
          .init("on_record", .bool(copy.failure == nil)),
        ]), "Wrote \(copy.bytes) bytes to \(file).")
      return .done
    })

  static let compact = Command(
    words: ["store", "compact"], summary: "Rewrites the store without gaps.",
    options: [Command.store],
    run: { invocation in
      let (before, after) = try invocation.openStore().compact()
      try invocation.report(
        .object([.init("bytes_before", .int(before)), .init("bytes", .int(after))]),
        "\(before) bytes before, \(after) bytes after.")
      return .done
    })

  static let check = Command(
    words: ["store", "check"],
    summary: "Checks pages, references, JSON columns and ledgers.",
    options: [Command.store],
    run: { invocation in
      let check = try StoreCheck(invocation.openStore())
      try invocation.report(check.json, check.text)
      return check.isSound ? .done : .failed
    })
}
