import { Argument, type Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `completion bash|zsh|fish`: the script asks `plimsoll __complete` for the words, so that it never grows stale. */
export function configureCompletion(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll completion bash > /etc/bash_completion.d/plimsoll',
    'alias docker=plimsoll; complete -o filenames -F _plimsoll docker   (bash: for the alias too)',
    'plimsoll completion zsh > ~/.zfunc/_plimsoll',
    'plimsoll completion fish > ~/.config/fish/completions/plimsoll.fish',
  )
    .addArgument(new Argument('<shell>').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts) => {
      cli.stdout.write(scripts[shell]);
    });
}

const scripts = {
  bash: `_plimsoll() {
  local word="\${COMP_WORDS[COMP_CWORD]}" line
  COMPREPLY=()
  while IFS= read -r line; do
    [ -n "$line" ] && COMPREPLY+=("\${line%%	*}")
  done < <(plimsoll __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _plimsoll plimsoll
`,
  zsh: `#compdef plimsoll
_plimsoll() {
  local -a replies
  replies=("\${(@f)$(plimsoll __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -z "\${replies[1]}" ]]; then
    _files
    return
  fi
  local -a described
  local reply
  for reply in "\${replies[@]}"; do
    described+=("\${\${reply%%	*}//:/\\\\:}:\${reply#*	}")
  done
  _describe plimsoll described
}
compdef _plimsoll plimsoll
`,
  fish: `function __plimsoll_complete
  set -l words (commandline -opc)
  plimsoll __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c plimsoll -f -n 'test -n "$(__plimsoll_complete)"' -a '(__plimsoll_complete)'
`,
};
