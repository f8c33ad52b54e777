import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The processes in the pid namespace of a container's first one, as this namespace numbers them: for a container that
 * has no cgroup to ask. Of one in the namespace of this process only the first is known. 2 us per process of the
 * machine.
 */
export function processesOf(init: number, proc = '/proc'): number[] {
  const namespace = namespaceOf(proc, String(init));
  if (namespace === undefined) return [];
  if (namespace === namespaceOf(proc, 'self')) return [init];
  const pids = readdirSync(proc).filter(name => /^\d+$/.test(name));
  return pids.filter(pid => namespaceOf(proc, pid) === namespace).map(Number);
}

function namespaceOf(proc: string, pid: string): string | undefined {
  try {
    return readlinkSync(join(proc, pid, 'ns/pid'));
  } catch {
    return undefined; // it has ended, or is another user's
  }
}
