import type { BuildService, WorkService } from './build/index.ts';
import type { ContainerFiles, ContainerService } from './container/index.ts';
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
  readonly images: ImageService;
  readonly archives: ImageArchives;
  readonly manifests: ManifestService;
  readonly registries: RegistryService;
  readonly builds: BuildService;
  readonly works: WorkService;
  readonly containers: ContainerService;
  readonly files: ContainerFiles;
  readonly volumes: VolumeService;
  readonly networks: NetworkService;
  readonly stats: StatsService;
  readonly history: HistoryService;
  readonly limits: LimitService;
  readonly events: EventService;
  readonly system: SystemService;
  readonly units: UnitService;
}
