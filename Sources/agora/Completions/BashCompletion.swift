/// The script for bash, from 3.2 on, which macOS has.
enum BashCompletion {
  static func script(_ places: [CompletionPlace]) -> String {
    """
    # Completion of agora for bash, made by: agora completions bash

    # What may stand at a place.
    _agora_place() {
      next= options= valued= operand=
      case "$1" in
    \(places.map(place).joined(separator: "\n"))
      esac
    }

    # What an option takes at a place.
    _agora_values() {
      values=
      case "$1 $2" in
    \(values(places).joined(separator: "\n"))
      esac
    }

    _agora() {
      local cur place= word index=1 option= isvalue= prefix=
      local next options valued operand values
      COMPREPLY=()
      cur=${COMP_WORDS[COMP_CWORD]}
      _agora_place ""
      while [ "$index" -lt "$COMP_CWORD" ]; do
        word=${COMP_WORDS[index]}
        index=$((index + 1))
        # bash takes --store=x apart into three words, and name@1.0.0 too.
        if [ "$word" = "=" ] || [ "$word" = "@" ]; then
          isvalue=yes
          continue
        fi
        if [ -n "$isvalue" ]; then
          isvalue=
          continue
        fi
        case "$word" in
        -*)
          option=$word
          case " $valued " in *" $word "*) isvalue=yes ;; esac
          ;;
        *)
          if [ -z "$place" ] && [ "$word" = help ]; then continue; fi
          word=${word%%@*}
          case " $next " in *" $word "*) ;; *) word=${word//_/.} ;; esac
          case " $next " in
          *" $word "*)
            place="${place:+$place }$word"
            _agora_place "$place"
            ;;
          esac
          ;;
        esac
      done
      case "$cur" in
      =)
        isvalue=yes
        cur=
        ;;
      --*=*)
        isvalue=yes
        option=${cur%%=*}
        prefix="$option="
        cur=${cur#*=}
        ;;
      esac
      if [ -n "$isvalue" ]; then
        _agora_values "$place" "$option"
        operand=$values
        next=
      elif [ -n "$next$operand" ] && [ "${cur#-}" = "$cur" ]; then
        :
      else
        next=$options
        operand=
      fi
      if [ "$operand" = "<files>" ]; then
        local IFS=$'\\n'
        COMPREPLY=($(compgen -P "$prefix" -f -- "$cur"))
        compopt -o filenames 2>/dev/null
      else
        COMPREPLY=($(compgen -P "$prefix" -W "$next $operand" -- "$cur"))
      fi
    }

    complete -F _agora agora
    """
  }

  private static func place(_ place: CompletionPlace) -> String {
    """
      "\(place.path)")
        next="\(place.next.map(\.word).joined(separator: " "))"
        options="\(place.options.flatMap(\.flags).joined(separator: " "))"
        valued="\(place.valued.joined(separator: " "))"
        operand="\(text(place.operand))"
        ;;
    """
  }

  /// One case for all options that take the same.
  private static func values(_ places: [CompletionPlace]) -> [String] {
    var patterns: [Command.Completion: [String]] = [:]
    var order: [Command.Completion] = []
    for place in places {
      for (option, completion) in place.values {
        if patterns[completion] == nil { order.append(completion) }
        patterns[completion, default: []] += option.flags.map { "\"\(place.path) \($0)\"" }
      }
    }
    return order.map { completion in
      "  \(patterns[completion, default: []].joined(separator: " | \\\n    "))) values=\"\(text(completion))\" ;;"
    }
  }

  private static func text(_ completion: Command.Completion) -> String {
    switch completion {
    case .nothing: ""
    case .files: "<files>"
    case .words(let words): words.joined(separator: " ")
    }
  }
}
