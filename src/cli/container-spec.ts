import type { ContainerSpec, PublishedPort } from '../engine/index.ts';
import { badOption } from './parse/bad-option.ts';
import { type HealthOptions, parseHealth } from './parse/parse-health.ts';
import { type LimitOptions, parseCount, parseLimits } from './parse/parse-limits.ts';
import { parseMount, parseTmpfs, parseVolume } from './parse/parse-mount.ts';
import { parseNetworks } from './parse/parse-networks.ts';
import { parseEnv, parsePairs, readPairFiles } from './parse/parse-pairs.ts';
import { parsePort } from './parse/parse-port.ts';
import { parseRestart } from './parse/parse-restart.ts';
import { parseSecurity } from './parse/parse-security.ts';

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
  readonly networkAlias?: readonly string[];
  readonly netAlias?: readonly string[];
  readonly ip?: string;
  readonly macAddress?: string;
  readonly dns?: readonly string[];
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
}

/** Where the caller stands: relative paths and bare variable names are read against it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Ports that the image exposes (`80/tcp`), for `--publish-all`. */
  readonly exposed?: readonly string[];
}

type Mutable<T> = { -readonly [key in keyof T]: T[key] };

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
  for (const key of ['name', 'user', 'workdir', 'hostname', 'stopSignal'] as const) {
    const value = options[key];
    if (value !== undefined) spec[key] = value;
  }
  if (options.interactive) spec.openStdin = true;
  if (options.tty) spec.tty = true;
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
  const variables = [...readPairFiles(options.envFile ?? [], env), ...parseEnv(options.env ?? [], env)];
  if (variables.length > 0) spec.env = variables;
  const labels = [...readPairFiles(options.labelFile ?? [], env), ...(options.label ?? [])];
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
  if (options.dns) spec.dns = options.dns;
  if (options.addHost) spec.extraHosts = options.addHost.map(extraHost);
  const health = parseHealth(options);
  if (health !== undefined) spec.health = health;
  const limits = parseLimits(options);
  if (Object.keys(limits).length > 0) spec.limits = limits;
  return { ...spec, ...parseSecurity(options.securityOpt ?? [], cwd) };
}

function exposedPorts({ publishAll }: ContainerOptions, { exposed = [] }: Surroundings): PublishedPort[] {
  if (!publishAll) return [];
  return exposed.flatMap(text => parsePort(text.includes('/') ? text : `${text}/tcp`));
}

/** One `--add-host`, as `name:address`. */
export function extraHost(text: string): string {
  if (!/^[^:=\s]+[:=]\S+$/.test(text))
    throw badOption(`"${text}" is not a host`, 'write --add-host NAME:ADDRESS');
  return text.replace(/[:=]/, ':');
}
