import { join } from 'node:path';
import type { Root } from '../store/index.ts';
import { readEntries } from './entries.ts';
import { HistoryFile, type HistoryRow } from './history-file.ts';
import { createRecorder } from './recorder.ts';
import { addRow } from './roll-up.ts';
import { readSlot } from './slot.ts';
import { floorTo, tiers } from './tiers.ts';
import type { HistoryPoint, HistoryService, HistoryWindow, UsageHistory } from './types.ts';
import type { UsageRecord } from './usage-record.ts';

export interface HistoryServiceOptions {
  readonly root: Pick<Root, 'dataDir' | 'runDir'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Most bytes that the history may take: 200 containers need some 200 MB for their month. */
  readonly budgetBytes?: number;
}

const daySeconds = 86_400;
const quarterTier = 2;
const defaultBudget = 256 * 1024 ** 2;

/** The history of a root, in `history.db` of its folder. */
export function createHistoryService(options: HistoryServiceOptions): HistoryService & Disposable {
  const { root, clock, budgetBytes = defaultBudget } = options;
  const path = join(root.dataDir, 'history.db');
  let opened: HistoryFile | undefined;
  const file = () => {
    opened ??= HistoryFile.openForReading(path);
    return opened;
  };
  const secondsOf = ({ since, until = clock() }: HistoryWindow) =>
    [Math.floor(since / 1000), Math.ceil(until / 1000)] as const;
  return {
    record({ report = () => {} } = {}) {
      return createRecorder({ path, lockPath: join(root.runDir, 'locks', 'history'), budgetBytes, report });
    },
    usage(window, id) {
      const open = file();
      if (open === undefined) return new Map();
      return usageOf(open, ...secondsOf(window), id);
    },
    chart(id, window, points) {
      const open = file();
      const [from, until] = secondsOf(window);
      return open === undefined ? [] : chartOf(open, id, { from, until, points });
    },
    [Symbol.dispose]() {
      opened?.[Symbol.dispose]();
      opened = undefined;
    },
  };
}

function usageOf(file: HistoryFile, from: number, until: number, id?: string): Map<string, UsageHistory> {
  const ids = file.series();
  const only = id === undefined ? undefined : numberOf(ids, id);
  if (id !== undefined && only === undefined) return new Map();
  const records = new Map<number, UsageRecord>();
  const seen = new Map<number, Span>();
  for (const { tier, row } of rowsOf(file, tiers.length - 1, from, until)) {
    const whole = { first: row.time, last: row.time + (tiers[tier]?.seconds ?? 0) };
    for (const [series] of readEntries(row.data, only))
      seen.set(series, joinedSpans(seen.get(series), whole));
    addRow(records, tier, row, only);
  }
  const refined = createRefinement(file);
  return new Map(
    [...records].flatMap(([series, record]) => {
      const [name, rough] = [ids.get(series), seen.get(series)];
      if (name === undefined || rough === undefined) return [];
      const span = refined(series, rough);
      return [[name, { ...record, first: span.first * 1000, last: span.last * 1000 }] as const];
    }),
  );
}

/** Seconds since the epoch. */
interface Span {
  readonly first: number;
  readonly last: number;
}

function joinedSpans(before: Span | undefined, after: Span): Span {
  return { first: before?.first ?? after.first, last: after.last };
}

/** Where in its first and its last day a series was seen: a row of a day tells only that it was. */
function createRefinement(file: HistoryFile): (series: number, span: Span) => Span {
  const days = new Map<number, ReadonlyMap<number, Span>>();
  const inDay = (time: number) => {
    const day = floorTo(time, daySeconds);
    const known = days.get(day) ?? spansOf(file, day);
    days.set(day, known);
    return known;
  };
  return (series, { first, last }) => ({
    first: first % daySeconds === 0 ? (inDay(first).get(series)?.first ?? first) : first,
    last: last % daySeconds === 0 ? (inDay(last - 1).get(series)?.last ?? last) : last,
  });
}

/** The parts of a day in which each series was seen, to the quarter of an hour. */
function spansOf(file: HistoryFile, day: number): Map<number, Span> {
  const spans = new Map<number, Span>();
  for (const { time, data } of file.rows(quarterTier, day, day + daySeconds)) {
    const quarter = { first: time, last: time + (tiers[quarterTier]?.seconds ?? 0) };
    for (const [series] of readEntries(data)) spans.set(series, joinedSpans(spans.get(series), quarter));
  }
  return spans;
}

/**
 * The fewest rows that make up a time, in order: coarse ones where there are any, finer ones for what they leave out:
 * the ends, what is going on, and what nobody has rolled up yet.
 */
function* rowsOf(
  file: HistoryFile,
  tier: number,
  from: number,
  until: number,
): Generator<{ tier: number; row: HistoryRow }> {
  const seconds = tiers[tier]?.seconds;
  if (seconds === undefined || from >= until) return;
  // Of the finest tier also the row that has begun before: there is nothing finer.
  const first = tier === 0 ? floorTo(from, seconds) : from;
  let at = from;
  for (const row of file.rows(tier, first, tier === 0 ? until : until - seconds + 1)) {
    yield* rowsOf(file, tier - 1, at, row.time);
    yield { tier, row };
    at = row.time + seconds;
  }
  yield* rowsOf(file, tier - 1, at, until);
}

interface ChartRequest {
  readonly from: number;
  readonly until: number;
  readonly points: number;
}

function chartOf(file: HistoryFile, id: string, { from, until, points }: ChartRequest): HistoryPoint[] {
  const only = numberOf(file.series(), id);
  if (only === undefined) return [];
  const width = Math.max(1, Math.ceil((until - from) / points));
  const coarsest = Math.max(
    0,
    tiers.findLastIndex(({ seconds }) => seconds <= width),
  );
  const columns = new Map<number, Column>();
  for (const { tier, row } of rowsOf(file, coarsest, from, until)) {
    for (const part of tier === 0 ? secondsOfRow(row, only) : [wholeRow(tier, row, only)]) {
      if (part === undefined) continue;
      const time = from + Math.max(0, floorTo(part.time - from, width));
      columns.set(time, joined(columns.get(time), part));
    }
  }
  return [...columns].sort(([a], [b]) => a - b).map(([time, column]) => pointOf(time, column));
}

/** Part of a column: sums and highest values over `seconds`. */
interface Column {
  readonly time: number;
  readonly seconds: number;
  readonly cpu: number;
  readonly cpuMax: number;
  readonly memory: number;
  readonly memoryMax: number;
}

function wholeRow(tier: number, row: HistoryRow, only: number): Column | undefined {
  const records = new Map<number, UsageRecord>();
  addRow(records, tier, row, only);
  const record = records.get(only);
  if (record === undefined) return undefined;
  const { cpu, memory } = record;
  return {
    time: row.time,
    seconds: cpu.count,
    cpu: cpu.mean * cpu.count,
    cpuMax: cpu.max,
    memory: memory.mean * memory.count,
    memoryMax: memory.max,
  };
}

function secondsOfRow({ time, data }: HistoryRow, only: number): Column[] {
  return [...readEntries(data, only)].flatMap(([, reader]) =>
    [...readSlot(reader).points].map(([second, { cpu, memory }]) => ({
      ...{ time: time + second, seconds: 1, cpu, cpuMax: cpu, memory, memoryMax: memory },
    })),
  );
}

function joined(column: Column | undefined, part: Column): Column {
  if (column === undefined) return part;
  return {
    time: column.time,
    seconds: column.seconds + part.seconds,
    cpu: column.cpu + part.cpu,
    cpuMax: Math.max(column.cpuMax, part.cpuMax),
    memory: column.memory + part.memory,
    memoryMax: Math.max(column.memoryMax, part.memoryMax),
  };
}

function pointOf(time: number, { seconds, cpu, cpuMax, memory, memoryMax }: Column): HistoryPoint {
  return {
    time: time * 1000,
    cpuMean: cpu / seconds,
    cpuMax,
    memoryMean: memory / seconds,
    memoryMax,
  };
}

function numberOf(ids: ReadonlyMap<number, string>, id: string): number | undefined {
  return [...ids].find(([, known]) => known === id)?.[0];
}
