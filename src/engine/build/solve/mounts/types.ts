import type { ProcessMount } from '../../../runtime/index.ts';
import type { StepDeps } from '../build-deps.ts';
import type { StepFiles } from '../step-files.ts';
import type { SecretValues } from './secret-values.ts';
import type { SshAgents } from './ssh-agents.ts';

/** What opening the mounts of a step depends on. */
export interface MountPlace {
  readonly deps: StepDeps;
  readonly files: StepFiles;
  readonly secrets: SecretValues;
  readonly agents: SshAgents;
  /** A folder for what mounts need, in memory if there are secrets. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** The mounts of a step, ready for its process; disposing of them leaves nothing but what cache mounts keep. */
export interface OpenMounts extends AsyncDisposable {
  /** Those above others come first. */
  readonly mounts: readonly ProcessMount[];
  /** Places that must be there in the root filesystem; folders end with `/`. */
  readonly places: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What must not be shown of the step's output. */
  readonly hidden: readonly Buffer[];
}

/** One mount, opened; `isFolder` tells how its target looks. */
export interface OpenMount {
  readonly mount?: ProcessMount & { readonly isFolder: boolean };
  readonly env?: Readonly<Record<string, string>>;
  readonly hidden?: readonly Buffer[];
}

/** What opening a single mount has at hand. */
export interface OpeningPlace extends MountPlace {
  readonly stack: AsyncDisposableStack;
}
