import AgoraStore

/// `agora completions`: what makes a shell complete agora's words.
enum CompletionsCommand {
  private enum Shell: String, CaseIterable { case bash, zsh, fish }

  static let command = Command(
    words: ["completions"], summary: "Prints a script that makes a shell complete these words.",
    operands: [.init(name: "bash|zsh|fish", help: "The shell.")],
    discussion: """
      Commands, flags, words that a flag can take, tools and their parameters are completed.

        bash  eval "$(agora completions bash)" in ~/.bashrc
        zsh   agora completions zsh > _agora, in a folder of $fpath, before compinit
        fish  agora completions fish > ~/.config/fish/completions/agora.fish
      """,
    run: { invocation in
      let shell = try Invocation.choice(
        invocation.operands[0], of: "agora completions", Shell.self)
      let places = CompletionPlace.all(Commands.all)
      let script =
        switch shell {
        case .bash: BashCompletion.script(places)
        case .zsh: ZshCompletion.script(places)
        case .fish: FishCompletion.script(places)
        }
      try invocation.report(
        .object([
          .init("shell", .string(shell.rawValue)), .init("script", .string(script)),
        ]), script)
      return .done
    })
}
