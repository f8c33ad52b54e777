import { arch, release } from 'node:os';
import manifest from '../../package.json' with { type: 'json' };
import type { ProgramFacts } from '../wire/index.ts';

/** What plimsoll is and runs on, for what docker's users ask of a version. */
export function programFacts(): ProgramFacts {
  return { version: manifest.version, node: process.versions.node, arch: arch(), kernel: release() };
}
