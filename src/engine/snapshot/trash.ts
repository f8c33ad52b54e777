import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../../errors.ts';
import type { Root } from '../store/index.ts';

/** Where folders go that are to be deleted: out of sight in one step, then gone in as many as it takes. */
export interface Trash {
  /** Moves a folder into the trash, if it is there, and returns its place. */
  take(folder: string): string | undefined;
  /** Moves a folder into the trash and deletes it. */
  delete(folder: string): Promise<void>;
  /** Deletes all that is in the trash, also what dead processes left. */
  empty(): Promise<void>;
}

export function createTrash(root: Pick<Root, 'dataDir'>): Trash {
  const trash = join(root.dataDir, 'tmp/trash');
  let count = 0;
  const take = (folder: string) => {
    const place = join(trash, `${process.pid}.${process.hrtime.bigint()}.${count++}`);
    mkdirSync(trash, { recursive: true, mode: 0o700 });
    try {
      renameSync(folder, place);
      return place;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  };
  return {
    take,
    delete: async folder => {
      const place = take(folder);
      if (place !== undefined) await rm(place, { recursive: true, force: true });
    },
    empty: async () => {
      mkdirSync(trash, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(trash)) await rm(join(trash, name), { recursive: true, force: true });
    },
  };
}
