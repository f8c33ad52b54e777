import { join } from 'node:path';
import type { CgroupHierarchy } from './cgroup/hierarchy.ts';
import { parseV1 } from './cgroup/v1.ts';
import { parseV2 } from './cgroup/v2.ts';
import type { KeptFiles } from './kept-files.ts';
import { parseNetDev } from './net-dev.ts';
import { processCounters } from './process-counters.ts';
import type { ContainerSample, RunningContainer } from './types.ts';

/** What a container sampler reads from. */
export interface ContainerSource {
  readonly files: KeptFiles;
  readonly cgroups: CgroupHierarchy;
  /** Milliseconds since the epoch, steady. */
  readonly clock: () => number;
  /** Mount point of procfs. */
  readonly proc: string;
}

/**
 * One container's counters, or undefined if it is gone. The files of its cgroup stay open until `releaseContainer`.
 *
 * /proc/PID/net/dev is opened for each sample instead: an open one would keep the network namespace alive after the
 * container's end, and with it the link and its name.
 */
export function sampleContainer(
  container: RunningContainer,
  source: ContainerSource,
): ContainerSample | undefined {
  const { cgroupPath, id, pid } = container;
  const { files, cgroups, clock, proc } = source;
  const time = clock();
  if (cgroupPath === undefined) {
    const counted = pid === undefined ? undefined : processCounters(pid, proc);
    return counted === undefined ? undefined : { id, time, ...counted, ...networkOf(container, source) };
  }
  const counters =
    cgroups.version === 'v2'
      ? parseV2((_, file) => files.read(join(cgroups.v2 ?? '/sys/fs/cgroup', cgroupPath, file)))
      : parseV1((controller, file) => {
          const mount = cgroups.v1[controller];
          return mount === undefined ? undefined : files.read(join(mount, cgroupPath, file));
        });
  if (counters === undefined) {
    releaseContainer(cgroupPath, source); // so that it is looked for anew: it may be about to start
    return undefined;
  }
  return { id, time, ...counters, ...networkOf(container, source) };
}

function networkOf(
  { pid, network }: RunningContainer,
  { files, proc }: ContainerSource,
): Pick<ContainerSample, 'network'> {
  // What goes through the network of another is counted there.
  const isOwn = network !== 'host' && !network.startsWith('container:');
  const netDev = pid === undefined || !isOwn ? undefined : files.readAnew(`${proc}/${pid}/net/dev`);
  return netDev === undefined ? {} : { network: parseNetDev(netDev) };
}

/** Closes the files that `sampleContainer` keeps open for a cgroup. */
export function releaseContainer(cgroupPath: string, { files, cgroups }: ContainerSource): void {
  const mounts = new Set([...Object.values(cgroups.v1), cgroups.v2 ?? '/sys/fs/cgroup']);
  for (const mount of mounts) files.forget(join(mount, cgroupPath));
}
