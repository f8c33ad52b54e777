import type {
  ContainerDetails,
  ContainerMount,
  ContainerSpec,
  ContainerState,
  ContainerStatus,
  Health,
  HealthCheck,
  NetworkMember,
} from '../engine/index.ts';
import { isPlimsollError } from '../errors.ts';
import { defined } from '../lib/defined.ts';
import { JsonFields } from './json-fields.ts';
import { toLimits } from './limits.ts';
import { readPortMap } from './ports.ts';
import { readTime } from './time.ts';
import { toContainerSpec } from './to-container-spec.ts';

/** A container as `GET /containers/{id}/json` of any engine answers. */
export function toContainerDetails(json: unknown): ContainerDetails {
  const fields = new JsonFields(json, 'container');
  const [config, host, settings] = [
    fields.object('Config'),
    fields.object('HostConfig'),
    fields.object('NetworkSettings'),
  ];
  const state = toState(fields);
  const runs = state.status === 'running' || state.status === 'paused';
  const networks = settings.entries('Networks').map(([name, value]) => ({
    name,
    fields: new JsonFields(value ?? {}, `network ${name}`),
  }));
  const mode = host.words('NetworkMode') ?? 'default';
  const spec = specOf(json);
  const healthCheck = toHealthCheck(config.object('Healthcheck'));
  return {
    id: fields.text('Id') ?? '',
    name: (fields.text('Name') ?? '').replace(/^\//, ''),
    imageId: fields.text('Image') ?? '',
    imageName: config.text('Image') ?? fields.text('ImageName') ?? '',
    command: [fields.text('Path') ?? '', ...(fields.texts('Args') ?? [])].filter(
      (word, i) => i > 0 || word !== '',
    ),
    created: readTime(fields.text('Created')) ?? 0,
    state,
    ports: runs ? readPortMap(settings.entries('Ports')) : (spec.ports ?? []),
    limits: toLimits(host),
    labels: config.pairs('Labels') ?? {},
    exposed: config.entries('ExposedPorts').map(([port]) => port),
    network: mode === 'default' ? 'bridge' : mode,
    addresses: networks.flatMap(({ fields: each }) => each.words('IPAddress') ?? []),
    mounts: toMountsInUse(fields, host),
    spec,
    entrypoint: config.oneOrMore('Entrypoint') ?? [],
    env: config.texts('Env') ?? [],
    workdir: config.words('WorkingDir') ?? '/',
    user: config.text('User') ?? '',
    driver: fields.text('Driver') ?? '',
    logPath: fields.text('LogPath') ?? '',
    ...(healthCheck === undefined ? {} : { healthCheck }),
    warnings: [],
  };
}

/** A container's place in one network. */
export interface PlaceInNetwork {
  readonly name: string;
  readonly id: string;
  /** Absent while it does not run. */
  readonly member?: NetworkMember;
}

/** The networks that a container is on, as the same answer says. */
export function networksOfContainer(json: unknown): PlaceInNetwork[] {
  const settings = new JsonFields(json, 'container').object('NetworkSettings');
  return settings.entries('Networks').map(([name, value]) => {
    const fields = new JsonFields(value ?? {}, `network ${name}`);
    const address = fields.words('IPAddress');
    const address6 = fields.words('GlobalIPv6Address');
    const common = { name, id: fields.text('NetworkID') ?? '' };
    if (address === undefined && address6 === undefined) return common;
    const mac = fields.text('MacAddress') ?? '';
    return { ...common, member: { mac, ...defined({ address, address6 }) } };
  });
}

const statuses: Readonly<Record<string, ContainerStatus>> = {
  created: 'created',
  configured: 'created',
  initialized: 'created',
  running: 'running',
  paused: 'paused',
  restarting: 'restarting',
  removing: 'removing',
  dead: 'dead',
};

function toState(container: JsonFields): ContainerState {
  const fields = container.object('State');
  const status = statuses[fields.text('Status') ?? ''] ?? 'exited';
  const pid = fields.amount('Pid');
  const ended = status === 'exited' || status === 'dead' || status === 'restarting';
  return {
    status,
    ...defined({
      startedAt: readTime(fields.text('StartedAt')),
      finishedAt: ended ? readTime(fields.text('FinishedAt')) : undefined,
      exitCode: ended ? (fields.number('ExitCode') ?? 0) : undefined,
      oomKilled: fields.flag('OOMKilled') || undefined,
      process: pid === undefined ? undefined : { pid, startTime: 0 },
      error: fields.words('Error'),
      health: toHealth(fields.object('Health')),
    }),
    restartCount: container.number('RestartCount') ?? 0,
  };
}

function toHealth(fields: JsonFields): Health | undefined {
  const status = fields.words('Status');
  if (status !== 'starting' && status !== 'healthy' && status !== 'unhealthy') return undefined;
  return {
    status,
    failingStreak: fields.number('FailingStreak') ?? 0,
    log: fields.objects('Log').map(each => ({
      start: readTime(each.text('Start')) ?? 0,
      end: readTime(each.text('End')) ?? 0,
      exitCode: each.number('ExitCode') ?? 0,
      output: each.text('Output') ?? '',
    })),
  };
}

function toHealthCheck(fields: JsonFields): HealthCheck | undefined {
  const [kind, ...words] = fields.texts('Test') ?? [];
  if (kind === undefined || kind === 'NONE') return undefined;
  const ms = (name: string, usual: number) => Math.round((fields.amount(name) ?? usual * 1e6) / 1e6);
  return {
    command: kind === 'CMD-SHELL' ? ['/bin/sh', '-c', words[0] ?? ''] : words,
    intervalMs: ms('Interval', 30_000),
    timeoutMs: ms('Timeout', 30_000),
    startPeriodMs: ms('StartPeriod', 0),
    startIntervalMs: ms('StartInterval', 5000),
    retries: fields.amount('Retries') ?? 3,
    onFailure: 'none',
  };
}

function toMountsInUse(fields: JsonFields, host: JsonFields): ContainerMount[] {
  const mounted = fields.objects('Mounts').flatMap((mount): ContainerMount[] => {
    const target = mount.text('Destination') ?? '';
    const readOnly = mount.flag('RW') === false;
    if (mount.text('Type') === 'bind')
      return [{ type: 'bind', source: mount.text('Source') ?? '', target, readOnly }];
    if (mount.text('Type') === 'volume')
      return [{ type: 'volume', name: mount.text('Name') ?? '', target, readOnly }];
    return mount.text('Type') === 'tmpfs' ? [{ type: 'tmpfs', target }] : [];
  });
  const known = new Set(mounted.map(({ target }) => target));
  const tmpfs = Object.keys(host.pairs('Tmpfs') ?? {}).filter(target => !known.has(target));
  return [...mounted, ...tmpfs.map(target => ({ type: 'tmpfs' as const, target }))];
}

/** What it was created with, as far as this engine has words for it; what it has none for is left out. */
function specOf(json: unknown): ContainerSpec {
  const whole = json as { Config?: object; HostConfig?: Record<string, unknown> };
  const { LogConfig, Links, VolumeDriver, StorageOpt, Isolation, Runtime, VolumesFrom, ...host } =
    whole.HostConfig ?? {};
  void [LogConfig, Links, VolumeDriver, StorageOpt, Isolation, Runtime];
  const body = {
    ...whole.Config,
    HostConfig: { ...host, VolumesFrom: VolumesFrom ?? [], SecurityOpt: [] },
  };
  try {
    return toContainerSpec(body, { exposed: [] });
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    const config = new JsonFields(whole.Config ?? {});
    return {
      image: config.text('Image') ?? '',
      ...defined({ tty: config.flag('Tty'), openStdin: config.flag('OpenStdin') }),
    };
  }
}
