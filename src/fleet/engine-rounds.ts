import type { ContainerReport, MachineReport } from '../capacity/index.ts';
import { cleanText } from '../lib/clean-text.ts';
import { roundEnd } from './engine-script.ts';
import { Seen } from './seen.ts';

/** Makes reports of the lines that `engineScript` writes. */
export interface EngineRounds {
  /** Takes a line; a report, if it ends a round that is not the first. */
  add(line: string): MachineReport | undefined;
}

/**
 * Figures of a machine without plimsoll. What its kernel counts is the truth on the machine; of each container the engine
 * tells what it uses now. As nothing is recorded there, percentiles are of what was seen since the watch began.
 */
export function engineRounds(): EngineRounds {
  let lines: string[] = [];
  let before: CpuTimes | undefined;
  const seen = new Seen();
  return {
    add(line) {
      if (line !== roundEnd) {
        if (lines.length < 100_000) lines.push(line);
        return undefined;
      }
      const round = parseRound(lines);
      lines = [];
      const earlier = before;
      before = round.cpu;
      if (earlier === undefined || round.totalBytes === 0) return undefined;
      return reportOf(round, earlier, seen);
    },
  };
}

interface CpuTimes {
  readonly busy: number;
  readonly all: number;
}

interface Round {
  readonly name: string;
  readonly time: number;
  readonly cores: number;
  readonly cpu: CpuTimes;
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly containers: ReadonlyMap<string, SeenContainer>;
}

interface SeenContainer {
  name: string;
  cores: number;
  bytes: number;
  reservedCores: number;
  reservedBytes: number;
  apart?: string;
  pinned?: true;
}

function parseRound(lines: readonly string[]): Round {
  const words = new Map<string, string>();
  const containers = new Map<string, SeenContainer>();
  for (const line of lines) {
    if (line.startsWith('i\t')) readInspected(line.split('\t').slice(1), containers);
    else if (line.startsWith('s\t')) readStats(line.split('\t').slice(1), containers);
    else words.set(line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1).trim());
  }
  const times = (words.get('cpu') ?? '').split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] = times;
  const busy = user + nice + system + irq + soft + steal;
  return {
    name: cleanText(words.get('name') ?? ''),
    time: amount(words.get('clock')) * 1000,
    cores: Math.max(1, amount(words.get('cores'))),
    cpu: { busy, all: busy + idle + wait },
    totalBytes: kibibytes(words.get('total')),
    availableBytes: kibibytes(words.get('available')),
    containers,
  };
}

function readInspected(fields: readonly string[], containers: Map<string, SeenContainer>): void {
  const [id = '', name = '', nano, quota, period, memory, reservation, ...labels] = fields;
  const [apart = '', pinned = '', project = '', service = ''] = labels.map(label => cleanText(label));
  const group = apart !== '' ? apart : project !== '' && service !== '' ? `${project}/${service}` : '';
  const byQuota = amount(quota) > 0 ? amount(quota) / (amount(period) || 100_000) : 0;
  containers.set(id, {
    ...{ name: cleanText(name).replace(/^\//, ''), cores: 0, bytes: 0 },
    reservedCores: amount(nano) > 0 ? amount(nano) / 1e9 : byQuota,
    reservedBytes: amount(reservation) || amount(memory),
    ...(group === '' ? {} : { apart: group }),
    ...(pinned === '' || pinned === 'false' ? {} : { pinned: true }),
  });
}

/** Podman tells short ids here, whatever one asks for. */
function readStats(
  [id = '', percent = '', memory = '']: readonly string[],
  containers: Map<string, SeenContainer>,
) {
  const key = containers.has(id) ? id : [...containers.keys()].find(one => id !== '' && one.startsWith(id));
  const container = containers.get(key ?? '');
  if (container === undefined) return;
  container.cores = Math.max(0, Number.parseFloat(percent) || 0) / 100;
  container.bytes = parseBytes(memory.split('/')[0] ?? '');
}

function reportOf(round: Round, before: CpuTimes, seen: Seen): MachineReport {
  const { cores, totalBytes, containers } = round;
  const passed = Math.max(1, round.cpu.all - before.all);
  const usedCores = Math.min(cores, (Math.max(0, round.cpu.busy - before.busy) / passed) * cores);
  const usedBytes = Math.max(0, totalBytes - round.availableBytes);
  const running = [...containers.values()];
  const sum = (of: (container: SeenContainer) => number) =>
    running.reduce((total, container) => total + of(container), 0);
  const byContainers = { cores: sum(one => one.cores), bytes: sum(one => one.bytes) };
  seen.add('machine', usedCores, usedBytes);
  seen.add('rest', Math.max(0, usedCores - byContainers.cores), Math.max(0, usedBytes - byContainers.bytes));
  for (const [id, container] of containers) seen.add(id, container.cores, container.bytes);
  const { time } = round;
  return {
    ...{ time, hostname: round.name, machine: '', running: running.length },
    observedSeconds: seen.since(time),
    cpu: {
      ...{ capacity: cores, used: Math.max(usedCores, Math.min(cores, byContainers.cores)) },
      ...{ usedByContainers: Math.min(cores, byContainers.cores), reserved: sum(one => one.reservedCores) },
      ...seen.machine('cpu'),
    },
    memory: {
      ...{ capacity: totalBytes, used: usedBytes, usedByContainers: Math.min(usedBytes, byContainers.bytes) },
      ...{ reserved: sum(one => one.reservedBytes), ...seen.machine('memory') },
    },
    containers: [...containers].map(
      ([id, { name, apart, pinned }]): ContainerReport => ({
        ...{ name, cpu: seen.need(id, 'cpu'), memory: seen.need(id, 'memory') },
        ...(apart === undefined ? {} : { apart }),
        ...(pinned === undefined ? {} : { pinned }),
      }),
    ),
  };
}

const units: Readonly<Record<string, number>> = {
  ...{ b: 1, kib: 1024, mib: 1024 ** 2, gib: 1024 ** 3, tib: 1024 ** 4 },
  ...{ kb: 1000, mb: 1e6, gb: 1e9, tb: 1e12 },
};

/** `12.3MiB` of docker, `12.3MB` of podman. */
function parseBytes(text: string): number {
  const [, value, unit = ''] = /^\s*([\d.]+)\s*([kmgt]?i?b)\s*$/i.exec(text) ?? [];
  return amount(value) * (units[unit.toLowerCase()] ?? 0);
}

function kibibytes(text: string | undefined): number {
  return (Number.parseInt(text ?? '', 10) || 0) * 1024;
}

function amount(text: string | undefined): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : 0;
}
