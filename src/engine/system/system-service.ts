import type { BuildKeeper } from '../build/index.ts';
import type { ContainerService } from '../container/index.ts';
import type { ImageService } from '../image/index.ts';
import type { NetworkService } from '../network/index.ts';
import { explainStorage, type SnapshotService } from '../snapshot/index.ts';
import type { Database, Root } from '../store/index.ts';
import type { VolumeService } from '../volume/index.ts';
import { checkBuilds } from './check-builds.ts';
import { checkContainers } from './check-containers.ts';
import { checkContent } from './check-content.ts';
import { checkKernel } from './check-kernel.ts';
import { confirmFindings } from './confirm-findings.ts';
import { diskUsage } from './disk/disk-usage.ts';
import { type Finding, finding } from './finding.ts';
import { pruneSystem, unusedNetworks } from './prune-system.ts';
import type { CheckProblem, SystemInfo, SystemService } from './types.ts';

export interface SystemParts {
  readonly root: Root;
  readonly db: Database;
  readonly images: ImageService;
  readonly containers: ContainerService;
  readonly snapshots: SnapshotService;
  readonly networks: NetworkService;
  readonly volumes: VolumeService;
  readonly builds: BuildKeeper;
  readonly runtime: () => string;
  readonly cgroupVersion: () => SystemInfo['cgroupVersion'];
  /** After which the check looks again at what seems wrong: long enough for an end to be recorded on a busy machine. */
  readonly pausesMs?: readonly number[];
}

/** Facts about a root and the proof that it is consistent, over the services of one engine. */
export function createSystemService(parts: SystemParts): SystemService {
  return {
    info: () => info(parts),
    storage: async () => {
      const choice = await parts.snapshots.storage();
      const why = explainStorage(choice);
      return { driver: choice.driver, ...(why === undefined ? {} : { why }) };
    },
    check: async options => await check(parts, options ?? {}),
    diskUsage: ({ signal } = {}) => diskUsage(parts, signal),
    unusedNetworks: () => unusedNetworks(parts).map(({ name }) => name),
    prune: (request = {}) => pruneSystem(parts, request),
  };
}

function info({ root, containers, images, runtime, cgroupVersion }: SystemParts): SystemInfo {
  const all = containers.list({ all: true }).map(({ state }) => state.status);
  const count = (status: string) => all.filter(each => each === status).length;
  const [running, paused] = [count('running'), count('paused')];
  return {
    root,
    runtime: runtime(),
    cgroupVersion: cgroupVersion(),
    networking: root.rootless
      ? "bridges of the kernel in a network of the user's; a proxy at each published port: clients keep their addresses where the network has their kind of IP"
      : 'bridges of the kernel, no proxy: clients keep their addresses',
    containers: { running, paused, stopped: all.length - running - paused },
    images: images.list().length,
  };
}

async function check(
  parts: SystemParts,
  { repair = false, deep = false, signal }: { repair?: boolean; deep?: boolean; signal?: AbortSignal },
): Promise<CheckProblem[]> {
  const looks = [
    () => databaseFindings(parts.db),
    () => checkKernel(parts), // first, so that nothing is mounted in a folder that is deleted
    () => checkContent({ ...parts, deep, ...(signal === undefined ? {} : { signal }) }),
    () => checkBuilds(parts),
    () => checkContainers(parts),
  ];
  const found = await confirmFindings(looks, { pausesMs: parts.pausesMs ?? [100, 500, 2000], signal });
  if (repair) await mend(found);
  return found.map(({ problem }) => problem);
}

function databaseFindings(db: Database): Finding[] {
  const broken = db.integrityProblems().map(words => finding('database', 'plimsoll.db', words));
  const dangling = db.all('PRAGMA foreign_key_check');
  return [
    ...broken,
    ...dangling.map(row =>
      finding('database', String(row.table), `a row refers to a missing ${String(row.parent)}`),
    ),
  ];
}

async function mend(found: readonly Finding[]): Promise<void> {
  for (const { repair } of found) await repair?.();
}
