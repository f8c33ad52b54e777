import type { ContainerSummary, ContainerUsage, HealthStatus } from '../../engine/index.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { type Column, meter, type Span, sparkline, type Theme, type Tone } from '../components/index.ts';
import {
  formatAge,
  formatCoreColumn,
  formatKilobytes,
  formatMebibytes,
  type History,
  type State,
  shortReference,
} from '../model/index.ts';

/** A container with all that its row shows. */
export interface ContainerRow {
  readonly container: ContainerSummary;
  readonly usage: ContainerUsage | undefined;
  readonly history: History | undefined;
  readonly marked: boolean;
  /** What is being done to it: `stopping`. */
  readonly doing: string | undefined;
}

/** Columns of the containers, most wanted ones with the lowest priority. */
export function containerColumns(state: State, theme: Theme): readonly Column<ContainerRow>[] {
  const cores = state.host?.cores ?? 1;
  const memory = state.host?.memoryTotalBytes ?? 1;
  return [
    { key: 'glyph', title: '', width: 1, priority: 0, cell: row => [stateGlyph(row, theme)] },
    {
      key: 'name',
      title: 'NAME',
      width: 14,
      grow: 3,
      most: 30,
      priority: 0,
      cell: row => [[row.container.name, nameTone(row)]],
    },
    {
      key: 'image',
      title: 'IMAGE',
      width: 16,
      grow: 2,
      most: 28,
      priority: 6,
      cell: row => [[shortReference(row.container.imageName), 'dim']],
    },
    number('cpu', 'CPU cores', 9, 0, row => cpuCell(row, cores)),
    number('cpu-limit', 'LIMIT', 5, 5, ({ container: { limits } }) => [
      [limits.cpus === undefined ? theme.glyphs.dash : formatCores(limits.cpus), 'faint'],
    ]),
    number('share', '%VM', 5, 8, row => measured(row, usage => percent(usage.cpuPercentOfHost))),
    {
      key: 'spark',
      title: 'last 12 s',
      width: 12,
      priority: 4,
      cell: (row, width) => sparkCell(row, width, theme),
    },
    number('memory', 'MEM MiB', 7, 0, row => memoryCell(row, memory)),
    number('limit', 'LIMIT', 6, 3, row => limitCell(row, theme)),
    {
      key: 'bar',
      title: '',
      width: 8,
      priority: 9,
      cell: (row, width) => barCell(row, width, memory, theme),
    },
    number('net', `NET ${theme.capabilities.unicode ? '↓' : 'rx'}`, 7, 7, row => rate(row, 'rx')),
    number('tx', `${theme.capabilities.unicode ? '↑' : 'tx'} kB/s`, 7, 7, row => rate(row, 'tx')),
    number('pids', 'PIDS', 4, 10, row => measured(row, usage => String(usage.sample.pids.current))),
    number('created', 'UP', 6, 2, row => [[upFor(row, state.now), 'dim']]),
    {
      key: 'state',
      title: 'STATUS',
      width: 10,
      grow: 1,
      most: 14,
      priority: 1,
      cell: row => [statusSpan(row)],
    },
  ];
}

function number(
  key: string,
  title: string,
  width: number,
  priority: number,
  cell: (row: ContainerRow) => readonly Span[],
): Column<ContainerRow> {
  return { key, title, width, priority, align: 'right', cell };
}

function stateGlyph({ container, marked }: ContainerRow, { glyphs }: Theme): Span {
  if (marked) return [glyphs.mark, 'accent'];
  const { state } = container;
  switch (state.status) {
    case 'running':
      return [glyphs.running, state.health?.status === 'unhealthy' ? 'bad' : 'good'];
    case 'paused':
      return [glyphs.paused, 'warn'];
    case 'restarting':
      return [glyphs.restarting, 'warn'];
    case 'created':
      return [glyphs.created, 'dim'];
    case 'exited':
      return failed(container) ? [glyphs.failed, 'bad'] : [glyphs.stopped, 'dim'];
    case 'removing':
    case 'dead':
      return [glyphs.failed, 'dim'];
  }
}

/** It ended by itself, and not well. */
function failed({ state }: ContainerSummary): boolean {
  return state.oomKilled === true || (state.stoppedByUser !== true && (state.exitCode ?? 0) !== 0);
}

function nameTone({ container }: ContainerRow): Tone {
  return container.state.status === 'running' ? 'strong' : 'dim';
}

function measured(row: ContainerRow, format: (usage: ContainerUsage) => string): readonly Span[] {
  return row.usage === undefined ? [['', 'faint']] : [[format(row.usage), 'dim']];
}

function percent(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

function cpuCell({ usage, container }: ContainerRow, cores: number): readonly Span[] {
  if (usage === undefined) return [['', 'faint']];
  const text = formatCoreColumn(usage.cpuCores);
  if (usage.cpuCores < 0.005) return [[text, 'faint']];
  const share = usage.cpuCores / (container.limits.cpus ?? cores);
  return [[usage.throttledShare > 0.1 ? `${text}!` : text, loadTone(share)]];
}

function memoryCell({ usage, container }: ContainerRow, memory: number): readonly Span[] {
  if (usage === undefined) return [['', 'faint']];
  const { workingSetBytes } = usage.memory;
  return [
    [formatMebibytes(workingSetBytes), loadTone(workingSetBytes / (container.limits.memoryBytes ?? memory))],
  ];
}

function loadTone(share: number): Tone {
  return share > 0.9 ? 'bad' : share > 0.75 ? 'warn' : 'text';
}

function limitCell({ container }: ContainerRow, { glyphs }: Theme): readonly Span[] {
  const { memoryBytes } = container.limits;
  return [[memoryBytes === undefined ? glyphs.dash : formatMebibytes(memoryBytes), 'faint']];
}

function barCell(
  { usage, container }: ContainerRow,
  width: number,
  memory: number,
  theme: Theme,
): readonly Span[] {
  if (usage === undefined) return [];
  const share = usage.memory.workingSetBytes / (container.limits.memoryBytes ?? memory);
  const tone = loadTone(share);
  return meter(share, width, tone === 'text' ? 'used' : tone, theme.glyphs);
}

/** As high as the limit allows, so that a low line is waste; without a limit, against its own highest. */
function sparkCell(
  { history, container, usage }: ContainerRow,
  width: number,
  theme: Theme,
): readonly Span[] {
  if (history === undefined || usage === undefined) return [];
  const recent = history.cpuCores.slice(-width);
  const highest = Math.max(...recent);
  const max = container.limits.cpus ?? Math.max(0.25, highest * 1.3);
  const hot = highest / (container.limits.cpus ?? Number.POSITIVE_INFINITY) > 0.9;
  const idle = highest < 0.005;
  return [[sparkline(recent, width, max, theme.glyphs), idle ? 'faint' : hot ? 'warn' : 'used']];
}

function rate({ usage }: ContainerRow, way: 'rx' | 'tx'): readonly Span[] {
  if (usage?.sample.network === undefined) return [['', 'faint']];
  const text = formatKilobytes(way === 'rx' ? usage.networkRxPerSecond : usage.networkTxPerSecond);
  return [[text, text === '0' ? 'faint' : 'dim']];
}

function upFor({ container }: ContainerRow, now: number): string {
  const { startedAt, status } = container.state;
  const up = status === 'running' || status === 'paused';
  return up && startedAt !== undefined ? formatAge(now - startedAt) : '';
}

function statusSpan(row: ContainerRow): Span {
  const { container, doing } = row;
  if (doing !== undefined) return [doing, 'accent'];
  const { state } = container;
  switch (state.status) {
    case 'running':
      return runningStatus(state.health?.status);
    case 'paused':
      return ['paused', 'warn'];
    case 'restarting':
      return [`restart ${state.restartCount}`, 'warn'];
    case 'exited':
      return exitStatus(container);
    case 'created':
      return state.error === undefined ? ['created', 'dim'] : ['failed', 'bad'];
    case 'removing':
    case 'dead':
      return [state.status, 'dim'];
  }
}

function runningStatus(health: HealthStatus | undefined): Span {
  if (health === 'healthy') return ['healthy', 'good'];
  if (health === 'unhealthy') return ['unhealthy', 'bad'];
  if (health === 'not-checked') return ['not checked', 'warn'];
  return health === 'starting' ? ['starting', 'warn'] : ['running', 'dim'];
}

function exitStatus(container: ContainerSummary): Span {
  const { state } = container;
  if (state.oomKilled === true) return ['oom killed', 'bad'];
  if (state.exitUnknown === true) return ['exit ?', 'warn'];
  return [`exit ${state.exitCode ?? 0}`, failed(container) ? 'bad' : 'dim'];
}
