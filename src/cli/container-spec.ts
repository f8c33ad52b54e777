import type { ContainerSpec, LogDriver, PublishedPort } from '../engine/index.ts';
import { badOption } from './parse/bad-option.ts';
import { parseDevice, parseGpus } from './parse/parse-device.ts';
import { type HealthOptions, parseHealth } from './parse/parse-health.ts';
import { type LimitOptions, parseCount, parseLimits } from './parse/parse-limits.ts';
import { parseLog } from './parse/parse-log.ts';
import { parseMount, parseTmpfs, parseVolume } from './parse/parse-mount.ts';
import { parseNameServer, parseNetworks, parseSearchDomain } from './parse/parse-networks.ts';
import { parseEnv, parsePairs, readPairFiles } from './parse/parse-pairs.ts';
import { parsePort } from './parse/parse-port.ts';
import { parseRestart } from './parse/parse-restart.ts';
import { parseSecurity } from './parse/parse-security.ts';
import { parseSize } from './parse/parse-size.ts';
import { parseUlimit } from './parse/parse-ulimit.ts';

/** The options of `run` and `create`, as typed. */
export interface ContainerOptions extends LimitOptions, HealthOptions {
  readonly name?: string;
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly publish?: readonly string[];
  readonly publishAll?: boolean;
  readonly volume?: readonly string[];
  readonly mount?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly network?: readonly string[];
  readonly net?: readonly string[];
  readonly ip6?: string;
  readonly networkAlias?: readonly string[];
  readonly netAlias?: readonly string[];
  readonly ip?: string;
  readonly macAddress?: string;
  readonly expose?: readonly string[];
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOption?: readonly string[];
  readonly dnsOpt?: readonly string[];
  readonly domainname?: string;
  readonly volumesFrom?: readonly string[];
  readonly init?: true;
  readonly annotation?: readonly string[];
  readonly oomScoreAdj?: string;
  readonly ulimit?: readonly string[];
  readonly shmSize?: string;
  readonly cgroupParent?: string;
  readonly device?: readonly string[];
  readonly gpus?: string;
  readonly deviceCgroupRule?: readonly string[];
  readonly groupAdd?: readonly string[];
  readonly sysctl?: readonly string[];
  readonly ipc?: string;
  readonly pid?: string;
  readonly uts?: string;
  readonly cgroupns?: string;
  readonly userns?: string;
  readonly addHost?: readonly string[];
  readonly hostname?: string;
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly rm?: boolean;
  readonly restart?: string;
  readonly user?: string;
  readonly workdir?: string;
  readonly entrypoint?: string;
  readonly label?: readonly string[];
  readonly labelFile?: readonly string[];
  readonly readOnly?: boolean;
  readonly privileged?: boolean;
  readonly capAdd?: readonly string[];
  readonly capDrop?: readonly string[];
  readonly securityOpt?: readonly string[];
  readonly stopSignal?: string;
  readonly stopTimeout?: string;
  readonly logDriver?: LogDriver;
  readonly logOpt?: readonly string[];
}

/** Where the caller stands: relative paths and bare variable names are read against it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Ports that the image exposes (`80/tcp`), for `--publish-all`. */
  readonly exposed?: readonly string[];
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

/** Options that are the spec's as they stand. */
const texts = [
  'name',
  'user',
  'workdir',
  'hostname',
  'domainname',
  'stopSignal',
  'cgroupParent',
  'ipc',
  'pid',
  'uts',
  'cgroupns',
  'userns',
] as const;

/** The container that `run IMAGE [COMMAND...]` with these options describes; only what was given is there. */
export function toContainerSpec(
  image: string,
  command: readonly string[],
  options: ContainerOptions,
  surroundings: Surroundings,
): ContainerSpec {
  const { env, cwd } = surroundings;
  const spec: Mutable<ContainerSpec> = { image };
  if (command.length > 0) spec.command = command;
  if (options.entrypoint !== undefined) {
    spec.entrypoint = options.entrypoint === '' ? [] : [options.entrypoint];
  }
  for (const key of texts) {
    const value = options[key];
    if (value !== undefined) spec[key] = value;
  }
  if (options.interactive) spec.openStdin = true;
  if (options.tty) spec.tty = true;
  if (options.init) spec.init = true;
  if (options.rm) spec.autoRemove = true;
  if (options.readOnly) spec.readOnlyRoot = true;
  if (options.privileged) spec.privileged = true;
  if (options.capAdd) spec.capAdd = options.capAdd;
  if (options.capDrop) spec.capDrop = options.capDrop;
  if (options.restart !== undefined) spec.restart = parseRestart(options.restart);
  if (options.rm && (spec.restart?.name ?? 'no') !== 'no') {
    throw badOption('--rm and --restart exclude one another', 'leave one of them out');
  }
  if (options.stopTimeout !== undefined) {
    spec.stopTimeoutSeconds = parseCount(options.stopTimeout, 'a number of seconds', 0);
  }
  const variables = [
    ...readPairFiles(options.envFile ?? [], surroundings),
    ...parseEnv(options.env ?? [], env),
  ];
  if (variables.length > 0) spec.env = variables;
  const labels = [...readPairFiles(options.labelFile ?? [], surroundings), ...(options.label ?? [])];
  if (labels.length > 0) spec.labels = parsePairs(labels, '--label');
  const mounts = [
    ...(options.volume ?? []).map(text => parseVolume(text, cwd)),
    ...(options.mount ?? []).map(text => parseMount(text, cwd)),
    ...(options.tmpfs ?? []).map(parseTmpfs),
  ];
  if (mounts.length > 0) spec.mounts = mounts;
  const ports = [...(options.publish ?? []).flatMap(parsePort), ...exposedPorts(options, surroundings)];
  if (ports.length > 0) spec.ports = ports;
  Object.assign(spec, parseNetworks(options));
  if (options.dns) spec.dns = options.dns.map(parseNameServer);
  if (options.dnsSearch) spec.dnsSearch = options.dnsSearch.map(parseSearchDomain);
  const dnsOptions = [...(options.dnsOption ?? []), ...(options.dnsOpt ?? [])];
  if (dnsOptions.length > 0) spec.dnsOptions = dnsOptions;
  if (options.addHost) spec.extraHosts = options.addHost.map(extraHost);
  Object.assign(spec, surroundingsOf(options), devicesOf(options));
  const health = parseHealth(options);
  if (health !== undefined) spec.health = health;
  const log = parseLog(options);
  if (log !== undefined) spec.log = log;
  const limits = parseLimits(options);
  if (Object.keys(limits).length > 0) spec.limits = limits;
  return { ...spec, ...parseSecurity(options.securityOpt ?? [], cwd) };
}

function surroundingsOf(options: ContainerOptions): Partial<ContainerSpec> {
  const { expose, volumesFrom, annotation, oomScoreAdj, ulimit, shmSize, sysctl, groupAdd } = options;
  return {
    ...(expose === undefined ? {} : { expose: expose.flatMap(exposedPort) }),
    ...(volumesFrom === undefined ? {} : { volumesFrom: volumesFrom.map(parseVolumesFrom) }),
    ...(annotation === undefined ? {} : { annotations: parsePairs(annotation, '--annotation') }),
    ...(oomScoreAdj === undefined ? {} : { oomScoreAdj: parseScore(oomScoreAdj) }),
    ...(ulimit === undefined ? {} : { ulimits: ulimit.map(parseUlimit) }),
    ...(shmSize === undefined ? {} : { shmBytes: parseSize(shmSize) }),
    ...(sysctl === undefined ? {} : { sysctls: parsePairs(sysctl, '--sysctl') }),
    ...(groupAdd === undefined ? {} : { groupAdd }),
  };
}

function devicesOf({ device = [], gpus, deviceCgroupRule }: ContainerOptions): Partial<ContainerSpec> {
  const parsed = device.map(parseDevice);
  const devices = parsed.flatMap(each => ('device' in each ? [each.device] : []));
  const cdiDevices = parsed.flatMap(each => ('cdi' in each ? [each.cdi] : []));
  return {
    ...(devices.length > 0 ? { devices } : {}),
    ...(cdiDevices.length > 0 ? { cdiDevices } : {}),
    ...(gpus === undefined ? {} : { gpus: parseGpus(gpus) }),
    ...(deviceCgroupRule === undefined ? {} : { deviceRules: deviceCgroupRule }),
  };
}

/** One `--volumes-from`: `CONTAINER[:ro|rw]`. */
function parseVolumesFrom(text: string): { container: string; readOnly?: boolean } {
  const [, container, mode] = /^([^:]+)(?::(ro|rw|z|Z))?$/.exec(text) ?? [];
  if (container === undefined) throw badOption(`"${text}" names no container`, 'write CONTAINER[:ro]');
  return mode === 'ro' || mode === 'rw' ? { container, readOnly: mode === 'ro' } : { container };
}

/** One `--expose`: a port or a range, of one protocol. */
function exposedPort(text: string): string[] {
  const ports = parsePort(text);
  return ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
}

function parseScore(text: string): number {
  if (/^-?\d{1,4}$/.test(text) && Math.abs(Number(text)) <= 1000) return Number(text);
  throw badOption(`"${text}" is no OOM score`, 'the range is -1000 to 1000');
}

function exposedPorts(
  { publishAll, expose = [] }: ContainerOptions,
  { exposed = [] }: Surroundings,
): PublishedPort[] {
  if (!publishAll) return [];
  const all = new Set([...exposed, ...expose.flatMap(exposedPort)]);
  return [...all].flatMap(text => parsePort(text.includes('/') ? text : `${text}/tcp`));
}

/** One `--add-host`, as `name:address`. */
export function extraHost(text: string): string {
  if (!/^[^:=\s]+[:=]\S+$/.test(text))
    throw badOption(`"${text}" is not a host`, 'write --add-host NAME:ADDRESS');
  return text.replace(/[:=]/, ':');
}
