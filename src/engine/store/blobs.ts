import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import { digestHex } from '../../oci/index.ts';
import { identify, syncDirectory } from '../kernel/index.ts';
import type { Database } from './database.ts';
import type { Root } from './root.ts';

/**
 * Content-addressed files of a root: image configs, manifests, and compressed layers as registries have them. All calls
 * are synchronous. A blob that no image and no layer names is freed by `prune`.
 */
export interface Blobs {
  /** Stores bytes durably, and only once. Returns their digest. May be part of a transaction. */
  put(bytes: Uint8Array, mediaType: string): string;
  /**
   * Makes a file (proven, and durable already) the blob of a digest. May be part of a transaction: then it must be the
   * last that can fail.
   */
  adopt(
    file: string,
    blob: { readonly digest: string; readonly mediaType: string; readonly size: number },
  ): void;
  /** The file of a blob; undefined if there is none. */
  path(digest: string): string | undefined;
  /** The bytes of a digest, proven; throws `data-loss` (`BLOB_MISSING`, `BLOB_CORRUPT`). */
  get(digest: string): Buffer;
  /** Forgets all blobs that no row of another table names, then deletes their files. Returns their bytes. */
  prune(): number;
  /** Deletes the files of these digests (default: of all) that have no row; returns how many. */
  sweep(digests?: readonly string[]): number;
}

export function createBlobs({ root, db, clock }: { root: Root; db: Database; clock: () => number }): Blobs {
  const folder = join(root.dataDir, 'blobs/sha256');
  const pathOf = (digest: string) => join(folder, digestHex(digest));
  const isStored = (digest: string) => db.get('SELECT 1 FROM blobs WHERE digest = ?', digest) !== undefined;
  const sweep = (digests?: readonly string[]): number =>
    // In a transaction, so that no other process is between its file and its row.
    db.transaction(() => {
      const found = digests ?? readdirSync(folder).map(hex => `sha256:${hex}`);
      const orphans = found.filter(digest => !isStored(digest));
      for (const digest of orphans) rmSync(pathOf(digest), { force: true });
      return orphans.length;
    });
  return {
    put: (bytes, mediaType) =>
      db.transaction(() => {
        const digest = sha256(bytes);
        if (isStored(digest) && existsSync(pathOf(digest))) return digest;
        writeDurably(join(root.dataDir, 'tmp', temporaryName()), pathOf(digest), bytes);
        db.run('INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)', digest, mediaType, bytes.length, clock());
        return digest;
      }),
    get: digest => {
      const bytes = readBlob(pathOf(digest), digest);
      if (sha256(bytes) !== digest) {
        throw lost(digest, 'BLOB_CORRUPT', 'does not have the bytes that its digest promises');
      }
      return bytes;
    },
    adopt: (file, { digest, mediaType, size }) =>
      db.transaction(() => {
        if (isStored(digest) && existsSync(pathOf(digest))) return rmSync(file, { force: true });
        renameSync(file, pathOf(digest));
        syncDirectory(folder);
        db.run('INSERT OR IGNORE INTO blobs VALUES (?, ?, ?, ?)', digest, mediaType, size, clock());
      }),
    path: digest => (isStored(digest) ? pathOf(digest) : undefined),
    prune: () => {
      const doomed = db.transaction(
        () => {
          const rows = db.all(`SELECT digest FROM blobs WHERE digest NOT IN (${named})`);
          for (const { digest } of rows) db.run('DELETE FROM blobs WHERE digest = ?', String(digest));
          return rows.map(({ digest }) => String(digest));
        },
        { durable: true },
      );
      const freed = doomed.map(digest => blocksOf(pathOf(digest)));
      if (doomed.length > 0) sweep(doomed);
      return freed.reduce((sum, bytes) => sum + bytes, 0);
    },
    sweep,
  };
}

/** Every place that names a blob. */
const named = `
  SELECT id FROM images UNION ALL SELECT manifest FROM images UNION ALL SELECT digest FROM image_digests
  UNION ALL SELECT digest FROM layer_blobs WHERE kept = 1 UNION ALL SELECT digest FROM attestations`;

/** What a file takes on the disk. */
function blocksOf(path: string): number {
  return (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
}

/** `sha256:<hex>` of some bytes. */
export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Names a file in `tmp` after its process, so that a sweep can tell whose it is without a lease. */
function temporaryName(): string {
  const self = identify(process.pid);
  return `blob.${process.pid}.${self?.startTime ?? 0}.${randomBytes(4).toString('hex')}`;
}

function writeDurably(temporary: string, path: string, bytes: Uint8Array): void {
  try {
    const file = openSync(temporary, 'wx', 0o644);
    try {
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncDirectory(join(path, '..'));
}

function readBlob(path: string, digest: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw lost(digest, 'BLOB_MISSING', 'is missing', error);
  }
}

function lost(digest: string, code: string, what: string, cause?: unknown): PlimsollError {
  return new PlimsollError('data-loss', `the stored content ${digest} ${what}`, {
    code,
    hint: "run 'plimsoll system check' to see what else is damaged, and make the image again",
    data: { digest },
    cause,
  });
}
