import type { LogHistogram } from '../../lib/log-histogram.ts';
import type { StatsFrame } from '../stats/index.ts';

/** What one container, or the machine, has used over some time. */
export interface UsageHistory {
  /** When the first and the last of it was measured: milliseconds since the epoch, to a quarter of an hour. */
  readonly first: number;
  readonly last: number;
  /** How many measurements it is made of. */
  readonly points: number;
  /** Cores, weighted by the seconds that a measurement stands for. Of the machine: with what was stolen. */
  readonly cpu: LogHistogram;
  /** Bytes of working set. Of the machine: total less available. */
  readonly memory: LogHistogram;
  /** The highest use of memory that the kernel has recorded; 0 where it records none. */
  readonly peakBytes: number;
  readonly oomKills: number;
  /** Scheduling periods in which it ran under a limit, and those of them in which it had to wait. */
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly networkBytes: number;
  readonly blockBytes: number;
}

/** One column of a chart. What was not measured has no point: a gap stays a gap. */
export interface HistoryPoint {
  readonly time: number;
  readonly cpuMean: number;
  readonly cpuMax: number;
  readonly memoryMean: number;
  readonly memoryMax: number;
}

/** From `since` to `until` (default: now), in milliseconds since the epoch. */
export interface HistoryWindow {
  readonly since: number;
  readonly until?: number;
}

/** Writes frames down, if it is the one process of the root that does. Disposing of it writes what it still holds. */
export interface HistoryRecorder extends AsyncDisposable {
  /** True while this one writes; another takes over within some ten seconds after that one has ended. */
  readonly writes: boolean;
  add(frame: StatsFrame): void;
}

/** The id by which the machine itself is found in a history. */
export const machineId = 'machine';

/** Reading never waits for who writes, and never fails because nothing has been written yet. */
export interface HistoryService {
  /** Becomes the recorder of the root, or stands by for it. `report` is told once if writing fails. */
  record(options?: { report?: (error: unknown) => void }): HistoryRecorder;
  /** By container id, and `machine`. The window begins at a quarter of an hour where it is longer than an hour. */
  usage(window: HistoryWindow, id?: string): Map<string, UsageHistory>;
  /** A chart of about `points` columns, the oldest first. */
  chart(id: string, window: HistoryWindow, points: number): HistoryPoint[];
}
