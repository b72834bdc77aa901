// macOS still has bash 3.2. Readline completes what is behind the last = or :, so the part before it must not be repeated.
const bash = `# Completion of kn-bootstrap for bash. Load it with: eval "$(kn-bootstrap completion bash)"
_kn_bootstrap() {
  local line=\${COMP_LINE:0:COMP_POINT} breaks=\${COMP_WORDBREAKS//[^=:]/} words current value before=
  # Without -r, so that a blank can be escaped. The mark: the last word may be empty, or end in a blank.
  read -a words <<<"\${line}_"
  current=\${words[\${#words[@]}-1]%_}
  words[\${#words[@]}-1]=$current
  [[ $breaks ]] && before=\${current%"\${current##*["$breaks"]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    case $value in
      :files) compopt -o default 2>/dev/null ;;
      :folders) compopt -o dirnames 2>/dev/null ;;
      *) value=$(printf %q "\${value#"$before"}") && COMPREPLY+=("\${value//\\\\,/,}") ;;
    esac
  done < <(kn-bootstrap __complete "\${words[@]:1}" 2>/dev/null)
}
complete -o nosort -F _kn_bootstrap kn-bootstrap 2>/dev/null || complete -F _kn_bootstrap kn-bootstrap
`;

const zsh = `#compdef kn-bootstrap
# Completion of kn-bootstrap for zsh. Load it with: eval "$(kn-bootstrap completion zsh)"
_kn_bootstrap() {
  local -a lines items before
  local line
  before=("\${(@Q)words[2,CURRENT-1]}")
  (( CURRENT > 2 )) || before=()
  lines=("\${(@f)$(kn-bootstrap __complete "\${before[@]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  case $lines[1] in
    :files) compset -P '*='; _files ;;
    :folders) compset -P '*='; _files -/ ;;
    *)
      for line in $lines; do items+=("\${\${line%%$'\\t'*}//:/\\\\:}\${\${line#*$'\\t'}:+:\${line#*$'\\t'}}"); done
      _describe -V kn-bootstrap items
      ;;
  esac
}
if [[ $funcstack[1] == _kn_bootstrap ]]; then _kn_bootstrap; else compdef _kn_bootstrap kn-bootstrap; fi
`;

const fish = `# Completion of kn-bootstrap for fish. Load it with: kn-bootstrap completion fish | source
function __kn_bootstrap
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l before (string match -r '^--[^=]*=' -- "$current")
    set -l path (string replace -r '^--[^=]*=' '' -- "$current")
    set -l lines (kn-bootstrap __complete $words "$current" 2>/dev/null)
    switch "$lines[1]"
        case :files
            printf "$before%s\\n" (__fish_complete_path "$path")
        case :folders
            printf "$before%s\\n" (__fish_complete_directories "$path")
        case '*'
            printf '%s\\n' $lines
    end
end
complete -c kn-bootstrap -f -k -a '(__kn_bootstrap)'
`;

/** By shell: what it loads. It asks `kn-bootstrap __complete WORD...`, so that it need not be loaded again for a newer version. */
export const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };
