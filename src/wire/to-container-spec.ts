import type { ContainerSpec, HealthCheck, NetworkAttachment } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { badRequest, notServed } from './bad-request.ts';
import { JsonFields } from './json-fields.ts';
import { toLimits, toRestartPolicy } from './limits.ts';
import { toMounts } from './mounts.ts';
import { toPorts } from './ports.ts';

/** What the body of a create does not say. */
export interface CreateContext {
  readonly name?: string | undefined;
  /** Ports that the image exposes (`80/tcp`), for PublishAllPorts. */
  readonly exposed: readonly string[];
}

/**
 * The container that the body of `POST /containers/create` describes. Throws `invalid-argument` for what makes no sense,
 * `not-implemented` for what docker has and this engine has not.
 */
export function toContainerSpec(body: unknown, { name, exposed }: CreateContext): ContainerSpec {
  const config = new JsonFields(body);
  const host = config.object('HostConfig');
  refuseOthers(host);
  const image = config.words('Image');
  if (image === undefined) throw badRequest('no image is named', 'give one as Image');
  const mounts = toMounts(config, host);
  const expose = config.entries('ExposedPorts').map(([port]) => port);
  const ports = toPorts(host, host.flag('PublishAllPorts') ? [...new Set([...exposed, ...expose])] : []);
  const limits = toLimits(host);
  return {
    image,
    ...processOf(config),
    ...isolationOf(host),
    ...networksOf(config, host),
    ...securityOf(host),
    ...defined({
      name,
      autoRemove: host.flag('AutoRemove') || undefined,
      restart: restartOf(host),
      ports: some(ports),
      mounts: some(mounts),
      expose: some(expose),
      limits: Object.keys(limits).length === 0 ? undefined : limits,
      health: healthOf(config),
      log: logOf(host.object('LogConfig')),
      volumesFrom: host.texts('VolumesFrom')?.map(parseVolumesFrom),
    }),
  };
}

function processOf(config: JsonFields): Partial<ContainerSpec> {
  const entrypoint = config.oneOrMore('Entrypoint');
  return defined({
    command: some(config.oneOrMore('Cmd')),
    entrypoint: entrypoint?.length === 1 && entrypoint[0] === '' ? [] : entrypoint,
    env: some(config.texts('Env')),
    user: config.words('User'),
    workdir: config.words('WorkingDir'),
    hostname: config.words('Hostname'),
    domainname: config.words('Domainname'),
    labels: config.pairs('Labels'),
    tty: config.flag('Tty') || undefined,
    openStdin: config.flag('OpenStdin') || undefined,
    stopSignal: config.words('StopSignal'),
    stopTimeoutSeconds: config.number('StopTimeout'),
  });
}

function isolationOf(host: JsonFields): Partial<ContainerSpec> {
  return defined({
    dns: some(host.texts('Dns')),
    dnsSearch: some(host.texts('DnsSearch')),
    dnsOptions: some(host.texts('DnsOptions')),
    extraHosts: some(host.texts('ExtraHosts'))?.map(text => text.replace('=', ':')),
    init: host.flag('Init'),
    annotations: host.pairs('Annotations'),
    shmBytes: host.amount('ShmSize'),
    ipc: host.words('IpcMode'),
    pid: host.words('PidMode'),
    uts: host.words('UTSMode'),
    cgroupns: host.words('CgroupnsMode'),
    userns: host.words('UsernsMode'),
    sysctls: host.pairs('Sysctls'),
    groupAdd: some(host.texts('GroupAdd')),
    oomScoreAdj: host.amount('OomScoreAdj'),
    cgroupParent: host.words('CgroupParent'),
    ulimits: some(
      host.objects('Ulimits').map(limit => ({
        name: limit.text('Name') ?? '',
        soft: limit.number('Soft') ?? 0,
        hard: limit.number('Hard') ?? 0,
      })),
    ),
    ...devicesOf(host),
  });
}

function devicesOf(host: JsonFields) {
  const requests = host.objects('DeviceRequests');
  const gpus = requests.filter(request => request.words('Driver') !== 'cdi');
  const cdi = requests.filter(request => request.words('Driver') === 'cdi');
  return {
    devices: some(
      host.objects('Devices').map(device => ({
        source: device.text('PathOnHost') ?? '',
        target: device.words('PathInContainer') ?? device.text('PathOnHost') ?? '',
        access: device.words('CgroupPermissions') ?? 'rwm',
      })),
    ),
    deviceRules: some(host.texts('DeviceCgroupRules')),
    cdiDevices: some(cdi.flatMap(request => request.texts('DeviceIDs') ?? [])),
    gpus: gpus.length === 0 ? undefined : gpusOf(gpus),
  };
}

function gpusOf(requests: readonly JsonFields[]): ContainerSpec['gpus'] {
  const ids = requests.flatMap(request => request.texts('DeviceIDs') ?? []);
  if (ids.length > 0) return ids;
  const count = requests[0]?.number('Count') ?? 0;
  return count < 0 ? 'all' : count;
}

function networksOf(config: JsonFields, host: JsonFields): Partial<ContainerSpec> {
  const mode = host.words('NetworkMode') ?? 'default';
  const network = config.flag('NetworkDisabled') ? 'none' : mode === 'default' ? 'bridge' : mode;
  const endpoints = config.object('NetworkingConfig').entries('EndpointsConfig');
  const all = endpoints.map(([name, value]) => toAttachment(name === 'default' ? 'bridge' : name, value));
  const first = all.find(each => each.network === network) ?? { network };
  const mac = first.mac ?? macOf(config);
  const others = all.filter(each => each.network !== network);
  const links = some([...(first.links ?? []), ...(host.texts('Links') ?? []).map(toLink)]);
  const own = { ...first, ...defined({ mac, links }) };
  const plain = others.length === 0 && Object.keys(own).length === 1;
  return { network, ...(plain ? {} : { attachments: [own, ...others] }) };
}

/** `db:database`; the name alone is the alias too. */
function toLink(text: string): { container: string; alias: string } {
  const [container = '', alias = container] = text.split(':');
  return { container, alias };
}

/** A network and an EndpointSettings, as `connect` and `create` have them. */
export function toAttachment(network: string, value: unknown): NetworkAttachment {
  const settings = new JsonFields(value ?? {}, 'EndpointConfig');
  return {
    network,
    ...defined({
      aliases: some(settings.texts('Aliases')),
      address: settings.object('IPAMConfig').words('IPv4Address'),
      address6: settings.object('IPAMConfig').words('IPv6Address'),
      mac: macOf(settings),
      links: some(settings.texts('Links'))?.map(toLink),
    }),
  };
}

/** The kernel refuses others only when the container starts, with a plain errno. */
function macOf(settings: JsonFields): string | undefined {
  const mac = settings.words('MacAddress');
  if (mac === undefined) return undefined;
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(mac))
    throw badRequest(
      `invalid MacAddress: "${mac}" is not a hardware address`,
      'write it as 02:42:ac:11:00:02',
    );
  const plain = mac.replaceAll('-', ':').toLowerCase();
  if (Number.parseInt(plain.slice(0, 2), 16) % 2 === 0 && plain !== '00:00:00:00:00:00') return plain;
  throw badRequest(
    `invalid MacAddress: "${mac}" cannot be that of a container`,
    'its first byte must be even, and not all may be zero: write it as 02:42:ac:11:00:02',
  );
}

function securityOf(host: JsonFields): Partial<ContainerSpec> {
  const options = Object.assign(
    {},
    ...(host.texts('SecurityOpt') ?? []).map(toSecurity),
  ) as Partial<ContainerSpec>;
  return {
    ...options,
    ...defined({
      readOnlyRoot: host.flag('ReadonlyRootfs') || undefined,
      privileged: host.flag('Privileged') || undefined,
      capAdd: some(host.texts('CapAdd')),
      capDrop: some(host.texts('CapDrop')),
      unmasked: options.unmasked ?? (host.texts('MaskedPaths')?.length === 0 || undefined),
    }),
  };
}

/** One of SecurityOpt: `key=value`, or with a colon as docker had it once. */
function toSecurity(text: string): Partial<ContainerSpec> {
  const [, key = '', value] = /^([\w-]+)(?:[=:](.*))?$/s.exec(text) ?? [];
  if (key === 'no-new-privileges') return { noNewPrivileges: value !== 'false' };
  if (key === 'label') return {};
  if (key === 'apparmor' && value !== undefined) return { apparmor: value };
  if (key === 'systempaths' && value === 'unconfined') return { unmasked: true };
  if (key === 'seccomp' && (value === 'unconfined' || value === 'builtin' || isProfile(value)))
    return { seccomp: value };
  throw notServed(
    `the security option "${text.slice(0, 80)}" is not supported`,
    'there are no-new-privileges, seccomp=unconfined|builtin|{…}, apparmor=PROFILE and systempaths=unconfined',
  );
}

/** A profile that the client has read; never a file of this machine. */
function isProfile(value = ''): value is string {
  try {
    return typeof JSON.parse(value) === 'object' && value.trimStart().startsWith('{');
  } catch {
    return false;
  }
}

function restartOf(host: JsonFields): ContainerSpec['restart'] {
  const restart = toRestartPolicy(host.object('RestartPolicy'));
  if (restart === undefined || restart.name === 'no' || !host.flag('AutoRemove')) return restart;
  throw badRequest("can't create 'AutoRemove' container with restart policy", 'leave one of them out');
}

function healthOf(config: JsonFields): ContainerSpec['health'] {
  const health = config.object('Healthcheck');
  const ms = (name: string) => {
    const nanoseconds = health.amount(name);
    return nanoseconds === undefined ? undefined : Math.max(1, Math.round(nanoseconds / 1e6));
  };
  const spec = defined({
    command: commandOf(health.texts('Test') ?? []),
    intervalMs: ms('Interval'),
    timeoutMs: ms('Timeout'),
    startPeriodMs: ms('StartPeriod'),
    startIntervalMs: ms('StartInterval'),
    retries: health.amount('Retries'),
  });
  return Object.keys(spec).length === 0 ? undefined : spec;
}

function commandOf([kind, ...words]: readonly string[]): string | undefined {
  if (kind === undefined) return undefined;
  if (kind === 'NONE') return '';
  if (kind === 'CMD-SHELL') return words[0] ?? '';
  if (kind === 'CMD') return words.map(quote).join(' ');
  throw badRequest(`unknown type of health check "${kind}"`, 'use NONE, CMD or CMD-SHELL');
}

/** The same as docker's answers have it. */
export function healthJson({ command, ...check }: HealthCheck): Record<string, unknown> {
  return {
    Test: command.length === 3 && command[1] === '-c' ? ['CMD-SHELL', command[2]] : ['CMD', ...command],
    Interval: check.intervalMs * 1e6,
    Timeout: check.timeoutMs * 1e6,
    StartPeriod: check.startPeriodMs * 1e6,
    StartInterval: check.startIntervalMs * 1e6,
    Retries: check.retries,
  };
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function parseVolumesFrom(text: string): { container: string; readOnly?: boolean } {
  const [, container, mode] = /^([^:]+)(?::(ro|rw|z|Z))?$/.exec(text) ?? [];
  if (container === undefined) throw badRequest(`invalid volumes-from: "${text}"`, 'write CONTAINER[:ro]');
  return mode === 'ro' || mode === 'rw' ? { container, readOnly: mode === 'ro' } : { container };
}

/** docker's clients send a type without options where the user chose none. */
function logOf(log: JsonFields): ContainerSpec['log'] {
  const type = log.words('Type');
  const options = log.pairs('Config');
  const hasOptions = options !== undefined && Object.keys(options).length > 0;
  if (type === undefined && !hasOptions) return undefined;
  const driver = logDrivers.find(each => each === (type ?? 'json-file'));
  if (driver !== undefined) return { driver, ...(hasOptions ? { options } : {}) };
  throw notServed(`there is no log driver "${type}"`, `there are ${logDrivers.join(', ')}`);
}

const logDrivers = ['json-file', 'local', 'k8s-file', 'journald', 'none'] as const;

/** What docker has and this engine has not. */
function refuseOthers(host: JsonFields): void {
  if (!['', 'local'].includes(host.text('VolumeDriver') ?? ''))
    throw notServed('there is only the volume driver local', 'leave VolumeDriver out');
  if (host.entries('StorageOpt').length > 0)
    throw notServed('the size of a container is not limited', 'mount a volume or tmpfs of its size');
  if (!['', 'default'].includes(host.text('Isolation') ?? ''))
    throw notServed('isolation is for Windows', 'leave it out');
  const runtime = host.words('Runtime') ?? 'runc';
  if (!['runc', 'crun', 'io.containerd.runc.v2'].includes(runtime)) {
    throw notServed(`there is no runtime "${runtime}"`, 'leave it out');
  }
}

function some<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}
