import type { OciSeccomp } from '../seccomp/resolve-seccomp.ts';
import type { ProcessMount, ProcessRequest } from '../types.ts';
import { resolveCapabilities } from './capabilities.ts';
import { defaultMounts, deviceRules, maskedPaths, readonlyPaths } from './defaults.ts';
import type { HostFeatures } from './host-features.ts';
import { limitsToResources } from './limits.ts';
import type { OciMount, OciProcess, OciResources, OciSpec } from './oci-spec.ts';

/** What only the caller can know about a spec: the resolved filter and, for a privileged one, the host's devices. */
export interface SpecParts {
  /** Made for these capabilities; undefined: no filter. */
  readonly seccomp: (capabilities: readonly string[]) => OciSeccomp | undefined;
  readonly hostDevices: NonNullable<OciSpec['linux']['devices']>;
}

/** The OCI runtime spec of a request on a host. Pure; warnings say what the host could not give. */
export function buildSpec(
  request: ProcessRequest,
  host: HostFeatures,
  parts: SpecParts,
): { readonly spec: OciSpec; readonly warnings: readonly string[] } {
  const { capabilities, warnings } = resolveCapabilities({
    privileged: request.privileged,
    add: request.capAdd,
    drop: request.capDrop,
    bounding: host.boundingCapabilities,
  });
  const limits = limitsToResources(request.limits, host);
  const seccomp = request.privileged ? undefined : parts.seccomp(capabilities);
  const sysctl = sysctls(request, host);
  const spec: OciSpec = {
    ociVersion: '1.0.2',
    process: {
      terminal: request.tty,
      ...(request.tty && request.terminalSize ? { consoleSize: consoleSize(request.terminalSize) } : {}),
      user: request.user,
      args: request.args,
      env: request.env,
      cwd: request.cwd,
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      rlimits: rlimits(request, host),
      noNewPrivileges: request.noNewPrivileges,
      ...(host.apparmorProfile === undefined || request.privileged
        ? {}
        : { apparmorProfile: host.apparmorProfile }),
    },
    root: { path: request.rootfs, readonly: request.readOnlyRoot },
    hostname: request.hostname,
    mounts: [...defaultMounts(request), ...request.mounts.map(plainMount)],
    annotations: request.annotations ?? {},
    linux: {
      ...(host.cgroup === 'none' ? {} : { cgroupsPath: request.cgroupPath }),
      namespaces: namespaces(request, host),
      resources: { devices: request.privileged ? allDevices : deviceRules, ...limits.resources },
      ...(request.privileged ? { devices: parts.hostDevices } : { maskedPaths, readonlyPaths }),
      ...(Object.keys(sysctl).length === 0 ? {} : { sysctl }),
      ...(seccomp === undefined ? {} : { seccomp }),
    },
  };
  return { spec, warnings: [...warnings, ...limits.warnings] };
}

const allDevices: NonNullable<OciResources['devices']> = [{ allow: true, access: 'rwm' }];

function consoleSize({ columns, rows }: { columns: number; rows: number }) {
  return { height: rows, width: columns };
}

/**
 * As many open files as Docker gives, and what was asked for, but never above the caller's own hard limit: raising it
 * needs a capability.
 */
function rlimits({ ulimits = [] }: ProcessRequest, host: HostFeatures): OciProcess['rlimits'] {
  const files = Math.min(1_048_576, host.hardOpenFiles);
  const all = new Map([['RLIMIT_NOFILE', { soft: files, hard: files }]]);
  for (const { name, soft, hard } of ulimits) {
    const type = `RLIMIT_${name.toUpperCase()}`;
    const most = type === 'RLIMIT_NOFILE' ? host.hardOpenFiles : Number.MAX_SAFE_INTEGER;
    const within = (value: number) => Math.min(value < 0 ? Number.MAX_SAFE_INTEGER : value, most);
    all.set(type, { soft: within(soft), hard: within(hard) });
  }
  return [...all].map(([type, limit]) => ({ type, ...limit }));
}

function namespaces({ network }: ProcessRequest, host: HostFeatures) {
  const own: { type: string; path?: string }[] = ['pid', 'ipc', 'uts', 'mount'].map(type => ({ type }));
  if (host.cgroup === 'v2') own.push({ type: 'cgroup' });
  if (network === 'new') own.push({ type: 'network' });
  else if (network !== 'host') own.push({ type: 'network', path: network });
  return own;
}

/** As in Docker: in a network of its own, low ports and ping need no capability. */
function sysctls({ network }: ProcessRequest, host: HostFeatures): Record<string, string> {
  if (network === 'host' || host.rootless) return {};
  return { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' };
}

function plainMount(mount: ProcessMount): OciMount {
  if (mount.type === 'tmpfs') {
    const size = mount.sizeBytes === undefined ? [] : [`size=${mount.sizeBytes}`];
    const options = ['nosuid', 'nodev', ...(mount.exec ? [] : ['noexec']), 'mode=1777', ...size];
    return { destination: mount.target, type: 'tmpfs', source: 'tmpfs', options };
  }
  const options = ['rbind', 'rprivate', mount.readOnly ? 'ro' : 'rw'];
  return { destination: mount.target, type: 'bind', source: mount.source, options };
}
