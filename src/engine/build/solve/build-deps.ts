import type { NetworkService } from '../../network/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { SnapshotService } from '../../snapshot/index.ts';
import type { Root } from '../../store/index.ts';
import type { BuildCache, CacheMounts } from '../cache/index.ts';

/** What carrying out steps needs of the rest of the engine. */
export interface StepDeps {
  readonly root: Root;
  readonly snapshots: Pick<SnapshotService, 'layer' | 'hold' | 'stage' | 'cover' | 'removeLayer' | 'merge'>;
  /** Found when a RUN needs it, so that a build without RUN needs no runtime. */
  readonly runtime: () => Pick<Runtime, 'runToEnd'>;
  readonly networks: Pick<NetworkService, 'connect' | 'disconnect'>;
  readonly cache: BuildCache;
  readonly cacheMounts: CacheMounts;
  readonly clock: () => number;
}
