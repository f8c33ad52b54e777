import type { DockerfileSource } from '../dockerfile/index.ts';
import type { BaseImage, BuildPlatforms } from '../plan/index.ts';

/** All that decides what rules say besides the text. */
export interface LintRequest {
  readonly source: DockerfileSource;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platforms: BuildPlatforms;
  /** Images by name, as far as they are here. Of a base that is not, no variable is said to be undefined. */
  readonly bases: ReadonlyMap<string, BaseImage>;
  /** True for a path of the context that the ignore file leaves out, and lets nothing of it in again. */
  readonly isIgnored: (path: string) => boolean;
}
