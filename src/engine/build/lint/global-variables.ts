import { ExpansionError, expandWord } from '../dockerfile/index.ts';
import { type BuildPlatforms, platformArgs, type StagedDockerfile } from '../plan/index.ts';

/** What words of FROM see with these build arguments. */
export function globalVariables(
  { globalArgs, escape: escaper }: StagedDockerfile,
  platforms: BuildPlatforms,
  buildArgs: Readonly<Record<string, string>>,
): Map<string, string> {
  const variables = platformArgs(platforms, undefined);
  for (const { name, value } of globalArgs.flatMap(instruction => instruction.arguments)) {
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    const result =
      given ?? (value === undefined ? undefined : expanded(value, { variables, escape: escaper }));
    if (result !== undefined) variables.set(name, result);
  }
  return variables;
}

/** The word with its variables put in; undefined if that cannot be, which the build says itself. */
export function expanded(word: string, options: Parameters<typeof expandWord>[1]): string | undefined {
  try {
    return expandWord(word, options);
  } catch (error) {
    if (error instanceof ExpansionError) return undefined;
    throw error;
  }
}
