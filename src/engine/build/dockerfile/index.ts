/**
 * The Dockerfile language: text to syntax tree to instructions, and the expansion of words. Pure.
 *
 *     const source = { file: 'Dockerfile', text };
 *     const instructions = parseInstructions(source).instructions;
 * @module
 */
export {
  DockerfileError,
  type DockerfileErrorOptions,
  type DockerfileSource,
  type LineRange,
} from './dockerfile-error.ts';
export { ExpansionError, expandWord, expandWords, type Variables } from './expand.ts';
export type { Fail } from './flags.ts';
export { type GitSource, parseGitSource } from './git-source.ts';
export type { AddInstruction, CopyInstruction, Instruction, RunInstruction } from './instruction.ts';
export { parseDockerfile } from './parse-dockerfile.ts';
export { parseInstruction } from './parse-instruction.ts';
export { parseMount } from './parse-mount.ts';
export type { BindMount, CacheMount, RunMount, SecretMount, SshMount, TmpfsMount } from './run-mount.ts';
export type { Arguments, CommandForm, Directives, Heredoc, SyntaxNode, SyntaxTree } from './syntax-tree.ts';
