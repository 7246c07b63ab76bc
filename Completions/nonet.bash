# Generated from Sources/nonet/CommandLine/Table/options.txt by options.awk; do not edit: `make options`.
# Completes the command lines of nonet in bash; names are asked of the nonet along PATH.

# Offers the values that begin as the word does.
#   _nonet_offer KIND HOW...
_nonet_offer() {
  local kind=$1 how head=
  shift
  for how; do
    case $how in
    names) COMPREPLY+=($(compgen -W "$(command nonet --names "$kind" 2> /dev/null)" -- "$value")) ;;
    list)
      [[ $value != *,* ]] || head=${value%,*},
      COMPREPLY+=($(compgen -P "$head" -W "$(command nonet --names "$kind" 2> /dev/null)" -- "${value##*,}"))
      compopt -o nospace ;;
    files) _nonet_paths -f ;;
    folders) _nonet_paths -d ;;
    *) COMPREPLY+=($(compgen -W "$how" -- "$value")) ;;
    esac
  done
}

_nonet_paths() {
  local path
  compopt -o filenames
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$value")
}

# Completes a program and its arguments; the program is word $1 of the line.
_nonet_command() {
  if declare -F _comp_command_offset > /dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset > /dev/null; then
    _command_offset "$1"
  elif (($1 == COMP_CWORD)); then
    COMPREPLY=($(compgen -c -- "${COMP_WORDS[COMP_CWORD]}"))
  else
    compopt -o default
  fi
}

_nonet_value() {
  case $option in
    --policy | --diff | --check-policy | --format-policy) _nonet_offer policy names files ;;
    --print-policy) _nonet_offer preset names ;;
    --deny | --allow) _nonet_offer call list ;;
    --errno) _nonet_offer errno names ;;
    --backend) _nonet_offer backend names ;;
    --keep-caps) _nonet_offer capability list ;;
    --arch) _nonet_offer arch names ;;
    --format) _nonet_offer format names ;;
    --hook) _nonet_offer host names ;;
    --names) _nonet_offer kind names ;;
    --merge | --log | --report | --from | --filter) _nonet_offer file files ;;
    --log-dir) _nonet_offer folder folders ;;
    --allow-unix) _nonet_offer socket inside files ;;
    --allow-connect | --allow-listen) _nonet_offer endpoint localhost: ;;
    --verify) _nonet_offer process 1 ;;
    --session) _nonet_offer session env: ;;
    --why) _nonet_offer target 127.0.0.1: AF_UNIX files ;;
  esac
}

_nonet() {
  local rest=$COMP_LINE words=() first=() trimmed word value option i
  COMPREPLY=()
  # bash divides words at characters such as = and @, too; what has no blank between belongs together.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    trimmed=${rest#"${rest%%[![:blank:]]*}"}
    if ((i > 0)) && [[ $trimmed == "$rest" && -n $word ]]; then
      words[${#words[@]} - 1]+=$word
    else
      words+=("$word")
      first+=("$i")
    fi
    rest=${trimmed#"$word"}
  done
  local last=$((${#words[@]} - 1))
  for ((i = 1; i < last; i++)); do
    case ${words[i]} in
    --) _nonet_command "${first[i + 1]}"; return ;;
    --policy | --merge | --deny | --allow | --errno | --keep-caps | --backend | --session | --log | --log-dir | --report | --from | --allow-unix | --allow-connect | --allow-listen | --hook | --diff | --filter | --verify | --why | --print-policy | --check-policy | --format-policy | --names | --arch | --format)
      if ((++i == last)); then option=${words[i - 1]}; fi ;;
    -*) ;;
    *) _nonet_command "${first[i]}"; return ;;
    esac
  done
  word=${words[last]}
  value=$word
  if [[ $option ]]; then
    _nonet_value
  elif [[ $word == --*=* ]]; then
    option=${word%%=*}
    value=${word#*=}
    _nonet_value
  elif [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W '-- --policy --loopback --merge --deny --allow --errno --keep-caps --allow-signals --unproved --backend --best-effort --mounts --offline --session --log --log-dir --report --from --hint --destinations --fail-on-attempt --observe --allow-unix --allow-connect --allow-listen --allow-listen-any --hook --install --uninstall --status --try --no-prefix --managed --dry-run --cd --dump-bpf --explain --diff --filter --verify --check --inside --why --list --end --print-policy --check-policy --format-policy --names --arch --format --quiet -q --verbose -v -h --help --version' -- "$word"))
    return
  else
    _nonet_command "${first[last]}"
    return
  fi
  # What readline replaces begins behind the last character that divides words, or with an @.
  local kept=${value%"${value##*[$COMP_WORDBREAKS]}"}
  kept=${kept%@}
  for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$kept"}; done
}

complete -F _nonet nonet
