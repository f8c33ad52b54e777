import type { ContainerMount, ContainerSpec, NetworkAttachment } from '../../engine/index.ts';
import { formatPort } from '../parse/parse-port.ts';
import type { Argument } from './argument.ts';
import { limitArguments } from './limit-arguments.ts';

/** A command line of `create`: options, image, and what comes after it. */
export interface RunArguments {
  readonly options: readonly Argument[];
  readonly image: string;
  readonly command: readonly string[];
}

/**
 * The options that describe a container, so that `toContainerSpec` reads the same spec from them. Name, restart policy
 * and `--rm` are left out: whoever makes a unit of it chooses these.
 */
export function runArguments(spec: ContainerSpec): RunArguments {
  const [entrypoint, ...first] = spec.entrypoint ?? [];
  const options: Argument[] = [
    ...(spec.entrypoint === undefined ? [] : [['--entrypoint', entrypoint ?? ''] as const]),
    ...flags(spec),
    ...texts(spec),
    ...each('--env', spec.env),
    ...pairs('--label', spec.labels),
    ...pairs('--annotation', spec.annotations),
    ...each('--publish', spec.ports?.map(formatPort)),
    ...(spec.mounts ?? []).map(mountArgument),
    ...each(
      '--volumes-from',
      spec.volumesFrom?.map(({ container, readOnly }) =>
        readOnly === undefined ? container : `${container}:${readOnly ? 'ro' : 'rw'}`,
      ),
    ),
    ...networks(spec),
    ...security(spec),
    ...devices(spec),
    ...limitArguments(spec.limits ?? {}),
    ...health(spec),
    ...each('--log-driver', spec.log === undefined ? undefined : [spec.log.driver]),
    ...pairs('--log-opt', spec.log?.options),
  ];
  return { options, image: spec.image, command: [...first, ...(spec.command ?? [])] };
}

function flags(spec: ContainerSpec): Argument[] {
  const given: readonly (readonly [boolean | undefined, string])[] = [
    [spec.openStdin, '--interactive'],
    [spec.tty, '--tty'],
    [spec.init, '--init'],
    [spec.readOnlyRoot, '--read-only'],
    [spec.privileged, '--privileged'],
  ];
  return given.flatMap(([wanted, flag]) => (wanted ? [[flag] as const] : []));
}

function texts(spec: ContainerSpec): Argument[] {
  const given: readonly (readonly [string, string | number | undefined])[] = [
    ['--user', spec.user],
    ['--workdir', spec.workdir],
    ['--hostname', spec.hostname],
    ['--domainname', spec.domainname],
    ['--stop-signal', spec.stopSignal],
    ['--stop-timeout', spec.stopTimeoutSeconds],
    ['--cgroup-parent', spec.cgroupParent],
    ['--ipc', spec.ipc],
    ['--pid', spec.pid],
    ['--uts', spec.uts],
    ['--cgroupns', spec.cgroupns],
    ['--userns', spec.userns],
    ['--shm-size', spec.shmBytes],
    ['--oom-score-adj', spec.oomScoreAdj],
  ];
  return given.flatMap(([flag, value]) => (value === undefined ? [] : [[flag, String(value)] as const]));
}

function networks(spec: ContainerSpec): Argument[] {
  const named =
    spec.attachments === undefined || spec.attachments.length === 0
      ? each('--network', spec.network === undefined ? undefined : [spec.network])
      : each('--network', spec.attachments.map(networkValue));
  return [
    ...named,
    ...each(
      '--link',
      spec.attachments?.[0]?.links?.map(({ container, alias }) => `${container}:${alias}`),
    ),
    ...each('--dns', spec.dns),
    ...each('--dns-search', spec.dnsSearch),
    ...each('--dns-option', spec.dnsOptions),
    ...each('--add-host', spec.extraHosts),
    ...each('--expose', spec.expose),
  ];
}

function networkValue({ network, aliases = [], address, address6, mac }: NetworkAttachment): string {
  const fields = [
    ...aliases.map(alias => `alias=${alias}`),
    ...(address === undefined ? [] : [`ip=${address}`]),
    ...(address6 === undefined ? [] : [`ip6=${address6}`]),
    ...(mac === undefined ? [] : [`mac-address=${mac}`]),
  ];
  return fields.length === 0 ? network : [`name=${network}`, ...fields].join(',');
}

function security(spec: ContainerSpec): Argument[] {
  const { noNewPrivileges, seccomp, apparmor, unmasked } = spec;
  return [
    ...each('--cap-add', spec.capAdd),
    ...each('--cap-drop', spec.capDrop),
    ...each('--group-add', spec.groupAdd),
    ...each('--security-opt', [
      ...(noNewPrivileges === undefined ? [] : [`no-new-privileges=${noNewPrivileges}`]),
      ...(seccomp === undefined ? [] : [`seccomp=${seccomp}`]),
      ...(apparmor === undefined ? [] : [`apparmor=${apparmor}`]),
      ...(unmasked ? ['systempaths=unconfined'] : []),
    ]),
    ...pairs('--sysctl', spec.sysctls),
    ...each(
      '--ulimit',
      spec.ulimits?.map(({ name, soft, hard }) => `${name}=${soft}:${hard}`),
    ),
  ];
}

function devices({ devices: plain, cdiDevices, deviceRules, gpus }: ContainerSpec): Argument[] {
  const ids = typeof gpus === 'object' ? `device=${gpus.join(',')}` : gpus;
  return [
    ...each(
      '--device',
      plain?.map(({ source, target, access }) => `${source}:${target}:${access}`),
    ),
    ...each('--device', cdiDevices),
    ...each('--device-cgroup-rule', deviceRules),
    ...each('--gpus', ids === undefined ? undefined : [String(ids)]),
  ];
}

function health({ health: check }: ContainerSpec): Argument[] {
  if (check === undefined) return [];
  if (check.command === '') return [['--no-healthcheck']];
  const time = (ms: number | undefined) => (ms === undefined ? undefined : `${ms}ms`);
  const given: readonly (readonly [string, string | number | undefined])[] = [
    ['--health-cmd', check.command],
    ['--health-interval', time(check.intervalMs)],
    ['--health-timeout', time(check.timeoutMs)],
    ['--health-retries', check.retries],
    ['--health-start-period', time(check.startPeriodMs)],
    ['--health-start-interval', time(check.startIntervalMs)],
    ['--health-on-failure', check.onFailure],
  ];
  return given.flatMap(([flag, value]) => (value === undefined ? [] : [[flag, String(value)] as const]));
}

/** The short form where that can say it all. */
function mountArgument(mount: ContainerMount): Argument {
  if (mount.type === 'tmpfs') return tmpfsArgument(mount);
  const source = mount.type === 'bind' ? mount.source : mount.name;
  const isPlain = mount.type === 'bind' ? isPlainBind(mount) : mount.subpath === undefined;
  if (isPlain && ![source, mount.target].some(path => path.includes(':'))) {
    const words = [
      ...(mount.readOnly ? ['ro'] : []),
      ...(mount.type === 'volume' && mount.noCopy ? ['nocopy'] : []),
      ...(mount.type === 'bind' && mount.propagation !== undefined ? [mount.propagation] : []),
      ...(mount.type === 'bind' && mount.idmap !== undefined
        ? [mount.idmap === true ? 'idmap' : `idmap=${mount.idmap}`]
        : []),
    ];
    const parts = [
      ...(source === '' ? [] : [source]),
      mount.target,
      ...(words.length > 0 ? [words.join(',')] : []),
    ];
    if (source !== '' || words.length === 0) return ['--volume', parts.join(':')];
  }
  const fields = [
    `type=${mount.type}`,
    ...(source === '' ? [] : [`source=${source}`]),
    `target=${mount.target}`,
    ...(mount.readOnly ? ['readonly'] : []),
    ...(mount.type === 'bind' && mount.propagation !== undefined
      ? [`bind-propagation=${mount.propagation}`]
      : []),
    ...(mount.type === 'bind' && mount.createSource ? ['bind-create-src'] : []),
    ...(mount.type === 'bind' && mount.recursive !== undefined ? [`bind-recursive=${mount.recursive}`] : []),
    ...(mount.type === 'volume' && mount.noCopy ? ['volume-nocopy'] : []),
    ...(mount.type === 'volume' && mount.subpath !== undefined ? [`volume-subpath=${mount.subpath}`] : []),
  ];
  return ['--mount', fields.map(csvField).join(',')];
}

/** The short form makes the folder that is missing; it alone knows other owners. */
function isPlainBind({ recursive, createSource, idmap }: Extract<ContainerMount, { type: 'bind' }>): boolean {
  return recursive === undefined && (createSource === true || idmap !== undefined);
}

function tmpfsArgument({
  target,
  sizeBytes,
  mode,
  options,
}: Extract<ContainerMount, { type: 'tmpfs' }>): Argument {
  const words = [
    ...(sizeBytes === undefined ? [] : [`size=${sizeBytes}`]),
    ...(mode === undefined ? [] : [`mode=${mode.toString(8)}`]),
    ...(options ?? []),
  ];
  return ['--tmpfs', words.length === 0 ? target : `${target}:${words.join(',')}`];
}

function csvField(field: string): string {
  return /[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

function each(flag: string, values: readonly string[] | undefined): Argument[] {
  return (values ?? []).map(value => [flag, value]);
}

function pairs(flag: string, values: Readonly<Record<string, string>> | undefined): Argument[] {
  return Object.entries(values ?? {}).map(([key, value]) => [flag, `${key}=${value}`]);
}
