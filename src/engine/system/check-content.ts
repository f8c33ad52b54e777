import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errnoOf, throwIfAborted } from '../../errors.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import { createBlobs, createDownloads, createLeases, type Database, type Root } from '../store/index.ts';
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
    ...orphanDownloads(check),
    ...images(check),
    ...layerBlobs(check),
  ];
}

async function blobs({ root, db, signal }: ContentCheck): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const row of db.all('SELECT digest FROM blobs')) {
    throwIfAborted(signal, 'the check');
    const digest = String(row.digest);
    const hash = await unlessGone(sha256Of(blobPath(root, digest)));
    if (hash === undefined) found.push(finding('blob', digest, 'the record has no file'));
    else if (hash !== digest) found.push(finding('blob', digest, 'the file does not hash to it'));
  }
  return found;
}

function orphanBlobs({ root, db }: ContentCheck): Finding[] {
  const folder = join(root.dataDir, 'blobs/sha256');
  const blobs = createBlobs({ root, db, clock: Date.now });
  return unrecorded(db, folder, name => db.get('SELECT 1 FROM blobs WHERE digest = ?', `sha256:${name}`)).map(
    name =>
      finding('blob', name, 'a file without a record', {
        fix: 'delete the file',
        repair: () => void blobs.sweep([`sha256:${name}`]),
      }),
  );
}

async function layers({ db, snapshots, deep, signal }: ContentCheck): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const row of db.all('SELECT diff_id FROM layers')) {
    throwIfAborted(signal, 'the check');
    const diffId = String(row.diff_id);
    const { path, recipe } = snapshots.layer(diffId) ?? {};
    if (path === undefined || !existsSync(path))
      found.push(finding('layer', diffId, 'the record has no folder'));
    else if (recipe !== undefined && !existsSync(recipe))
      found.push(
        finding('layer', diffId, 'how its tar is put together is lost: it cannot be pushed or saved'),
      );
    else if (
      deep &&
      !(await unlessGone(snapshots.verifyLayer(diffId, signal === undefined ? {} : { signal })))
    )
      found.push(finding('layer', diffId, 'its files do not hash to it'));
  }
  return found;
}

function orphanLayers(check: ContentCheck): Finding[] {
  return ['layers', 'recipes'].flatMap(name => orphanLayersIn(check, name));
}

function orphanLayersIn({ root, db, snapshots }: ContentCheck, name: string): Finding[] {
  const folder = join(root.dataDir, name);
  // `empty` stands below images that have no layer.
  return unrecorded(
    db,
    folder,
    file => file === 'empty' || db.get('SELECT 1 FROM layers WHERE dir = ?', file),
  ).map(file =>
    finding('layer', file, name === 'layers' ? 'a folder without a record' : 'a recipe without a record', {
      fix: 'delete it',
      repair: async () => void (await snapshots.sweep()),
    }),
  );
}

/** Undefined where a file is not there. It may just have been removed, with its record: a second look tells. */
async function unlessGone<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Names in a folder that have no row. In a transaction: nobody is then between making a file and recording it. */
function unrecorded(db: Database, folder: string, isKnown: (name: string) => unknown): string[] {
  return db.transaction(() => readdirSync(folder).filter(name => !isKnown(name)));
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

/** Files of downloads that no record speaks of; a record without a file is one that has not begun. */
function orphanDownloads({ root, db }: ContentCheck): Finding[] {
  const leases = createLeases({ db, clock: Date.now });
  const downloads = createDownloads({ root, db, leases, clock: Date.now });
  const isKnown = (name: string) => db.get('SELECT 1 FROM downloads WHERE digest = ?', `sha256:${name}`);
  return unrecorded(db, join(root.dataDir, 'downloads'), isKnown).map(name =>
    finding('download', name, 'a file without a record', {
      fix: 'delete the file',
      repair: () => void downloads.sweep(),
    }),
  );
}

/** Compressed copies of layers: each has its bytes and its layer. */
function layerBlobs({ db }: ContentCheck): Finding[] {
  const sql = `SELECT digest, diff_id FROM layer_blobs WHERE
    (kept = 1 AND digest NOT IN (SELECT digest FROM blobs)) OR diff_id NOT IN (SELECT diff_id FROM layers)`;
  return db.all(sql).map(row =>
    finding('blob', String(row.digest), `the record of a packed layer has lost its bytes or its layer`, {
      fix: 'forget it',
      repair: () => void db.run('DELETE FROM layer_blobs WHERE digest = ?', String(row.digest)),
    }),
  );
}

function blobPath(root: Root, digest: string): string {
  return join(root.dataDir, 'blobs/sha256', digest.replace('sha256:', ''));
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}
