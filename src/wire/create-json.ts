import type { ContainerMount, ContainerSpec, NetworkAttachment } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { limitsJson } from './limits.ts';
import { portMapJson } from './ports.ts';

/**
 * The body of `POST /containers/create` for a container: `toContainerSpec` read backwards. What is not asked for is left
 * out, so that the other engine's own defaults hold.
 */
export function createJson(spec: ContainerSpec): object {
  const { health } = spec;
  return {
    Image: spec.image,
    ...defined({
      Cmd: spec.command,
      Entrypoint: spec.entrypoint?.length === 0 ? [''] : spec.entrypoint,
      Env: spec.env,
      User: spec.user,
      WorkingDir: spec.workdir,
      Hostname: spec.hostname,
      Domainname: spec.domainname,
      Labels: spec.labels,
      Tty: spec.tty,
      OpenStdin: spec.openStdin,
      StdinOnce: spec.openStdin === true && spec.tty !== true ? true : undefined,
      StopSignal: spec.stopSignal,
      StopTimeout: spec.stopTimeoutSeconds,
      ExposedPorts: exposedJson(spec),
      Volumes: anonymousJson(spec.mounts ?? []),
      Healthcheck: health === undefined ? undefined : healthSpecJson(health),
    }),
    HostConfig: hostJson(spec),
    NetworkingConfig: { EndpointsConfig: endpointsJson(spec) },
  };
}

function exposedJson({ expose = [], ports = [] }: ContainerSpec): Record<string, object> | undefined {
  const names = [...expose, ...ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`)];
  return names.length === 0 ? undefined : Object.fromEntries(names.map(name => [name, {}]));
}

function anonymousJson(mounts: readonly ContainerMount[]): Record<string, object> | undefined {
  const targets = mounts.filter(isPlainAnonymous).map(({ target }) => target);
  return targets.length === 0 ? undefined : Object.fromEntries(targets.map(target => [target, {}]));
}

function isPlainAnonymous(mount: ContainerMount): boolean {
  return mount.type === 'volume' && mount.name === '' && !mount.readOnly && !mount.noCopy;
}

function healthSpecJson(health: NonNullable<ContainerSpec['health']>): object {
  const nanoseconds = (ms: number | undefined) => (ms === undefined ? undefined : ms * 1e6);
  return defined({
    Test:
      health.command === undefined
        ? undefined
        : health.command === ''
          ? ['NONE']
          : ['CMD-SHELL', health.command],
    Interval: nanoseconds(health.intervalMs),
    Timeout: nanoseconds(health.timeoutMs),
    StartPeriod: nanoseconds(health.startPeriodMs),
    StartInterval: nanoseconds(health.startIntervalMs),
    Retries: health.retries,
  });
}

function hostJson(spec: ContainerSpec): object {
  const { restart, mounts = [], limits } = spec;
  const security = securityOptions(spec);
  return {
    ...(limits === undefined ? {} : sayingSomething(limitsJson(limits), limits)),
    ...defined({
      AutoRemove: spec.autoRemove,
      NetworkMode: spec.network === 'bridge' ? 'default' : spec.network,
      PortBindings: spec.ports === undefined ? undefined : portMapJson(spec.ports),
      RestartPolicy:
        restart === undefined
          ? undefined
          : {
              Name: restart.name,
              MaximumRetryCount: restart.name === 'on-failure' ? restart.maximumRetries : 0,
            },
      Mounts: some(
        mounts.filter(mount => !isPlainAnonymous(mount) && !isTmpfsByOptions(mount)).map(mountRequestJson),
      ),
      Tmpfs: tmpfsJson(mounts),
      LogConfig:
        spec.log === undefined ? undefined : { Type: spec.log.driver, Config: spec.log.options ?? {} },
      VolumesFrom: spec.volumesFrom?.map(({ container, readOnly }) => `${container}${readOnly ? ':ro' : ''}`),
      CapAdd: spec.capAdd,
      CapDrop: spec.capDrop,
      Privileged: spec.privileged,
      ReadonlyRootfs: spec.readOnlyRoot,
      SecurityOpt: some(security),
      Dns: spec.dns,
      DnsSearch: spec.dnsSearch,
      DnsOptions: spec.dnsOptions,
      ExtraHosts: spec.extraHosts,
      GroupAdd: spec.groupAdd,
      IpcMode: spec.ipc,
      PidMode: modeOf(spec.pid),
      UTSMode: modeOf(spec.uts),
      CgroupnsMode: spec.cgroupns,
      UsernsMode: spec.userns,
      Init: spec.init,
      Annotations: spec.annotations,
      ShmSize: spec.shmBytes,
      Sysctls: spec.sysctls,
      OomScoreAdj: spec.oomScoreAdj,
      CgroupParent: spec.cgroupParent,
      Ulimits: spec.ulimits?.map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
      Devices: spec.devices?.map(({ source, target, access }) => ({
        PathOnHost: source,
        PathInContainer: target,
        CgroupPermissions: access,
      })),
      DeviceCgroupRules: spec.deviceRules,
      DeviceRequests: deviceRequests(spec),
    }),
  };
}

/** The same without the noughts that stand for no limit. */
function sayingSomething(json: Record<string, unknown>, limits: object): Record<string, unknown> {
  const isGiven = (value: unknown) => value !== 0 && value !== '' && value !== null && !isEmptyList(value);
  return Object.fromEntries(
    Object.entries(json).filter(
      ([name, value]) => isGiven(value) && (name !== 'MemorySwap' || 'memorySwapBytes' in limits),
    ),
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isTmpfsByOptions(mount: ContainerMount): boolean {
  return mount.type === 'tmpfs' && mount.sizeBytes === undefined && mount.mode === undefined;
}

function tmpfsJson(mounts: readonly ContainerMount[]): Record<string, string> | undefined {
  const found = mounts.filter(isTmpfsByOptions);
  if (found.length === 0) return undefined;
  return Object.fromEntries(
    found.map(mount => [mount.target, (mount.type === 'tmpfs' ? (mount.options ?? []) : []).join(',')]),
  );
}

function mountRequestJson(mount: ContainerMount): object {
  const Target = mount.target;
  switch (mount.type) {
    case 'bind': {
      const { recursive, propagation, createSource } = mount;
      const options = defined({
        Propagation: propagation,
        NonRecursive: recursive === 'disabled' || undefined,
        ReadOnlyNonRecursive: recursive === 'writable' || undefined,
        ReadOnlyForceRecursive: recursive === 'readonly' || undefined,
        CreateMountpoint: createSource,
      });
      return {
        Type: 'bind',
        Source: mount.source,
        Target,
        ReadOnly: mount.readOnly,
        ...(Object.keys(options).length === 0 ? {} : { BindOptions: options }),
      };
    }
    case 'volume': {
      const options = defined({ NoCopy: mount.noCopy, Subpath: mount.subpath });
      return {
        Type: 'volume',
        Source: mount.name,
        Target,
        ReadOnly: mount.readOnly,
        ...(Object.keys(options).length === 0 ? {} : { VolumeOptions: options }),
      };
    }
    case 'tmpfs':
      return {
        Type: 'tmpfs',
        Target,
        TmpfsOptions: defined({ SizeBytes: mount.sizeBytes, Mode: mount.mode }),
        ...(mount.options?.includes('ro') ? { ReadOnly: true } : {}),
      };
  }
}

function securityOptions(spec: ContainerSpec): string[] {
  return [
    ...(spec.noNewPrivileges ? ['no-new-privileges'] : []),
    ...(spec.seccomp === undefined ? [] : [`seccomp=${spec.seccomp}`]),
    ...(spec.apparmor === undefined ? [] : [`apparmor=${spec.apparmor}`]),
    ...(spec.unmasked ? ['systempaths=unconfined'] : []),
  ];
}

/** Docker knows no word for a namespace of the container's own: it leaves the mode empty. */
function modeOf(mode: string | undefined): string | undefined {
  return mode === 'private' ? undefined : mode;
}

function deviceRequests({ gpus, cdiDevices }: ContainerSpec): object[] | undefined {
  const asked = gpus === undefined ? [] : [gpuJson(gpus)];
  const cdi = cdiDevices === undefined ? [] : [{ Driver: 'cdi', DeviceIDs: cdiDevices }];
  return some([...asked, ...cdi]);
}

function gpuJson(gpus: NonNullable<ContainerSpec['gpus']>): object {
  const Capabilities = [['gpu']];
  if (gpus === 'all') return { Driver: '', Count: -1, Capabilities };
  return typeof gpus === 'number'
    ? { Driver: '', Count: gpus, Capabilities }
    : { Driver: '', Count: 0, DeviceIDs: gpus, Capabilities };
}

function endpointsJson({ network = 'bridge', attachments = [] }: ContainerSpec): Record<string, object> {
  return Object.fromEntries(
    attachments
      .map(each => [each.network, endpointRequestJson(each)] as const)
      .filter(([name, endpoint]) => name !== network || Object.keys(endpoint).length > 0),
  );
}

/** An EndpointSettings, as `connect` and `create` send it. */
export function endpointRequestJson({ aliases, address, address6, mac, links }: NetworkAttachment): object {
  return defined({
    Aliases: aliases,
    IPAMConfig:
      address === undefined && address6 === undefined
        ? undefined
        : defined({ IPv4Address: address, IPv6Address: address6 }),
    MacAddress: mac,
    Links: links?.map(({ container, alias }) => `${container}:${alias}`),
  });
}

function some<T>(list: readonly T[] | undefined): T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : [...list];
}
