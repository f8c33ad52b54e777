import type { PathFacts } from '../engine/index.ts';
import { JsonFields } from './json-fields.ts';
import { formatTime, readTime } from './time.ts';

/** Bits of Go's file modes, which differ from those of the kernel. */
const goMode = { directory: 2 ** 31, symlink: 2 ** 27, other: 2 ** 25, file: 0 } as const;

/** setuid, setgid, sticky: the kernel's and Go's. */
const specialBits = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
] as const;

/** What is at a path, as the header `X-Docker-Container-Path-Stat` says it. */
export function pathStatHeader(path: string, facts: PathFacts): string {
  const name = path.replace(/\/+$/, '').split('/').at(-1) || '/';
  const special = specialBits.filter(([bit]) => (facts.mode & bit) !== 0);
  const mode = special.reduce((sum, [, bit]) => sum + bit, goMode[facts.type] + (facts.mode & 0o777));
  const stat = {
    name,
    size: facts.size,
    mode,
    mtime: formatTime(facts.mtimeMs),
    linkTarget: facts.linkTarget,
  };
  return Buffer.from(JSON.stringify(stat)).toString('base64');
}

/** The same header of any engine's answer, read. */
export function readPathStat(header: string): PathFacts {
  const fields = new JsonFields(JSON.parse(Buffer.from(header, 'base64').toString()), 'path stat');
  const mode = fields.number('mode') ?? 0;
  const has = (bit: number) => Math.floor(mode / bit) % 2 === 1;
  const special = specialBits.filter(([, bit]) => has(bit)).reduce((sum, [bit]) => sum + bit, 0);
  const others = [goMode.other, 2 ** 26, 2 ** 24, 2 ** 21, 2 ** 19];
  const type = has(goMode.directory)
    ? 'directory'
    : has(goMode.symlink)
      ? 'symlink'
      : others.some(has)
        ? 'other'
        : 'file';
  return {
    type,
    size: fields.number('size') ?? 0,
    mode: kernelType[type] + special + (mode % 0o1000),
    mtimeMs: readTime(fields.text('mtime')) ?? 0,
    linkTarget: fields.text('linkTarget') ?? '',
  };
}

/** The kernel's type bits (stat(2)); what is none of the three could be any of four. */
const kernelType = { directory: 0o040000, symlink: 0o120000, file: 0o100000, other: 0 } as const;
