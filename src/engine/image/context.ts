import type { EventService } from '../events/index.ts';
import type { Registries } from '../registry/index.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import {
  type Blobs,
  createBlobs,
  createDownloads,
  createLeases,
  type Database,
  type Downloads,
  type Leases,
  type Root,
} from '../store/index.ts';
import { createImageRecords, type ImageRecords } from './image-records.ts';

export interface ImageServiceOptions {
  readonly root: Root;
  readonly db: Database;
  readonly snapshots: SnapshotService;
  readonly events: EventService;
  readonly registries: Registries;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** What everything that makes, moves or removes images works with. */
export interface ImageContext extends ImageServiceOptions {
  readonly blobs: Blobs;
  readonly downloads: Downloads;
  readonly leases: Leases;
  readonly records: ImageRecords;
}

/** What belongs to the images of a root. */
export function openImages(options: ImageServiceOptions): ImageContext {
  const { root, db, clock } = options;
  const blobs = createBlobs({ root, db, clock });
  const leases = createLeases({ db, clock });
  const downloads = createDownloads({ root, db, leases, clock });
  return { ...options, blobs, leases, downloads, records: createImageRecords(db, blobs) };
}
