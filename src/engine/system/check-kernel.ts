import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerService } from '../container/index.ts';
import { bootId, isAlive } from '../kernel/index.ts';
import type { NetworkService } from '../network/index.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import type { Database, Root } from '../store/index.ts';
import { type Finding, finding } from './finding.ts';

export interface KernelCheck {
  readonly root: Root;
  readonly db: Database;
  readonly containers: ContainerService;
  readonly snapshots: SnapshotService;
  readonly networks: NetworkService;
}

/** What the kernel holds for this root: nothing that no running container or living process owns. */
export function checkKernel(check: KernelCheck): Finding[] {
  const live = liveContainers(check.containers);
  return [...leases(check), ...mounts(check, live), ...namespaces(check, live), ...cgroups(check, live)];
}

function leases({ db }: KernelCheck): Finding[] {
  const boot = bootId();
  return db.all('SELECT id, kind, target, pid, start_time, boot_id FROM leases').flatMap(row => {
    const owner = { pid: Number(row.pid), startTime: Number(row.start_time) };
    if (row.boot_id === boot && isAlive(owner)) return [];
    return [
      finding(
        'lease',
        String(row.target),
        `a ${String(row.kind)} is held by process ${owner.pid}, which is gone`,
        {
          fix: 'drop the lease',
          repair: () => void db.run('DELETE FROM leases WHERE id = ?', String(row.id)),
        },
      ),
    ];
  });
}

function mounts({ snapshots, db }: KernelCheck, live: ReadonlySet<string>): Finding[] {
  const staged = db.all('SELECT target FROM leases').map(row => String(row.target));
  return snapshots
    .mounts()
    .filter(target => ![...live].some(id => target.includes(id)))
    .filter(target => !staged.some(name => target.includes(name)))
    .map(target =>
      finding('mount', target, 'mounted for nothing that runs', {
        fix: 'unmount it',
        repair: () => snapshots.unmount(target),
      }),
    );
}

function namespaces({ root, networks }: KernelCheck, live: ReadonlySet<string>): Finding[] {
  const prefix = `plim-${root.id}-`;
  const owners = new Set([...live].map(id => prefix + id.slice(0, 12)));
  const stray = namesIn('/run/netns').filter(name => name.startsWith(prefix) && !owners.has(name));
  return stray.map(name =>
    finding('network', name, 'a network namespace of no running container', {
      fix: 'bring the network back in line with the records',
      repair: () => networks.repair(live),
    }),
  );
}

/** cgroup v1 has a tree per controller, v2 one; an empty one of a container that is gone is a leftover. */
function cgroups({ root }: KernelCheck, live: ReadonlySet<string>): Finding[] {
  const parent = `plimsoll-${root.id}`;
  const trees = [
    join('/sys/fs/cgroup', parent),
    ...namesIn('/sys/fs/cgroup').map(c => join('/sys/fs/cgroup', c, parent)),
  ];
  return trees.filter(existsSync).flatMap(tree =>
    namesIn(tree)
      .filter(name => /^[0-9a-f]{64}$/.test(name) && !live.has(name))
      .map(name =>
        finding('cgroup', join(tree, name), 'the cgroup of a container that does not run', {
          fix: 'remove it',
          repair: () => rmdirSync(join(tree, name)),
        }),
      ),
  );
}

function liveContainers(containers: ContainerService): Set<string> {
  return new Set(containers.list().map(({ id }) => id));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
