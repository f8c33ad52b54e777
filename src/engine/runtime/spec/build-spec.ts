import type { OciSeccomp } from '../seccomp/resolve-seccomp.ts';
import type { ProcessRequest } from '../types.ts';
import { resolveCapabilities } from './capabilities.ts';
import { maskedPaths, readonlyPaths } from './defaults.ts';
import { type RequestedDevice, resolveDevices } from './devices.ts';
import type { HostFeatures } from './host-features.ts';
import { type DeviceNumber, limitsToResources } from './limits.ts';
import { mountsOf } from './mounts.ts';
import { namespacesOf } from './namespaces.ts';
import type { OciDevice, OciSpec } from './oci-spec.ts';
import { resolveUlimits } from './rlimits.ts';
import { sysctlsOf } from './sysctls.ts';

/** What only the caller can know about a spec: the resolved filter, and the host's devices. */
export interface SpecParts {
  /** Made for these capabilities; undefined: no filter. */
  readonly seccomp: (capabilities: readonly string[]) => OciSeccomp | undefined;
  /** All of them, for a privileged one. */
  readonly hostDevices: readonly OciDevice[];
  /** Those that the request names. */
  readonly devices: readonly (RequestedDevice & { readonly found: OciDevice })[];
  readonly deviceNumber: DeviceNumber;
}

/** The OCI runtime spec of a request on a host. Pure; warnings say what the host could not give. */
export function buildSpec(
  request: ProcessRequest,
  host: HostFeatures,
  parts: SpecParts,
): { readonly spec: OciSpec; readonly warnings: readonly string[] } {
  const capabilities = resolveCapabilities({
    privileged: request.privileged,
    add: request.capAdd,
    drop: request.capDrop,
    bounding: host.boundingCapabilities,
  });
  const limits = limitsToResources(request.limits, host, parts.deviceNumber);
  const ulimits = resolveUlimits(request.ulimits ?? [], host);
  const score = resolveOomScore(request.oomScoreAdj, host);
  const devices = resolveDevices(
    {
      privileged: request.privileged,
      devices: parts.devices,
      deviceRules: request.deviceRules ?? [],
      rootless: host.rootless,
    },
    parts.hostDevices,
  );
  const spec: OciSpec = {
    ociVersion: '1.0.2',
    process: processOf(request, host, {
      capabilities: capabilities.capabilities,
      rlimits: ulimits.rlimits,
      score: score.score,
    }),
    root: { path: request.rootfs, readonly: request.readOnlyRoot },
    ...((request.namespaces?.uts ?? 'private') === 'private' ? { hostname: request.hostname } : {}),
    mounts: [...mountsOf(request, host), ...devices.mounts],
    annotations: request.annotations ?? {},
    ...(request.hooks === undefined ? {} : { hooks: request.hooks }),
    linux: linuxOf(request, host, parts, {
      resources: limits.resources,
      devices,
      capabilities: capabilities.capabilities,
    }),
  };
  const warnings = [capabilities, limits, ulimits, score].flatMap(part => part.warnings);
  return { spec, warnings: [...warnings, ...apparmorWarnings(request, host)] };
}

function processOf(
  request: ProcessRequest,
  host: HostFeatures,
  {
    capabilities,
    rlimits,
    score,
  }: { capabilities: readonly string[]; rlimits: OciSpec['process']['rlimits']; score: number | undefined },
): OciSpec['process'] {
  const profile = request.apparmor ?? (request.privileged ? undefined : host.apparmorProfile);
  const confines = profile !== undefined && profile !== 'unconfined' && host.apparmor;
  return {
    terminal: request.tty,
    ...(request.tty && request.terminalSize ? { consoleSize: consoleSize(request.terminalSize) } : {}),
    user: request.user,
    args: request.args,
    env: request.env,
    cwd: request.cwd,
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    rlimits,
    noNewPrivileges: request.noNewPrivileges,
    ...(confines ? { apparmorProfile: profile } : {}),
    ...(score === undefined ? {} : { oomScoreAdj: score }),
  };
}

function linuxOf(
  request: ProcessRequest,
  host: HostFeatures,
  parts: SpecParts,
  {
    resources,
    devices: { devices, rules },
    capabilities,
  }: {
    resources: object;
    devices: Pick<ReturnType<typeof resolveDevices>, 'devices' | 'rules'>;
    capabilities: readonly string[];
  },
): OciSpec['linux'] {
  const { privileged } = request;
  const seccomp = privileged ? undefined : parts.seccomp(capabilities);
  const sysctl = sysctlsOf(request, host);
  return {
    ...(host.cgroup === 'none' ? {} : { cgroupsPath: request.cgroupPath }),
    namespaces: namespacesOf(request, host),
    resources: { devices: rules, ...resources },
    ...(devices.length === 0 ? {} : { devices }),
    ...(privileged || request.unmasked ? {} : { maskedPaths, readonlyPaths }),
    ...(Object.keys(sysctl).length === 0 ? {} : { sysctl }),
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(sharesMounts(request) ? { rootfsPropagation: 'shared' } : {}),
  };
}

function consoleSize({ columns, rows }: { columns: number; rows: number }) {
  return { height: rows, width: columns };
}

/** A mount that is to be seen on the other side needs a root that lets it through. */
function sharesMounts({ mounts }: ProcessRequest): boolean {
  return mounts.some(mount => mount.type === 'bind' && /^r?(shared|slave)$/.test(mount.propagation ?? ''));
}

/** Making the kernel spare a process more than the caller needs a capability. */
function resolveOomScore(wanted: number | undefined, host: HostFeatures) {
  const spares =
    wanted !== undefined &&
    wanted < host.oomScoreAdj &&
    !host.boundingCapabilities.includes('CAP_SYS_RESOURCE');
  if (!spares) return { score: wanted, warnings: [] };
  return {
    score: host.oomScoreAdj,
    warnings: [`the OOM score is ${host.oomScoreAdj} and not ${wanted}: this process may give no lower one`],
  };
}

function apparmorWarnings({ apparmor }: ProcessRequest, host: HostFeatures): string[] {
  if (apparmor === undefined || apparmor === 'unconfined' || host.apparmor) return [];
  return [`the AppArmor profile "${apparmor}" is left out: this kernel has no AppArmor`];
}
