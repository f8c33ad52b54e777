import type { ContainerDetails, ContainerMount, PublishedPort } from '../../engine/index.ts';
import { wrapCells } from '../../lib/cell-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import type { Line, Span, Theme } from '../components/index.ts';
import { formatAge, type State, selectedRow, shortId } from '../model/index.ts';

/** What a container is: the facts that matter first, each on its line. */
export function containerInspect(state: State, width: number): Line[] {
  const details = detailsOf(state);
  if (details === undefined) return [{ spans: [[' reading', 'dim']] }];
  return inspectFacts(details, state.now).flatMap(([label, value]) => factLines(label, value, width));
}

/** The environment, a variable on each line. */
export function containerEnv(state: State, width: number): Line[] {
  const details = detailsOf(state);
  if (details === undefined) return [{ spans: [[' reading', 'dim']] }];
  if (details.env.length === 0) return [{ spans: [[' No environment variables.', 'dim']] }];
  const longest = Math.min(32, Math.max(...details.env.map(one => one.indexOf('='))));
  return [...details.env].sort().flatMap(one => {
    const at = one.indexOf('=');
    return factLines(one.slice(0, at), one.slice(at + 1), width, longest + 2);
  });
}

/** The processes in the container, as they were at the last look. */
export function containerTop(state: State, width: number, theme: Theme): Line[] {
  const { processes } = state;
  if (processes === undefined || processes.id !== selectedRow(state)?.id)
    return [{ spans: [[' reading', 'dim']] }];
  if (processes.error !== undefined) return [{ spans: [[` ${processes.error}`, 'dim']] }];
  const head = `${'PID'.padStart(8)} ${'PPID'.padStart(8)} ${'USER'.padEnd(9)} S ${'TIME s'.padStart(8)} ${'RSS'.padStart(9)}  COMMAND`;
  const rows = processes.list.map((one): Line => {
    const figures = `${String(one.pid).padStart(8)} ${String(one.parentPid).padStart(8)} ${one.user.slice(0, 9).padEnd(9)}`;
    const rest = ` ${one.state.slice(0, 1)} ${one.cpuSeconds.toFixed(1).padStart(8)} ${formatBytes(one.residentBytes).padStart(9)}  `;
    const room = Math.max(8, width - figures.length - rest.length - 1);
    return { spans: [[figures, 'dim'], [rest], [wrapCells(one.command, room)[0] ?? '', 'strong']] };
  });
  return [
    { spans: [[head, 'dim']] },
    ...(rows.length > 0
      ? rows
      : [{ spans: [[` none ${theme.glyphs.dash} it does not run`, 'dim'] as Span] }]),
  ];
}

/** Lines of a label and a value that may take several. */
export function factLines(label: string, value: string, width: number, labelWidth = 15): Line[] {
  const room = Math.max(10, width - labelWidth - 2);
  const pieces = value.split('\n').flatMap(line => wrapCells(line, room));
  return pieces.map((piece, i) => ({
    spans: [[` ${(i === 0 ? label : '').padEnd(labelWidth)}`, 'dim'], [piece]],
  }));
}

function detailsOf(state: State): ContainerDetails | undefined {
  const row = selectedRow(state);
  return state.details?.id === row?.id ? state.details : undefined;
}

function inspectFacts(details: ContainerDetails, now: number): (readonly [string, string])[] {
  const { state, limits } = details;
  const facts: (readonly [string, string | undefined])[] = [
    ['name', details.name],
    ['id', details.id],
    ['state', stateText(details, now)],
    ['error', state.error],
    ['image', `${details.imageName} (${shortId(details.imageId)})`],
    ['command', details.command.join(' ')],
    ['working folder', details.workdir],
    ['user', details.user],
    ['network', `${details.network} ${details.addresses.join(' ')}`.trim()],
    ['ports', details.ports.map(portText).join('\n')],
    ['mounts', details.mounts.map(mountText).join('\n')],
    ['cpu limit', limits.cpus === undefined ? 'none' : `${limits.cpus} cores`],
    ['memory limit', limits.memoryBytes === undefined ? 'none' : formatBytes(limits.memoryBytes)],
    [
      'reservation',
      limits.memoryReservationBytes === undefined ? undefined : formatBytes(limits.memoryReservationBytes),
    ],
    ['pids limit', limits.pids === undefined ? undefined : String(limits.pids)],
    ['restart', restartText(details)],
    ['process', state.process === undefined ? undefined : String(state.process.pid)],
    [
      'labels',
      Object.entries(details.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join('\n'),
    ],
    ['log', details.logPath],
    ['warnings', details.warnings.join('\n')],
  ];
  return facts.flatMap(([label, value]) =>
    value === undefined || value === '' ? [] : [[label, value] as const],
  );
}

function stateText({ state }: ContainerDetails, now: number): string {
  if (state.status === 'exited' && state.finishedAt !== undefined)
    return `exited with ${state.exitCode ?? 'an unknown code'}, ${formatAge(now - state.finishedAt)} ago`;
  const since = state.startedAt === undefined ? '' : ` for ${formatAge(now - state.startedAt)}`;
  const health = state.health === undefined ? '' : `, ${state.health.status}`;
  return `${state.status}${since}${health}`;
}

function restartText({ spec, state }: ContainerDetails): string {
  const policy = spec.restart?.name ?? 'no';
  return state.restartCount > 0 ? `${policy}, ${state.restartCount} times so far` : policy;
}

function portText({ hostAddress, hostPort, containerPort, protocol }: PublishedPort): string {
  const address = hostAddress.includes(':') ? `[${hostAddress}]` : hostAddress || '0.0.0.0';
  return `${address}:${hostPort} -> ${containerPort}/${protocol}`;
}

function mountText(mount: ContainerMount): string {
  if (mount.type === 'tmpfs') return `${mount.target} (tmpfs)`;
  const source = mount.type === 'bind' ? mount.source : mount.name;
  return `${mount.target} <- ${source}${mount.readOnly ? ' (read only)' : ''}`;
}
