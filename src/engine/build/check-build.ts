import { isPlimsollError } from '../../errors.ts';
import type { BuildImages } from './build-images.ts';
import { baseNames, type LintRequest, lintDockerfile, rules, ruleUrl } from './lint/index.ts';
import type { BaseImage, BuildPlatforms } from './plan/index.ts';
import type { BuildContext } from './source/index.ts';
import type { CheckReport } from './types.ts';

export interface CheckRequest {
  readonly context: BuildContext;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platforms: BuildPlatforms;
  readonly images: Pick<BuildImages, 'resolve'>;
}

/** Lints a Dockerfile, with what is known here of its base images and its ignore file. Throws `DockerfileError`. */
export function checkDockerfile({ context, buildArgs, platforms, images }: CheckRequest): CheckReport {
  const { source, filter } = context;
  const request: LintRequest = {
    ...{ source, buildArgs, platforms },
    bases: knownImages(baseNames({ source, buildArgs, platforms }), images),
    isIgnored: path => filter.excludes(path) && !filter.mayIncludeBelow(path),
  };
  const { violations, isError } = lintDockerfile(request);
  return {
    file: source.file,
    text: source.text,
    isError,
    warnings: violations.map(({ rule, start, end, detail, fix }) => ({
      ...{ rule, fix, message: detail, line: start, endLine: end },
      description: rules[rule],
      url: ruleUrl(rule),
    })),
  };
}

/** Those of the images that are here. */
function knownImages(
  names: readonly string[],
  images: Pick<BuildImages, 'resolve'>,
): ReadonlyMap<string, BaseImage> {
  const known = new Map<string, BaseImage>();
  for (const name of names) {
    try {
      known.set(name, images.resolve(name));
    } catch (error) {
      if (!isPlimsollError(error)) throw error;
    }
  }
  return known;
}
