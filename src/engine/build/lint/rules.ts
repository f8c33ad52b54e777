import type { LineRange } from '../dockerfile/index.ts';

/** What is asked of a Dockerfile beyond that it can be built: BuildKit's rules by their names, with a sentence each. */
export const rules = {
  StageNameCasing: 'Names of stages are in lower case',
  FromAsCasing: 'AS is written in the case of its FROM',
  NoEmptyContinuation: 'No empty line stands in the midst of an instruction: one day that will be an error',
  ConsistentInstructionCasing: 'All instructions are written in one case, upper or lower',
  DuplicateStageName: 'Each name of a stage is given once',
  ReservedStageName: 'No stage has a name that means something else',
  JSONArgsRecommended: 'CMD and ENTRYPOINT are JSON lists, so that signals reach the program and not a shell',
  MaintainerDeprecated: 'An author is named by a label, not by MAINTAINER',
  UndefinedArgInFrom: 'FROM uses only arguments that an ARG before it declares',
  WorkdirRelativePath: 'A relative WORKDIR follows an absolute one, and does not depend on the base image',
  UndefinedVar: 'Variables are defined before they are used',
  MultipleInstructionsDisallowed: 'Instructions of which only the last one counts stand once in a stage',
  LegacyKeyValueFormat: 'ENV and LABEL are written NAME=VALUE',
  InvalidBaseImagePlatform: 'A base image is for the platform that is built for',
  RedundantTargetPlatform: 'FROM does not ask for the platform that it has anyway',
  SecretsUsedInArgOrEnv: 'No secret is handed over in an ARG or ENV, which the image keeps',
  InvalidDefaultArgInFrom: 'FROM names an image also if no argument is given',
  FromPlatformFlagConstDisallowed: 'FROM --platform is no constant, unless the name of its stage says so',
  CopyIgnoredFile: 'COPY and ADD take no file that the ignore file leaves out',
  InvalidDefinitionDescription:
    'A comment right above a stage or an ARG begins with its name and describes it',
  ExposeProtoCasing: 'The protocol of EXPOSE is in lower case',
  ExposeInvalidFormat: 'EXPOSE names ports of the container only, no address and no port of the host',
} as const;

export type RuleName = keyof typeof rules;

/** Rules that count only where somebody asks for them. */
export const experimentalRules: readonly RuleName[] = ['InvalidDefinitionDescription'];

/** Something that a rule has against a Dockerfile. */
export interface Violation extends LineRange {
  readonly rule: RuleName;
  /** What is wrong, in one sentence. */
  readonly detail: string;
  /** What to do: how to write it instead. */
  readonly fix: string;
}

/** Where a rule is explained at length. */
export function ruleUrl(rule: RuleName): string {
  const slug = rule.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '-').toLowerCase();
  return `https://docs.docker.com/go/dockerfile/rule/${slug}/`;
}

/** Makes a violation of the lines of an instruction. */
export function violation(
  rule: RuleName,
  { start, end }: LineRange,
  words: { readonly detail: string; readonly fix: string },
): Violation {
  return { rule, start, end, ...words };
}
