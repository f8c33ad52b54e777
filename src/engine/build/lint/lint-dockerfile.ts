import { DockerfileError, parseDockerfile } from '../dockerfile/index.ts';
import { splitStages } from '../plan/index.ts';
import { lintCasing } from './casing.ts';
import { type CheckOptions, parseCheckOptions } from './check-options.ts';
import { lintDescriptions } from './descriptions.ts';
import { lintFromLines } from './from-lines.ts';
import type { LintRequest } from './request.ts';
import { type Violation, violation } from './rules.ts';
import { lintSingleLines } from './single-lines.ts';
import { lintStageLines } from './stage-lines.ts';
import { lintStageNames } from './stage-names.ts';

export interface LintResult {
  /** In the order of the lines. */
  readonly violations: readonly Violation[];
  /** The Dockerfile wants to fail for them. */
  readonly isError: boolean;
}

/**
 * What BuildKit's rules have against a Dockerfile, less those that its directive `check` or the build argument
 * BUILDKIT_DOCKERFILE_CHECK skips. Throws `DockerfileError` for one that cannot be built at all.
 */
export function lintDockerfile(request: LintRequest): LintResult {
  const { source } = request;
  const tree = parseDockerfile(source);
  const dockerfile = splitStages(source);
  const options = optionsOf(request, tree.directives.check);
  const violations = [
    ...lintCasing(dockerfile),
    ...lintStageNames(dockerfile),
    ...lintFromLines(request, dockerfile),
    ...lintStageLines(request, dockerfile),
    ...lintSingleLines(request, dockerfile),
    ...lintDescriptions(tree),
    ...tree.emptyContinuations.map(emptyContinuation),
  ];
  return {
    violations: violations
      .filter(({ rule }) => options.counts(rule))
      .sort((a, b) => a.start - b.start || (a.rule < b.rule ? -1 : 1)),
    isError: options.isError,
  };
}

function emptyContinuation(line: number): Violation {
  return violation(
    'NoEmptyContinuation',
    { start: line, end: line },
    {
      detail: 'an empty line stands in the midst of an instruction',
      fix: 'take the empty line away, or put # into it',
    },
  );
}

/** What the builder is told wins over what the file says. */
function optionsOf({ source, buildArgs }: LintRequest, directive: string | undefined): CheckOptions {
  const argument = 'BUILDKIT_DOCKERFILE_CHECK';
  const given = Object.hasOwn(buildArgs, argument) ? buildArgs[argument] : undefined;
  try {
    return parseCheckOptions(given ?? directive ?? '');
  } catch (error) {
    const line = source.text.split('\n').findIndex(text => /^\s*#\s*check\s*=/i.test(text)) + 1;
    const place = { start: Math.max(1, line), end: Math.max(1, line) };
    const where = given === undefined ? 'the directive "check"' : `the build argument ${argument}`;
    throw new DockerfileError(source, place, `${where} cannot be read: ${(error as Error).message}`, {
      hint: 'write it as in # check=skip=StageNameCasing;error=true',
    });
  }
}
