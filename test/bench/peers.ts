import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { insist } from './measure.ts';

/** Another engine on this machine that answers, with an image `plimsoll-bench` of the same busybox. */
export interface Peer {
  readonly name: 'docker' | 'podman';
  /** The words before the verb. */
  readonly command: readonly string[];
}

/** Name of the image that every peer gets. */
export const peerImage = 'plimsoll-bench';

/**
 * The peers that can run here. `PLIMSOLL_BENCH_PODMAN` replaces the word `podman` (on hosts where it needs a wrapper);
 * docker follows DOCKER_HOST. What is missing is said, never skipped in silence.
 */
export function findPeers(busybox: string): Peer[] {
  const podman = (process.env.PLIMSOLL_BENCH_PODMAN ?? 'podman').split(' ');
  const candidates: Peer[] = [
    { name: 'docker', command: ['docker'] },
    { name: 'podman', command: podman },
  ];
  return candidates.filter(peer => prepare(peer, busybox));
}

/** podman asks for more open files than this caller may give unless it is told the caller's own limit. */
export function limitWords({ name }: { readonly name: string }): string[] {
  return name === 'podman' ? ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'] : [];
}

function prepare({ name, command }: Peer, busybox: string): boolean {
  const context = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  try {
    writeFileSync(join(context, 'busybox'), readFileSync(busybox), { mode: 0o755 });
    writeFileSync(join(context, 'Dockerfile'), dockerfile);
    process.env.DOCKER_BUILDKIT = '0';
    insist([...command, 'build', '-q', '-t', peerImage, context]);
    return true;
  } catch (error) {
    console.log(`${name} is not compared: ${String(error).split('\n')[1] ?? String(error)}`);
    return false;
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

const dockerfile =
  'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox","--install","-s","/bin"]\nCMD ["sh"]\n';
