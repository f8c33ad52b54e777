import { Argument, type Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `completion bash|zsh|fish`: the script asks `plimsoll __complete` for the words, so that it never grows stale. */
export function configureCompletion(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll completion bash > /etc/bash_completion.d/plimsoll',
    'alias docker=plimsoll; complete -F _plimsoll docker   (bash: for the alias too)',
    'plimsoll completion zsh > ~/.zfunc/_plimsoll',
    'plimsoll completion fish > ~/.config/fish/completions/plimsoll.fish',
  )
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => {
      cli.stdout.write(scripts[shell]);
    });
}

const scripts = {
  // Bash parts words at = and : too, and puts what is chosen in place of the last part alone.
  bash: `_plimsoll() {
  local typed="\${COMP_LINE:0:COMP_POINT}" line last part
  local -a words
  read -ra words <<< "$typed"
  case $typed in *[[:space:]]) words+=('') ;; esac
  last=\${words[\${#words[@]}-1]} part=$last
  case $COMP_WORDBREAKS in *=*) part=\${part##*=} ;; esac
  case $COMP_WORDBREAKS in *:*) part=\${part##*:} ;; esac
  COMPREPLY=()
  while IFS= read -r line; do
    line=\${line%%	*}
    [ -n "$line" ] && COMPREPLY+=("\${line#"\${last%"$part"}"}")
  done < <(plimsoll __complete -- "\${words[@]:1}" 2>/dev/null)
  case "\${COMPREPLY[*]}" in *[:=]) compopt -o nospace 2>/dev/null ;; esac
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$part")
  fi
}
complete -F _plimsoll plimsoll
`,
  zsh: `#compdef plimsoll
_plimsoll() {
  local -a replies described
  local reply
  replies=("\${(@f)$(plimsoll __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -z "\${replies[1]}" ]]; then
    compset -P '*[=:]'
    _files
    return
  fi
  for reply in "\${replies[@]}"; do
    described+=("\${\${reply%%	*}//:/\\\\:}:\${reply#*	}")
  done
  if [[ "\${replies[1]%%	*}" == *: ]]; then
    _describe plimsoll described -S ''
  else
    _describe plimsoll described
  fi
}
# Loaded by its file's name it is called at once; read by source it makes itself known.
if [[ "\${funcstack[1]}" == _plimsoll ]]; then _plimsoll "$@"; else compdef _plimsoll plimsoll; fi
`,
  fish: `function __plimsoll_complete
  set -l words (commandline -opc)
  plimsoll __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c plimsoll -f -n 'test -n "$(__plimsoll_complete)"' -a '(__plimsoll_complete)'
`,
};
