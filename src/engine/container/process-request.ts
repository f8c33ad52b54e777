import { existsSync, mkdirSync, statSync } from 'node:fs';
import { PlimsollError } from '../../errors.ts';
import { resolveInRoot } from '../kernel/index.ts';
import {
  findCdiDevices,
  findInit,
  gpuDevices,
  type ProcessMount,
  type ProcessRequest,
  resolveGroups,
  resolveUser,
} from '../runtime/index.ts';
import { copyUp } from './copy-up.ts';
import { makeEtcFiles } from './etc-files.ts';
import { ownersSwapped } from './idmap.ts';
import { joinedNamespace, networkOwner } from './joined-network.ts';
import { volumeSource } from './mount-source.ts';
import { namespacesFor, shmFor } from './namespaces.ts';
import type { ContainerRecord } from './records.ts';
import { type ContainerPaths, cgroupOf, pathsOf, type World } from './world.ts';

/** Where the static init of the host is in a container: on a file system that every container has of its own. */
const initPath = '/dev/init';

/** All that decides how the process of a container is started, for a root filesystem that is mounted. */
export async function processRequest(
  world: World,
  record: ContainerRecord,
  options: { readonly terminalSize?: { readonly columns: number; readonly rows: number } },
): Promise<ProcessRequest> {
  const { id, spec, resolved } = record;
  const paths = pathsOf(world.root, id);
  const user = resolveUser(paths.rootfs, resolved.user);
  const gpus = spec.gpus === undefined ? [] : await gpuDevices(spec.gpus);
  const cdi = await findCdiDevices([...(spec.cdiDevices ?? []), ...gpus]);
  const hooks = hooksOf(cdi.flatMap(edits => edits.hooks));
  const groups = [...resolveGroups(paths.rootfs, spec.groupAdd ?? []), ...cdi.flatMap(edits => edits.groups)];
  const shm = await shmFor(world, record);
  makeWorkdir(paths.rootfs, resolved.workdir);
  return {
    id,
    rootfs: paths.rootfs,
    args: spec.init ? [initPath, '--', ...resolved.command] : resolved.command,
    env: [...environmentOf(record, user.home), ...cdi.flatMap(edits => edits.env)],
    cwd: resolved.workdir,
    user: {
      uid: user.uid,
      gid: user.gid,
      // Its own too, or a program with a group's bit could give it up (CVE-2022-36109).
      additionalGids: [...new Set([user.gid, ...user.additionalGids, ...groups])],
    },
    hostname: resolved.hostname,
    tty: spec.tty ?? false,
    ...(options.terminalSize === undefined ? {} : { terminalSize: options.terminalSize }),
    readOnlyRoot: spec.readOnlyRoot ?? false,
    ...securityOf(spec),
    network: networkOf(world, record),
    namespaces: namespacesFor(world, record),
    ...(spec.domainname === undefined ? {} : { domainname: spec.domainname }),
    ...(shm === undefined ? {} : { shm }),
    ...(spec.shmBytes === undefined ? {} : { shmBytes: spec.shmBytes }),
    mounts: await mountsFor(
      world,
      record,
      paths,
      cdi.flatMap(edits => edits.mounts),
      user,
    ),
    devices: [...(spec.devices ?? []), ...cdi.flatMap(edits => edits.devices)],
    deviceRules: spec.deviceRules ?? [],
    limits: spec.limits ?? {},
    ulimits: spec.ulimits ?? [],
    sysctls: spec.sysctls ?? {},
    annotations: spec.annotations ?? {},
    cgroupPath: cgroupOf(world.root, record),
    ...(spec.oomScoreAdj === undefined ? {} : { oomScoreAdj: spec.oomScoreAdj }),
    ...(hooks === undefined ? {} : { hooks }),
  };
}

function securityOf(spec: ContainerRecord['spec']) {
  return {
    privileged: spec.privileged ?? false,
    capAdd: spec.capAdd ?? [],
    capDrop: spec.capDrop ?? [],
    noNewPrivileges: spec.noNewPrivileges ?? false,
    unmasked: spec.unmasked ?? false,
    ...(spec.seccomp === undefined ? {} : { seccomp: spec.seccomp }),
    ...(spec.apparmor === undefined ? {} : { apparmor: spec.apparmor }),
  };
}

function environmentOf({ spec, resolved }: ContainerRecord, home: string): string[] {
  const has = (name: string) => resolved.env.some(entry => entry.startsWith(`${name}=`));
  return [
    ...resolved.env,
    ...(has('HOME') ? [] : [`HOME=${home}`]),
    ...(has('HOSTNAME') ? [] : [`HOSTNAME=${resolved.hostname}`]),
    ...(spec.tty && !has('TERM') ? ['TERM=xterm'] : []),
  ];
}

function networkOf(world: World, { id, spec: { network = 'bridge' } }: ContainerRecord): string {
  const owner = networkOwner(world, { network });
  if (owner !== undefined) return joinedNamespace(world, owner);
  if (network === 'host') return 'host';
  return network === 'none' ? 'new' : world.networks.namespacePath(id);
}

type CdiMount = Awaited<ReturnType<typeof findCdiDevices>>[number]['mounts'][number];

/** The user's mounts, then what every container has in /etc, unless the user has mounted something there. */
async function mountsFor(
  world: World,
  { spec, resolved }: ContainerRecord,
  paths: ContainerPaths,
  ofDevices: readonly CdiMount[],
  user: MountUser,
): Promise<ProcessMount[]> {
  const own = await userMounts(world, resolved.mounts, paths.rootfs, user);
  const taken = new Set(own.map(({ target }) => target));
  const owner = networkOwner(world, spec);
  const folder = owner === undefined ? paths.data : pathsOf(world.root, owner.id).data; // its names are the owner's
  const etc = makeEtcFiles({ folder }).filter(({ target }) => !taken.has(target));
  const init = spec.init
    ? [{ type: 'bind' as const, source: findInit(), target: initPath, readOnly: true }]
    : [];
  const devices = ofDevices.map(({ source, target, options }) => {
    if (!existsSync(source)) throw missingSource(source);
    return { type: 'bind' as const, source, target, readOnly: false, options };
  });
  return [...own, ...etc, ...init, ...devices];
}

async function userMounts(
  world: World,
  mounts: ContainerRecord['resolved']['mounts'],
  rootfs: string,
  user: MountUser,
): Promise<ProcessMount[]> {
  const made: ProcessMount[] = [];
  for (const mount of mounts) {
    if (mount.type === 'tmpfs') made.push(mount);
    else if (mount.type === 'bind') made.push({ ...bindOf(mount), ...idmapOf(world, mount, user) });
    else {
      const source = await volumeSource(world, mount);
      if (!mount.noCopy && mount.subpath === undefined) await copyUp(rootfs, mount.target, source);
      made.push({ type: 'bind', source, target: mount.target, readOnly: mount.readOnly });
    }
  }
  return made;
}

type BindMount = Extract<ContainerRecord['resolved']['mounts'][number], { type: 'bind' }>;
type MountUser = Pick<ReturnType<typeof resolveUser>, 'uid' | 'gid'>;

/** Docker's words for what is mounted below the source; read-only reaches it too, unless it is to be writable. */
function bindOf({
  source,
  target,
  readOnly,
  propagation,
  recursive = 'enabled',
}: BindMount): Extract<ProcessMount, { type: 'bind' }> {
  if (!existsSync(source)) throw missingSource(source);
  return {
    type: 'bind',
    source,
    target,
    readOnly,
    recursive: recursive !== 'disabled',
    // Nothing is mounted below a file, and crun's recursive option would want a folder.
    writableBelow: recursive === 'writable' || !statSync(source).isDirectory(),
    ...(propagation === undefined ? {} : { propagation }),
  };
}

function idmapOf(world: World, { source, idmap }: BindMount, user: MountUser): { readonly idmap?: string } {
  if (idmap === undefined) return {};
  const { name } = world.runtime();
  if (name !== 'crun') {
    throw new PlimsollError('not-implemented', `${name} cannot show the files of a bind under other owners`, {
      code: 'IDMAP_UNSUPPORTED',
      hint: 'install crun, or leave "idmap" out',
    });
  }
  return { idmap: idmap === true ? ownersSwapped(statSync(source), user) : idmap };
}

function missingSource(source: string): PlimsollError {
  return new PlimsollError('not-found', `the source "${source}" of a mount does not exist any more`, {
    code: 'MOUNT_SOURCE_MISSING',
    hint: 'make it again, or create the container anew without it',
    data: { source },
  });
}

/** As docker: a working directory that the image lacks is made, as root's. */
function makeWorkdir(rootfs: string, workdir: string): void {
  const path = resolveInRoot(rootfs, workdir);
  if (!existsSync(path)) mkdirSync(path, { recursive: true, mode: 0o755 });
}

function hooksOf(
  hooks: readonly { readonly name: string; readonly path: string }[],
): ProcessRequest['hooks'] | undefined {
  if (hooks.length === 0) return undefined;
  const byName: Record<string, readonly { readonly path: string }[]> = {};
  for (const { name, ...hook } of hooks) byName[name] = [...(byName[name] ?? []), hook];
  return byName;
}
