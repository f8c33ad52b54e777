import type { DockerfileSource } from '../dockerfile/index.ts';
import { type BuildPlatforms, findStage, splitStages } from '../plan/index.ts';
import { expanded, globalVariables } from './global-variables.ts';

/** Names of the images that stages of a Dockerfile begin with. Throws `DockerfileError`. */
export function baseNames(request: {
  readonly source: DockerfileSource;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platforms: BuildPlatforms;
}): string[] {
  const dockerfile = splitStages(request.source);
  const variables = globalVariables(dockerfile, request.platforms, request.buildArgs);
  const names = dockerfile.stages.flatMap(({ from, index }) => {
    const name = expanded(from.base, { variables, escape: dockerfile.escape }) ?? '';
    const isImage =
      name !== '' && name !== 'scratch' && findStage(dockerfile.stages, name, index) === undefined;
    return isImage ? [name] : [];
  });
  return [...new Set(names)];
}
