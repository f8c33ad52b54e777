import type { DockerfileSource, Instruction } from '../dockerfile/index.ts';
import type { FileSource, NeededImage, PlanRequest, Vertex } from './plan.ts';
import type { StagedDockerfile } from './split-stages.ts';
import type { StageState } from './stage-state.ts';
import type { WordExpander } from './variables.ts';

/** A stage whose steps are all known. */
export interface PlannedStage {
  readonly state: StageState;
  /** Id of its last step. */
  readonly last: number;
}

/** What all stages of one planning share. */
export interface Planning {
  readonly request: PlanRequest;
  readonly dockerfile: StagedDockerfile;
  readonly globals: ReadonlyMap<string, string>;
  /** Steps so far, of all stages. */
  readonly drafts: Vertex[];
  /** Images that have to be known to go on. */
  readonly needed: NeededImage[];
  readonly warnings: Set<string>;
}

/** What planning a RUN depends on. */
export interface RunPlanning {
  readonly state: StageState;
  readonly instruction: Extract<Instruction, { name: 'RUN' }>;
  readonly expander: WordExpander;
  readonly source: DockerfileSource;
  readonly request: PlanRequest;
  /** What the `from` of a mount names; undefined if its image has to be known first. */
  readonly resolve: (name: string) => FileSource | undefined;
}
