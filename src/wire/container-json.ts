import type { ContainerDetails, ContainerState, ContainerSummary, Network } from '../engine/index.ts';
import { commandLine, describeState } from '../words/index.ts';
import { containerNetworksJson } from './container-networks.ts';
import { limitsJson } from './limits.ts';
import { bindsJson, mountsJson } from './mounts.ts';
import { portListJson, portMapJson } from './ports.ts';
import { storageName } from './storage-name.ts';
import { formatTime } from './time.ts';
import { healthJson } from './to-container-spec.ts';

/** What is known beside the container itself. */
export interface ContainerSurroundings {
  readonly networks: readonly Network[];
  readonly volumePath: (name: string) => string;
  /** As clients before 1.45 know it: the id is an alias on networks that have names. */
  readonly idAliases?: boolean;
  readonly sizes?: { readonly writtenBytes: number; readonly totalBytes: number } | undefined;
}

/** A container in the list of `GET /containers/json`. */
export function containerSummaryJson(
  container: ContainerSummary,
  { now, networks, volumePath, sizes }: ContainerSurroundings & { readonly now: number },
): object {
  const { id, name, imageName, imageId, command, created, ports, exposed, labels, state, network } =
    container;
  return {
    Id: id,
    Names: [`/${name}`],
    Image: imageName,
    ImageID: imageId,
    Command: commandLine(command),
    Created: Math.floor(created / 1000),
    Ports: state.status === 'running' || state.status === 'paused' ? portListJson(ports, exposed) : [],
    ...sizesJson(sizes),
    Labels: labels,
    State: state.status,
    Status: describeState(state, now),
    HostConfig: { NetworkMode: network },
    NetworkSettings: { Networks: containerNetworksJson(container, networks) },
    Mounts: mountsJson(container.mounts, volumePath),
  };
}

/** A container whole, as `GET /containers/{id}/json` answers. */
export function containerJson(container: ContainerDetails, surroundings: ContainerSurroundings): object {
  const { id, name, created, state, imageId, command, logPath, mounts } = container;
  const folder = logPath.replace(/\/[^/]*$/, '');
  const [path = '', ...args] = command;
  return {
    Id: id,
    Created: formatTime(created),
    Path: path,
    Args: args,
    State: stateJson(state),
    Image: imageId,
    ResolvConfPath: `${folder}/resolv.conf`,
    HostnamePath: `${folder}/hostname`,
    HostsPath: `${folder}/hosts`,
    LogPath: ['journald', 'none'].includes(container.spec.log?.driver ?? '') ? '' : logPath,
    Name: `/${name}`,
    RestartCount: state.restartCount,
    Driver: storageName(container.driver),
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: container.spec.apparmor ?? '',
    ExecIDs: container.execs?.length ? container.execs : null,
    HostConfig: hostConfigJson(container),
    GraphDriver: { Name: storageName(container.driver), Data: {} },
    ...sizesJson(surroundings.sizes),
    Mounts: mountsJson(mounts, surroundings.volumePath),
    Config: configJson(container),
    NetworkSettings: networkSettingsJson(container, surroundings),
  };
}

function sizesJson(sizes: ContainerSurroundings['sizes']): object {
  return sizes === undefined ? {} : { SizeRw: sizes.writtenBytes, SizeRootFs: sizes.totalBytes };
}

function stateJson(state: ContainerState): object {
  const { status, health } = state;
  return {
    Status: status,
    Running: status === 'running' || status === 'paused' || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled ?? false,
    Dead: status === 'dead',
    Pid: state.process?.pid ?? 0,
    ExitCode: state.exitCode ?? 0,
    Error: state.error ?? '',
    StartedAt: formatTime(state.startedAt),
    FinishedAt: formatTime(state.finishedAt),
    ...(health === undefined
      ? {}
      : {
          Health: {
            Status: health.status === 'not-checked' ? 'none' : health.status,
            FailingStreak: health.failingStreak,
            Log: (health.log ?? []).map(({ start, end, exitCode, output }) => ({
              Start: formatTime(start),
              End: formatTime(end),
              ExitCode: exitCode,
              Output: output,
            })),
          },
        }),
  };
}

function configJson({
  id,
  spec,
  exposed,
  env,
  user,
  workdir,
  entrypoint,
  command,
  labels,
  imageName,
  healthCheck,
}: ContainerDetails): object {
  return {
    Hostname: spec.hostname ?? id.slice(0, 12),
    Domainname: spec.domainname ?? '',
    User: user,
    AttachStdin: false,
    AttachStdout: true,
    AttachStderr: true,
    ...(exposed.length === 0 ? {} : { ExposedPorts: Object.fromEntries(exposed.map(port => [port, {}])) }),
    Tty: spec.tty ?? false,
    OpenStdin: spec.openStdin ?? false,
    StdinOnce: false,
    Env: env,
    Cmd: command.slice(entrypoint.length),
    Image: imageName,
    Volumes: {},
    WorkingDir: workdir,
    Entrypoint: entrypoint,
    OnBuild: null,
    Labels: labels,
    ...(spec.stopSignal === undefined ? {} : { StopSignal: spec.stopSignal }),
    ...(spec.stopTimeoutSeconds === undefined ? {} : { StopTimeout: spec.stopTimeoutSeconds }),
    ...(healthCheck === undefined ? {} : { Healthcheck: healthJson(healthCheck) }),
  };
}

function hostConfigJson({ spec, limits, network }: ContainerDetails): object {
  const restart = spec.restart ?? { name: 'no' as const };
  return {
    Binds: bindsJson(spec.mounts ?? []),
    ContainerIDFile: '',
    LogConfig: { Type: spec.log?.driver ?? 'json-file', Config: spec.log?.options ?? {} },
    NetworkMode: network,
    PortBindings: portMapJson(spec.ports ?? []),
    RestartPolicy: {
      Name: restart.name,
      MaximumRetryCount: restart.name === 'on-failure' ? restart.maximumRetries : 0,
    },
    AutoRemove: spec.autoRemove ?? false,
    VolumeDriver: '',
    VolumesFrom: (spec.volumesFrom ?? []).map(
      ({ container, readOnly }) => `${container}${readOnly ? ':ro' : ''}`,
    ),
    ConsoleSize: [0, 0],
    CapAdd: spec.capAdd ?? [],
    CapDrop: spec.capDrop ?? [],
    ...(spec.cgroupns === undefined ? {} : { CgroupnsMode: spec.cgroupns }),
    Dns: spec.dns ?? [],
    DnsOptions: spec.dnsOptions ?? [],
    DnsSearch: spec.dnsSearch ?? [],
    ExtraHosts: spec.extraHosts ?? [],
    GroupAdd: spec.groupAdd ?? [],
    IpcMode: spec.ipc ?? 'private',
    Cgroup: '',
    Links: [],
    OomScoreAdj: spec.oomScoreAdj ?? 0,
    PidMode: spec.pid === 'private' ? '' : (spec.pid ?? ''),
    Privileged: spec.privileged ?? false,
    PublishAllPorts: false,
    ReadonlyRootfs: spec.readOnlyRoot ?? false,
    SecurityOpt: securityJson(spec),
    UTSMode: spec.uts === 'private' ? '' : (spec.uts ?? ''),
    UsernsMode: spec.userns ?? '',
    ShmSize: spec.shmBytes ?? 64 * 1024 * 1024,
    ...(spec.sysctls === undefined ? {} : { Sysctls: spec.sysctls }),
    ...(spec.annotations === undefined ? {} : { Annotations: spec.annotations }),
    Runtime: 'runc',
    Isolation: '',
    ...limitsJson(limits),
    CgroupParent: spec.cgroupParent ?? '',
    Devices: (spec.devices ?? []).map(({ source, target, access }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: access,
    })),
    DeviceCgroupRules: spec.deviceRules ?? [],
    DeviceRequests: [],
    Ulimits: (spec.ulimits ?? []).map(({ name, soft, hard }) => ({ Name: name, Soft: soft, Hard: hard })),
    ...(spec.init === undefined ? {} : { Init: spec.init }),
  };
}

function securityJson(spec: ContainerDetails['spec']): string[] {
  const options = [
    ...(spec.noNewPrivileges ? ['no-new-privileges'] : []),
    ...(spec.seccomp === undefined ? [] : [`seccomp=${spec.seccomp}`]),
    ...(spec.apparmor === undefined ? [] : [`apparmor=${spec.apparmor}`]),
  ];
  return options;
}

function networkSettingsJson(
  container: ContainerDetails,
  { networks, idAliases }: ContainerSurroundings,
): object {
  const all = containerNetworksJson(container, networks, { idAliases });
  const first = (all[container.network] ?? {}) as Record<string, string | number>;
  const runs = container.state.status === 'running' || container.state.status === 'paused';
  return {
    Bridge: '',
    SandboxID: runs ? container.id : '',
    SandboxKey: '',
    Ports: runs ? portMapJson(container.ports, container.exposed) : {},
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: first.EndpointID ?? '',
    Gateway: first.Gateway ?? '',
    GlobalIPv6Address: first.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: first.GlobalIPv6PrefixLen ?? 0,
    IPAddress: first.IPAddress ?? '',
    IPPrefixLen: first.IPPrefixLen ?? 0,
    IPv6Gateway: first.IPv6Gateway ?? '',
    MacAddress: first.MacAddress ?? '',
    Networks: all,
  };
}
