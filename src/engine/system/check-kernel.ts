import { existsSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerService } from '../container/index.ts';
import { namesIn } from '../kernel/index.ts';
import type { NetworkService } from '../network/index.ts';
import { pathOfCgroup } from '../runtime/index.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import { createLeases, type Database, type Root } from '../store/index.ts';
import { type Finding, finding } from './finding.ts';
import { isSettled } from './is-settled.ts';

export interface KernelCheck {
  readonly root: Root;
  readonly db: Database;
  readonly containers: ContainerService;
  readonly snapshots: SnapshotService;
  readonly networks: NetworkService;
}

/** What the kernel holds for this root: nothing that no running container or living process owns. */
export async function checkKernel(check: KernelCheck): Promise<Finding[]> {
  const live = liveContainers(check);
  return [
    ...leases(check),
    ...mounts(check, live),
    ...(await networking(check, live)),
    ...cgroups(check, live),
  ];
}

function leases({ db, snapshots }: KernelCheck): Finding[] {
  const dead = createLeases({ db, clock: Date.now }).dead();
  return dead.map(({ kind, target, pid }) =>
    finding('lease', target, `a ${kind} is held by process ${pid}, which is gone`, {
      fix: 'drop the lease and what it held in the making',
      repair: async () => void (await snapshots.sweep()),
    }),
  );
}

function mounts({ snapshots, db, root }: KernelCheck, live: ReadonlySet<string>): Finding[] {
  const dead = new Set(
    createLeases({ db, clock: Date.now })
      .dead()
      .map(({ id }) => id),
  );
  const leased = db.all('SELECT id, target FROM leases').filter(row => !dead.has(String(row.id)));
  const works = db.all('SELECT id FROM works').map(row => String(row.id)); // mounted while somebody works on them
  const staged = [...leased.map(row => String(row.target)), ...works];
  const uses = db.all('SELECT volume, container FROM volume_uses');
  const volumes = uses.flatMap(({ volume, container }) =>
    live.has(String(container)) ? [join(root.runDir, 'volumes', String(volume))] : [],
  );
  return snapshots
    .mounts()
    .filter(target => ![...live].some(id => target.includes(id)))
    .filter(target => !volumes.includes(target))
    .filter(target => !staged.some(name => target.includes(name)))
    .map(target =>
      finding('mount', target, 'mounted for nothing that runs', {
        fix: 'unmount it',
        repair: () => snapshots.unmount(target),
      }),
    );
}

async function networking(check: KernelCheck, live: ReadonlySet<string>): Promise<Finding[]> {
  return (await check.networks.leftovers(live)).map(({ subject, problem }) =>
    finding('network', subject, problem, {
      fix: 'bring the network back in line with the records',
      repair: () => check.networks.repair(() => liveContainers(check)),
    }),
  );
}

/** cgroup v1 has a tree per controller, v2 one; an empty one of a container that is gone is a leftover. */
function cgroups({ root, db }: KernelCheck, live: ReadonlySet<string>): Finding[] {
  const trees = ['/sys/fs/cgroup', ...namesIn('/sys/fs/cgroup').map(name => join('/sys/fs/cgroup', name))];
  const own = trees
    .map(tree => join(tree, pathOfCgroup(root.id)))
    .flatMap(parent =>
      namesIn(parent)
        .filter(isContainerId)
        .map(id => ({ id, path: join(parent, id) })),
    );
  const placed = db
    .all("SELECT id, json_extract(spec, '$.cgroupParent') AS parent FROM containers")
    .filter(row => row.parent !== null)
    .flatMap(row =>
      trees.map(tree => ({ id: String(row.id), path: join(tree, String(row.parent), String(row.id)) })),
    )
    .filter(({ path }) => existsSync(path));
  return [...own, ...placed]
    .filter(({ id }) => !live.has(id))
    .map(({ path }) =>
      finding('cgroup', path, 'the cgroup of a container that does not run', {
        fix: 'remove it',
        repair: () => rmdirSync(path),
      }),
    );
}

function isContainerId(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** A build step, or a command in a working container, that its build or the next call tidies up after. */
function isBuildStep(endpoint: string, db: Database): boolean {
  const [, build = ''] = /^build-(.+)-\d+$/.exec(endpoint) ?? [];
  return (
    build.startsWith('work.') ||
    db.get("SELECT 1 FROM builds WHERE id = ? AND state = 'running'", build) !== undefined
  );
}

/**
 * Who may have something in the kernel: containers that run, those that are just being started or taken down (their
 * run folder is young), and build steps, which their build tidies up after.
 */
function liveContainers({ root, db, containers }: KernelCheck): Set<string> {
  const endpoints = db.all('SELECT container FROM addresses').map(row => String(row.container));
  const runFolders = join(root.runDir, 'containers');
  return new Set([
    ...containers.list().map(({ id }) => id),
    ...namesIn(runFolders).filter(id => !isSettled(join(runFolders, id))),
    ...endpoints.filter(name => isBuildStep(name, db)),
  ]);
}
