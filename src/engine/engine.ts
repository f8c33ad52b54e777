import type { BuildService, WorkService } from './build/index.ts';
import type { ContainerFiles, ContainerService, ExecService } from './container/index.ts';
import type { EventService } from './events/index.ts';
import type { HistoryService } from './history/index.ts';
import type { ImageArchives, ImageService, ManifestService } from './image/index.ts';
import type { LimitService } from './limits/index.ts';
import type { NetworkService } from './network/index.ts';
import type { RegistryService } from './registry/index.ts';
import type { StatsService } from './stats/index.ts';
import type { SystemService } from './system/index.ts';
import type { UnitService } from './units/index.ts';
import type { VolumeService } from './volume/index.ts';

/**
 * A container engine, as every host (dashboard, CLI, API) sees it. The first implementation runs in this process
 * (`createEngine`); another may stand for a Docker socket. Disposing of it stops nothing but this process's watching.
 */
export interface Engine extends AsyncDisposable {
  /** How it is reached, where it does not run in this process. */
  readonly link?: EngineLink;
  readonly images: Hosted<ImageService, 'tag'>;
  readonly archives: ImageArchives;
  readonly manifests: ManifestService;
  readonly registries: RegistryService;
  readonly builds: BuildService;
  readonly works: WorkService;
  readonly containers: Hosted<ContainerService, 'top'>;
  readonly execs: ExecService;
  readonly files: ContainerFiles;
  readonly volumes: Hosted<VolumeService, 'create'>;
  readonly networks: Hosted<NetworkService, 'create'>;
  readonly stats: StatsService;
  readonly history: HistoryService;
  readonly limits: LimitService;
  readonly events: EventService;
  readonly system: SystemService;
  readonly units: UnitService;
}

/** A service some of whose methods take a while where the engine is elsewhere: hosts wait for them. */
type Hosted<Service, Names extends keyof Service> = Omit<Service, Names> & {
  readonly [name in Names]: Service[name] extends (...words: infer Words) => infer Result
    ? (...words: Words) => Result | Promise<Result>
    : never;
};

/** What an engine elsewhere may not offer. */
export type EngineFeature =
  | 'check'
  | 'waste'
  | 'bootstrap'
  | 'outline'
  | 'verify'
  | 'build-list'
  | 'manifests'
  | 'units'
  | 'volume-files'
  | 'volume-use'
  | 'works';

/** The way to an engine elsewhere. What it last said is shown while it cannot be reached, with its age. */
export interface EngineLink {
  /** As the user names it: `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** What it is: `Docker Engine 28.1.1, API 1.49`. */
  readonly product: string;
  /** Why it cannot do something, a sentence each; what is not named it can. */
  readonly lacks: Readonly<Partial<Record<EngineFeature, string>>>;
  /** Since when (milliseconds since the epoch) it has not answered, and why; undefined while it does. */
  lost(): { readonly since: number; readonly reason: string } | undefined;
}
