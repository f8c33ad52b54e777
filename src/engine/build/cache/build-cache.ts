import { createHash } from 'node:crypto';
import type { SnapshotService } from '../../snapshot/index.ts';
import { createLeases, type Database, type Row } from '../../store/index.ts';
import { keyText, type StepInputs } from './step-inputs.ts';
import { takeTurn } from './take-turn.ts';

/** What an earlier build made of the same inputs. */
export interface CacheHit {
  /** Undefined: the step changed nothing. */
  readonly diffId?: string;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/** Results of steps by content key, in the table build_cache. */
export interface BuildCache {
  /** The result for these inputs, if its layer is there still. */
  find(inputs: StepInputs): CacheHit | undefined;
  /** What the same step had when it was last built. */
  lastInputs(step: string): StepInputs | undefined;
  /**
   * Layers of as many bytes that the same step left on top of the same ones for other inputs, with times that were
   * rewritten in the same way; newest first, those that are here.
   */
  earlier(
    step: string,
    inputs: StepInputs,
    sizeBytes: number,
  ): readonly (CacheHit & { readonly diffId: string })[];
  /** Returns the layer that these inputs had before, if it was another one. */
  record(step: string, inputs: StepInputs, result: CacheHit): string | undefined;
  /**
   * Waits until no other step, of any build of any process, works on these inputs, and keeps others from it until the
   * result is disposed of. `onWait` is called once if there is somebody to wait for. Throws `cancelled`.
   */
  claim(inputs: StepInputs, options: { signal: AbortSignal; onWait: () => void }): Promise<Disposable>;
  /** The digest of files copied out of immutable layers, remembered by what was asked. */
  remembered(question: string): Pick<StepInputs, 'content' | 'files'> | undefined;
  remember(question: string, digest: Pick<StepInputs, 'content' | 'files'>): void;
}

/** Opens the cache of a root. `clock` is in milliseconds since the epoch. */
export function openBuildCache(options: {
  db: Database;
  snapshots: Pick<SnapshotService, 'layer'>;
  clock: () => number;
}): BuildCache {
  const { db, snapshots, clock } = options;
  const leases = createLeases({ db, clock });
  const touch = (key: string) => db.run('UPDATE build_cache SET last_used = ? WHERE key = ?', clock(), key);
  const put = (key: string, step: string, inputs: unknown, { diffId, sizeBytes, created }: CacheHit) =>
    db.run(
      'INSERT OR REPLACE INTO build_cache VALUES (?, ?, ?, ?, ?, ?, ?)',
      key,
      step,
      diffId ?? null,
      JSON.stringify(inputs),
      sizeBytes,
      created,
      clock(),
    );
  return {
    find: inputs => {
      const key = keyOf(inputs);
      const row = db.get('SELECT diff_id, size, created FROM build_cache WHERE key = ?', key);
      if (row === undefined) return undefined;
      const hit = hitOf(row);
      if (hit.diffId !== undefined && snapshots.layer(hit.diffId) === undefined) return undefined;
      touch(key);
      return hit;
    },
    lastInputs: step => {
      const row = db.get(
        'SELECT inputs FROM build_cache WHERE step = ? ORDER BY last_used DESC LIMIT 1',
        stepKey(step),
      );
      return row === undefined ? undefined : (JSON.parse(String(row.inputs)) as StepInputs);
    },
    earlier: (step, { parents, settings }, sizeBytes) => {
      // By size at once: the inputs of a step that copies 10,000 files are half a megabyte of text.
      const rows = db.all(
        `SELECT inputs, diff_id, size, created FROM
           (SELECT * FROM build_cache WHERE step = ? ORDER BY last_used DESC LIMIT 8) WHERE size = ?`,
        ...[stepKey(step), sizeBytes],
      );
      return rows.flatMap(row => {
        const { diffId, ...hit } = hitOf(row);
        if (diffId === undefined || snapshots.layer(diffId) === undefined) return [];
        const before = JSON.parse(String(row.inputs)) as StepInputs;
        const isDatedSo = before.settings.SOURCE_DATE_EPOCH === settings.SOURCE_DATE_EPOCH;
        return isDatedSo && before.parents.join() === parents.join() ? [{ ...hit, diffId }] : [];
      });
    },
    record: (step, inputs, result) =>
      db.transaction(() => {
        const key = keyOf(inputs);
        const row = db.get('SELECT diff_id FROM build_cache WHERE key = ?', key);
        put(key, stepKey(step), inputs, result);
        const before = row?.diff_id ?? undefined;
        return before === undefined || before === result.diffId ? undefined : String(before);
      }),
    claim: (inputs, options) => {
      const target = keyOf(inputs);
      const attempt = () =>
        db.transaction(() => (leases.isHeld('step', target) ? undefined : leases.take('step', target)));
      return takeTurn(attempt, { ...options, what: 'waiting for another build' });
    },
    remembered: question => {
      const key = digestOf(`files\n${question}`);
      const row = db.get('SELECT inputs FROM build_cache WHERE key = ?', key);
      if (row === undefined) return undefined;
      touch(key);
      return JSON.parse(String(row.inputs)) as Pick<StepInputs, 'content' | 'files'>;
    },
    remember: (question, digest) => {
      put(digestOf(`files\n${question}`), 'files', digest, { sizeBytes: 0, created: clock() });
    },
  };
}

/** The key of a result in every cache. */
export function keyOf(inputs: StepInputs): string {
  return digestOf(keyText(inputs));
}

function stepKey(step: string): string {
  return digestOf(`step\n${step}`);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hitOf(row: Row): CacheHit {
  return {
    sizeBytes: Number(row.size),
    created: Number(row.created),
    ...(row.diff_id === null ? {} : { diffId: String(row.diff_id) }),
  };
}
