import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../../errors.ts';
import { writeFileAtomic } from '../../kernel/index.ts';
import type { OciSeccomp } from './resolve-seccomp.ts';

/**
 * Compiled seccomp filters by content, because compiling the default profile costs libseccomp 15 ms at each create.
 * crun leaves the compiled program in its state folder and takes one back through an annotation (crun(1),
 * `run.oci.seccomp_bpf_data`); it then ignores `linux.seccomp`, so a key must cover all that decides the program.
 */
export interface CompiledFilters {
  /** Base64 of the program for this filter, or undefined if none has been kept yet. */
  get(seccomp: OciSeccomp): string | undefined;
  /** Keeps the program that the runtime made for `seccomp` in its state folder of a created container. */
  harvest(seccomp: OciSeccomp, containerState: string): void;
}

/** Keeps programs as `<folder>/<sha256>.bpf`; `runtimePath` is part of the key with its size and time of change. */
export function compiledFilters(folder: string, runtimePath: string): CompiledFilters {
  const { size, mtimeMs } = statSync(runtimePath);
  const pathOf = (seccomp: OciSeccomp): string => {
    const key = JSON.stringify([process.arch, runtimePath, size, mtimeMs, seccomp]);
    return join(folder, `${createHash('sha256').update(key).digest('hex')}.bpf`);
  };
  const known = new Map<string, string>();
  const get = (seccomp: OciSeccomp): string | undefined => {
    const path = pathOf(seccomp);
    const program = known.get(path) ?? readProgram(path)?.toString('base64');
    if (program !== undefined) known.set(path, program);
    return program;
  };
  return {
    get,
    harvest(seccomp, containerState) {
      if (get(seccomp) !== undefined) return;
      // crun writes `status` only after the whole program: without it, the program may be cut short.
      if (readFile(join(containerState, 'status')) === undefined) return;
      const program = readProgram(join(containerState, 'seccomp.bpf'));
      if (program === undefined) return;
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileAtomic(pathOf(seccomp), program, 0o600);
    },
  };
}

/** A whole program: instructions of 8 bytes, the last of them a return (struct sock_filter, BPF_RET = 6). */
function readProgram(path: string): Buffer | undefined {
  const program = readFile(path);
  if (program === undefined || program.length === 0 || program.length % 8 !== 0) return undefined;
  return (program.readUInt16LE(program.length - 8) & 0x7) === 6 ? program : undefined;
}

function readFile(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
