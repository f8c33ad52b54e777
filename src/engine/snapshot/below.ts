import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { type Native, readXattr } from '../kernel/index.ts';
import { isWhiteout } from './whiteout.ts';

/** The layers below a folder of changes, as overlayfs joins them. Paths are relative, bytes as latin1 text. */
export interface Below {
  /** What is at a path; undefined if no layer has it, or an upper one hides it. */
  at(path: string): Stats | undefined;
  /** The names in a folder. */
  names(path: string): string[];
}

export interface BelowOptions {
  readonly native: Native;
  readonly opaqueXattr: string;
}

/** `layers`: their folders, topmost first. */
export function joinLayers(layers: readonly string[], { native, opaqueXattr }: BelowOptions): Below {
  const folders = layers.map(folder => Buffer.from(folder).toString('latin1'));
  const isOpaque = (absolute: Buffer) => readXattr(native, absolute, opaqueXattr)?.toString('latin1') === 'y';

  /** What one layer says of a path: what it has there, that nothing below counts, or nothing. */
  const ask = (folder: string, path: string): Stats | 'hidden' | undefined => {
    const parts = path.split('/');
    let hides = false;
    for (let depth = 1; depth <= parts.length; depth++) {
      const absolute = Buffer.from(`${folder}/${parts.slice(0, depth).join('/')}`, 'latin1');
      const stats = lstatSync(absolute, { throwIfNoEntry: false });
      if (stats === undefined) return hides ? 'hidden' : undefined;
      if (isWhiteout(stats)) return 'hidden';
      if (depth === parts.length) return stats;
      if (!stats.isDirectory()) return 'hidden';
      hides ||= isOpaque(absolute);
    }
    return undefined;
  };
  const at = (path: string): Stats | undefined => {
    for (const folder of folders) {
      const answer = ask(folder, path);
      if (answer !== undefined) return answer === 'hidden' ? undefined : answer;
    }
    return undefined;
  };
  return {
    at,
    names: path => {
      const candidates = folders.flatMap(folder => namesIn(`${folder}/${path}`));
      return [...new Set(candidates)].filter(name => at(`${path}/${name}`) !== undefined);
    },
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(Buffer.from(folder, 'latin1'), { encoding: 'latin1' });
  } catch {
    return []; // this layer has no such folder
  }
}
