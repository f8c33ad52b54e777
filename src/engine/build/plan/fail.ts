import {
  DockerfileError,
  type DockerfileErrorOptions,
  type DockerfileSource,
  type LineRange,
} from '../dockerfile/index.ts';

/** Throws the DockerfileError for these lines. */
export function fail(
  source: DockerfileSource,
  { start, end }: LineRange,
  sentence: string,
  options: DockerfileErrorOptions = {},
): never {
  throw new DockerfileError(source, { start, end }, sentence, options);
}
