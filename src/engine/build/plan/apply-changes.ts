import { PlimsollError } from '../../../errors.ts';
import type { ImageProcessConfig } from '../../../oci/index.ts';
import { type DockerfileSource, parseDockerfile, parseInstruction } from '../dockerfile/index.ts';
import { applyMetadata, workingDirectory } from './apply-metadata.ts';
import { fail } from './fail.ts';
import { type StageState, variablesOf } from './stage-state.ts';
import { WordExpander } from './variables.ts';

/** The instructions that may change an image which is not built, as docker's `commit --change` and `import --change`. */
const allowed =
  'CMD ENTRYPOINT ENV EXPOSE HEALTHCHECK LABEL ONBUILD SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(' ');

/**
 * A config after Dockerfile instructions that change no file, one (or more, on lines) per text. Throws
 * `DockerfileError`, or `invalid-argument` (`CHANGE_NOT_ALLOWED`) for an instruction that would change files.
 */
export function applyChanges(config: ImageProcessConfig, changes: readonly string[]): ImageProcessConfig {
  const platform = { os: '', architecture: '' }; // none of these instructions asks for it
  const state: StageState = { config, platform, args: new Map(), commandSet: false };
  for (const text of changes) applyChange(state, { file: '--change', text });
  return state.config;
}

function applyChange(state: StageState, source: DockerfileSource): void {
  const { nodes, directives } = parseDockerfile(source);
  for (const node of nodes) {
    if (!allowed.includes(node.keyword.toUpperCase())) throw notAllowed(node.keyword);
    const instruction = parseInstruction(source, node);
    const variables = variablesOf(state);
    const expander = new WordExpander({ source, lines: node, escape: directives.escape, variables });
    switch (instruction.name) {
      case 'WORKDIR':
        state.config = {
          ...state.config,
          WorkingDir: workingDirectory(state.config, expander.word(instruction.path)),
        };
        break;
      case 'FROM':
      case 'RUN':
      case 'COPY':
      case 'ADD':
      case 'ARG':
        throw notAllowed(instruction.name);
      default:
        applyMetadata(state, instruction, expander, (sentence, hint) =>
          fail(source, node, sentence, { hint }),
        );
    }
  }
}

function notAllowed(keyword: string): PlimsollError {
  return new PlimsollError('invalid-argument', `"${keyword.toUpperCase()}" cannot be a change of an image`, {
    code: 'CHANGE_NOT_ALLOWED',
    hint: `use ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`,
  });
}
