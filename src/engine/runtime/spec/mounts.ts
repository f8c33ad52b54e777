import { PlimsollError } from '../../../errors.ts';
import type { ProcessMount, ProcessRequest } from '../types.ts';
import { defaultMounts } from './defaults.ts';
import type { HostFeatures } from './host-features.ts';
import type { OciMount } from './oci-spec.ts';

/** The mounts of a spec, a parent before what lies in it; one of the user's takes the place of a usual one. */
export function mountsOf(
  request: ProcessRequest,
  host: Pick<HostFeatures, 'messageQueues' | 'kernel' | 'oneUser' | 'idCounts'>,
): OciMount[] {
  const own = request.mounts.map(mount => plainMount(mount, host));
  const targets = new Set(own.map(({ destination }) => destination));
  const { shmBytes } = request;
  const shm = request.shm ?? (shmBytes === undefined ? undefined : { bytes: shmBytes });
  const usual = defaultMounts({
    privileged: request.privileged,
    terminalGroup: !host.oneUser,
    ...(shm === undefined ? {} : { shm }),
    hostQueues: request.namespaces?.ipc === 'host' ? host.messageQueues : undefined,
  });
  return [...usual.filter(({ destination }) => !targets.has(destination)), ...own];
}

function plainMount(
  mount: ProcessMount,
  { kernel, oneUser, idCounts }: Pick<HostFeatures, 'kernel' | 'oneUser' | 'idCounts'>,
): OciMount {
  if (mount.type === 'bind') return bind(mount, hasMountAttributes(kernel));
  if (oneUser) requireRootAsOwner(mount);
  requireKnownOwner(mount, idCounts);
  return tmpfs(mount);
}

/** Without sub-ids there is nobody else whom the kernel would know in there. */
function requireRootAsOwner({ target, options = [] }: Extract<ProcessMount, { type: 'tmpfs' }>): void {
  const owner = options.find(option => /^[ug]id=/.test(option) && !/=0+$/.test(option));
  if (owner === undefined) return;
  throw new PlimsollError(
    'unavailable',
    `the tmpfs "${target}" cannot have ${owner}: you have no sub-ids to give away`,
    {
      code: 'SUB_IDS_MISSING',
      hint: "'plimsoll doctor' says how to get some; or leave uid= and gid= out: it is root's then",
    },
  );
}

/** A number that this process's user namespace does not know is a mere EINVAL to the kernel. */
function requireKnownOwner(
  { target, options = [] }: Extract<ProcessMount, { type: 'tmpfs' }>,
  counts: HostFeatures['idCounts'],
): void {
  for (const option of options) {
    const [, kind, number] = /^([ug]id)=(\d+)$/.exec(option) ?? [];
    if ((kind !== 'uid' && kind !== 'gid') || Number(number) < counts[kind]) continue;
    throw new PlimsollError(
      'invalid-argument',
      `the tmpfs "${target}" cannot have ${option}: the highest ${kind} here is ${counts[kind] - 1}`,
      {
        code: 'OWNER_UNKNOWN',
        hint: `choose a lower one; an ordinary user has more with a longer range in /etc/sub${kind}`,
      },
    );
  }
}

function tmpfs({
  target,
  sizeBytes,
  mode,
  exec,
  options,
}: Extract<ProcessMount, { type: 'tmpfs' }>): OciMount {
  const usual = ['nosuid', 'nodev', ...(exec ? [] : ['noexec'])];
  const chosen = options ?? [];
  const rest = chosen.some(option => option.startsWith('mode='))
    ? []
    : [`mode=${(mode ?? 0o1777).toString(8)}`];
  const size = sizeBytes === undefined ? [] : [`size=${sizeBytes}`];
  return {
    destination: target,
    type: 'tmpfs',
    source: 'tmpfs',
    options: [...withoutOpposites(usual, chosen), ...rest, ...size, ...chosen],
  };
}

/** `exec` takes `noexec` away, and so on. */
function withoutOpposites(usual: readonly string[], chosen: readonly string[]): string[] {
  return usual.filter(option => !chosen.includes(option.replace(/^no/, '')) && !chosen.includes(option));
}

/** mount_setattr(2), by which what is mounted below becomes read-only too, is there since Linux 5.12. */
function hasMountAttributes([major, minor]: HostFeatures['kernel']): boolean {
  return major > 5 || (major === 5 && minor >= 12);
}

function bind(mount: Extract<ProcessMount, { type: 'bind' }>, canReachBelow: boolean): OciMount {
  const { source, target, readOnly, propagation = 'rprivate', recursive = true, writableBelow } = mount;
  const access = !readOnly ? 'rw' : recursive && writableBelow === false && canReachBelow ? 'rro' : 'ro';
  return {
    destination: target,
    type: 'bind',
    source,
    // A propagation with an r would make the bind itself recursive.
    options: [
      ...(mount.options ??
        (recursive ? ['rbind', propagation, access] : ['bind', propagation.replace(/^r/, ''), access])),
      ...(mount.idmap === undefined ? [] : [`idmap=${mount.idmap}`]), // crun(1)
    ],
  };
}
