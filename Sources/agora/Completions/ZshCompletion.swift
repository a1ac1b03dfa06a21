/// The script for zsh.
enum ZshCompletion {
  static func script(_ places: [CompletionPlace]) -> String {
    """
    #compdef agora
    # Completion of agora for zsh, made by: agora completions zsh

    # What may stand at a place: words and what each is.
    _agora_place() {
      next=() options=() valued=() operand=()
      case $1 in
    \(places.map(place).joined(separator: "\n"))
      esac
    }

    # What an option takes at a place.
    _agora_values() {
      operand=()
      case "$1 $2" in
    \(places.flatMap(values).joined(separator: "\n"))
      esac
    }

    _agora() {
      local place= word option= isvalue= cur=$words[CURRENT]
      local -a next options valued operand known
      local -i index
      _agora_place ''
      for (( index = 2; index < CURRENT; index++ )); do
        word=$words[index]
        if [[ -n $isvalue ]]; then
          isvalue=
          continue
        fi
        case $word in
        (-*)
          option=$word
          (( ${valued[(Ie)$word]} )) && isvalue=yes
          ;;
        (*)
          [[ -z $place && $word == help ]] && continue
          word=${word%%@*}
          known=(${next%%:*})
          (( ${known[(Ie)$word]} )) || word=${word//_/.}
          if (( ${known[(Ie)$word]} )); then
            place="${place:+$place }$word"
            _agora_place $place
          fi
          ;;
        esac
      done
      if [[ -z $isvalue && $cur == --*=* ]]; then
        isvalue=yes
        option=${cur%%=*}
        compset -P '*='
      fi
      if [[ -n $isvalue ]]; then
        _agora_values "$place" "$option"
      elif [[ $cur == -* || ( ${#next} == 0 && ${#operand} == 0 ) ]]; then
        _describe -o option options
        return
      elif (( ${#next} )); then
        _describe command next
        return
      fi
      if [[ $operand[1] == '<files>' ]]; then
        _files
      else
        compadd -a operand
      fi
    }

    if [[ $funcstack[1] == _agora ]]; then
      _agora "$@"
    else
      compdef _agora agora
    fi
    """
  }

  private static func place(_ place: CompletionPlace) -> String {
    var lines = ["  ('\(place.path)')", "    next=("]
    lines += place.next.map { "      " + described($0.word, $0.summary) }
    lines += ["    )", "    options=("]
    for option in place.options {
      lines += option.flags.map { "      " + described($0, option.brief) }
    }
    lines += [
      "    )", "    valued=(\(place.valued.joined(separator: " ")))",
      "    operand=(\(text(place.operand)))", "    ;;",
    ]
    return lines.joined(separator: "\n")
  }

  private static func values(_ place: CompletionPlace) -> [String] {
    place.values.map { option, completion in
      let patterns = option.flags.map { "'\(place.path) \($0)'" }.joined(separator: " | ")
      return "  (\(patterns)) operand=(\(text(completion))) ;;"
    }
  }

  /// A word with what it is behind a colon, in single quotes.
  private static func described(_ word: String, _ text: String) -> String {
    let safe = text.replacing("\\", with: "\\\\").replacing(":", with: "\\:")
      .replacing("'", with: #"'\''"#)
    return "'\(word):\(safe)'"
  }

  private static func text(_ completion: Command.Completion) -> String {
    switch completion {
    case .nothing: ""
    case .files: "'<files>'"
    case .words(let words): words.joined(separator: " ")
    }
  }
}
