import { nearMisses } from '../../../lib/near-misses.ts';
import { parseReference } from '../../../oci/index.ts';
import { formatPlatform, parsePlatform, type Stage, type StagedDockerfile } from '../plan/index.ts';
import { expanded, globalVariables } from './global-variables.ts';
import type { LintRequest } from './request.ts';
import { type Violation, violation } from './rules.ts';

/**
 * UndefinedArgInFrom, InvalidDefaultArgInFrom, RedundantTargetPlatform, FromPlatformFlagConstDisallowed,
 * InvalidBaseImagePlatform.
 */
export function lintFromLines(request: LintRequest, dockerfile: StagedDockerfile): Violation[] {
  const { buildArgs, platforms } = request;
  const given = globalVariables(dockerfile, platforms, buildArgs);
  const defaults = globalVariables(dockerfile, platforms, {});
  const names = [
    ...given.keys(),
    ...dockerfile.globalArgs.flatMap(arg => arg.arguments.map(({ name }) => name)),
  ];
  return dockerfile.stages.flatMap(stage => [
    ...undefinedArgs(stage, dockerfile, { variables: given, names }),
    ...invalidDefault(stage, dockerfile, defaults),
    ...platformFlag(stage, dockerfile),
    ...basePlatform(request, stage, dockerfile, given),
  ]);
}

function undefinedArgs(
  { from }: Stage,
  { escape: escaper }: StagedDockerfile,
  { variables, names }: { variables: ReadonlyMap<string, string>; names: readonly string[] },
): Violation[] {
  const unset = new Set<string>();
  const onUnset = (name: string) => void (names.includes(name) || unset.add(name));
  for (const word of [from.base, from.platform ?? ''])
    expanded(word, { variables, escape: escaper, onUnset });
  return [...unset].map(name => {
    const [near] = nearMisses(name, names, 1);
    return violation('UndefinedArgInFrom', from, {
      detail: `FROM uses "${name}", which no ARG before the first FROM declares`,
      fix:
        near === undefined ? `write ARG ${name} before the first FROM` : `write $${near}, or declare ${name}`,
    });
  });
}

function invalidDefault(
  { from }: Stage,
  { escape: escaper }: StagedDockerfile,
  variables: ReadonlyMap<string, string>,
): Violation[] {
  const name = expanded(from.base, { variables, escape: escaper });
  if (name === undefined || !from.base.includes('$') || isReference(name)) return [];
  return [
    violation('InvalidDefaultArgInFrom', from, {
      detail: `without build arguments "${from.base}" is "${name}", which names no image`,
      fix: 'give its ARG a default with which it does, as in ARG TAG=latest',
    }),
  ];
}

function platformFlag({ from }: Stage, { escape: escaper }: StagedDockerfile): Violation[] {
  const { platform } = from;
  if (platform === undefined) return [];
  if (/^\$(TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform)) {
    return [
      violation('RedundantTargetPlatform', from, {
        detail: `"--platform=${platform}" is so anyway`,
        fix: 'take the flag away',
      }),
    ];
  }
  const parsed = platform.includes('$')
    ? undefined
    : parsePlatform(expanded(platform, { variables: new Map(), escape: escaper }) ?? '');
  const said =
    parsed !== undefined && [parsed.os, parsed.architecture].some(word => from.alias?.includes(word));
  if (parsed === undefined || said) return [];
  return [
    violation('FromPlatformFlagConstDisallowed', from, {
      detail: `"--platform=${platform}" holds for every build, whatever it is for`,
      fix: 'take the flag away, use $BUILDPLATFORM or $TARGETPLATFORM, or put the platform into the name of the stage',
    }),
  ];
}

function basePlatform(
  { bases, platforms }: LintRequest,
  { from }: Stage,
  { escape: escaper }: StagedDockerfile,
  variables: ReadonlyMap<string, string>,
): Violation[] {
  const image = bases.get(expanded(from.base, { variables, escape: escaper }) ?? '');
  const written =
    from.platform === undefined ? undefined : expanded(from.platform, { variables, escape: escaper });
  const wanted = (written === undefined ? undefined : parsePlatform(written)) ?? platforms.target;
  if (image === undefined) return [];
  const { os, architecture } = image.config;
  if (os === wanted.os && architecture === wanted.architecture) return [];
  return [
    violation('InvalidBaseImagePlatform', from, {
      detail: `the image "${from.base}" is for ${os}/${architecture}, not for ${formatPlatform(wanted)}`,
      fix: 'bring the image for that platform here, or build with --platform',
    }),
  ];
}

function isReference(name: string): boolean {
  try {
    parseReference(name);
    return true;
  } catch {
    return false;
  }
}
