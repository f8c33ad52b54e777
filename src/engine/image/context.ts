import type { EventService } from '../events/index.ts';
import type { Registries } from '../registry/index.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import type { Blobs, Database, Downloads, Leases, Root } from '../store/index.ts';
import type { ImageRecords } from './image-records.ts';

/** What everything that makes, moves or removes images works with. */
export interface ImageContext {
  readonly root: Root;
  readonly db: Database;
  readonly blobs: Blobs;
  readonly downloads: Downloads;
  readonly leases: Leases;
  readonly snapshots: SnapshotService;
  readonly events: EventService;
  readonly registries: Registries;
  readonly records: ImageRecords;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}
