import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { throwIfAborted } from '../../errors.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import type { Database, Root } from '../store/index.ts';
import { type Finding, finding } from './finding.ts';

export interface ContentCheck {
  readonly root: Root;
  readonly db: Database;
  readonly snapshots: SnapshotService;
  /** Also read every layer and compare it with its diffID. */
  readonly deep: boolean;
  readonly signal?: AbortSignal;
}

/** Blobs, layers, images and tags: each record has its bytes, each folder its record, each digest is true. */
export async function checkContent(check: ContentCheck): Promise<Finding[]> {
  return [
    ...(await blobs(check)),
    ...orphanBlobs(check),
    ...(await layers(check)),
    ...orphanLayers(check),
    ...images(check),
  ];
}

async function blobs({ root, db, signal }: ContentCheck): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const row of db.all('SELECT digest FROM blobs')) {
    throwIfAborted(signal, 'the check');
    const digest = String(row.digest);
    const path = blobPath(root, digest);
    if (!existsSync(path)) found.push(finding('blob', digest, 'the record has no file'));
    else if ((await sha256Of(path)) !== digest)
      found.push(finding('blob', digest, 'the file does not hash to it'));
  }
  return found;
}

function orphanBlobs({ root, db }: ContentCheck): Finding[] {
  const known = new Set(db.all('SELECT digest FROM blobs').map(row => String(row.digest)));
  const folder = join(root.dataDir, 'blobs/sha256');
  return readdirSync(folder)
    .filter(name => !known.has(`sha256:${name}`))
    .map(name =>
      finding('blob', name, 'a file without a record', {
        fix: 'delete the file',
        repair: () => rmSync(join(folder, name), { force: true }),
      }),
    );
}

async function layers({ db, snapshots, deep, signal }: ContentCheck): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const row of db.all('SELECT diff_id FROM layers')) {
    throwIfAborted(signal, 'the check');
    const diffId = String(row.diff_id);
    const path = snapshots.layer(diffId)?.path;
    if (path === undefined || !existsSync(path))
      found.push(finding('layer', diffId, 'the record has no folder'));
    else if (deep && (await sha256OfStream(snapshots.exportTar(diffId))) !== diffId) {
      found.push(finding('layer', diffId, 'its files do not hash to it'));
    }
  }
  return found;
}

function orphanLayers({ root, db }: ContentCheck): Finding[] {
  const known = new Set(db.all('SELECT dir FROM layers').map(row => String(row.dir)));
  const folder = join(root.dataDir, 'layers');
  return readdirSync(folder)
    .filter(name => !known.has(name))
    .map(name =>
      finding('layer', name, 'a folder without a record', {
        fix: 'delete the folder',
        repair: () => rmSync(join(folder, name), { recursive: true, force: true }),
      }),
    );
}

function images({ db }: ContentCheck): Finding[] {
  const layersKnown = new Set(db.all('SELECT diff_id FROM layers').map(row => String(row.diff_id)));
  const blobsKnown = new Set(db.all('SELECT digest FROM blobs').map(row => String(row.digest)));
  return db.all('SELECT id, manifest, layers FROM images').flatMap(row => {
    const id = String(row.id);
    const missingBlobs = [id, String(row.manifest)].filter(digest => !blobsKnown.has(digest));
    const missingLayers = (JSON.parse(String(row.layers)) as string[]).filter(
      diffId => !layersKnown.has(diffId),
    );
    return [
      ...missingBlobs.map(digest => finding('image', id, `its blob ${digest} is missing`)),
      ...missingLayers.map(diffId => finding('image', id, `its layer ${diffId} is missing`)),
    ];
  });
}

function blobPath(root: Root, digest: string): string {
  return join(root.dataDir, 'blobs/sha256', digest.replace('sha256:', ''));
}

async function sha256Of(path: string): Promise<string> {
  return await sha256OfStream(createReadStream(path));
}

async function sha256OfStream(stream: NodeJS.ReadableStream): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(stream, hash);
  return `sha256:${hash.digest('hex')}`;
}
