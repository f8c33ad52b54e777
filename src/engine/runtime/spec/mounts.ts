import type { ProcessMount, ProcessRequest } from '../types.ts';
import { defaultMounts } from './defaults.ts';
import type { OciMount } from './oci-spec.ts';

/** The mounts of a spec, a parent before what lies in it; one of the user's takes the place of a usual one. */
export function mountsOf(request: ProcessRequest): OciMount[] {
  const own = request.mounts.map(plainMount);
  const targets = new Set(own.map(({ destination }) => destination));
  const { shmBytes } = request;
  const shm = request.shm ?? (shmBytes === undefined ? undefined : { bytes: shmBytes });
  const usual = defaultMounts({
    privileged: request.privileged,
    ...(shm === undefined ? {} : { shm }),
    hostIpc: request.namespaces?.ipc === 'host',
  });
  return [...usual.filter(({ destination }) => !targets.has(destination)), ...own];
}

function plainMount(mount: ProcessMount): OciMount {
  return mount.type === 'tmpfs' ? tmpfs(mount) : bind(mount);
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

function bind(mount: Extract<ProcessMount, { type: 'bind' }>): OciMount {
  const { source, target, readOnly, propagation = 'rprivate', recursive = true, writableBelow } = mount;
  const access = !readOnly ? 'rw' : recursive && writableBelow === false ? 'rro' : 'ro';
  return {
    destination: target,
    type: 'bind',
    source,
    options: [recursive ? 'rbind' : 'bind', propagation, access],
  };
}
