/// The script for fish.
enum FishCompletion {
  static func script(_ places: [CompletionPlace]) -> String {
    let known = places.map(\.path).filter { !$0.isEmpty }
    let valued = places.flatMap { place in place.valued.map { "\(place.path) \($0)" } }
    return """
      # Completion of agora for fish, made by: agora completions fish

      set -g __agora_places \(list(known))
      set -g __agora_valued \(list(valued))

      # The words that lead to the place of the cursor.
      function __agora_place
          set -l place ''
          set -l isvalue ''
          set -l words (commandline -opc)
          for word in $words[2..]
              if test -n "$isvalue"
                  set isvalue ''
                  continue
              end
              if string match -q -- '-*' $word
                  contains -- "$place $word" $__agora_valued; and set isvalue yes
                  continue
              end
              set word (string replace -r '@.*' '' -- $word)
              for candidate in $word (string replace -a _ . -- $word)
                  set -l longer (string trim -- "$place $candidate")
                  if contains -- $longer $__agora_places
                      set place $longer
                      break
                  end
              end
          end
          echo $place
      end

      function __agora_at
          test (__agora_place) = "$argv"
      end

      complete -c agora -f
      \(places.flatMap(lines).joined(separator: "\n"))
      """
  }

  private static func lines(_ place: CompletionPlace) -> [String] {
    let here = "complete -c agora -n \(quoted("__agora_at \(quoted(place.path))"))"
    var lines = place.next.map { "\(here) -a \(quoted($0.word)) -d \(quoted($0.summary))" }
    switch place.operand {
    case .nothing: break
    case .files: lines.append("\(here) -F")
    case .words(let words): lines.append("\(here) -a \(quoted(words.joined(separator: " ")))")
    }
    return lines + place.options.map { here + " " + words(for: $0) }
  }

  private static func words(for option: Command.Option) -> String {
    var text = option.letter.map { "-s \($0) " } ?? ""
    text += "-l \(option.name)"
    if option.value != nil {
      switch option.completion {
      case .nothing: text += " -x"
      case .files: text += " -r -F"
      case .words(let words): text += " -x -a \(quoted(words.joined(separator: " ")))"
      }
    }
    return text + " -d \(quoted(option.brief))"
  }

  private static func list(_ words: [String]) -> String {
    words.map { " \\\n    " + quoted($0) }.joined()
  }

  /// In fish a backslash escapes both itself and the quote.
  private static func quoted(_ text: String) -> String {
    "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
}
