/**
 * What the machine and its containers have used, kept on disk in a fixed amount of room: each second of the last hour,
 * each minute of a week, each quarter of an hour and each day of a month.
 *
 *     await using recorder = history.record();
 *     for await (const frame of stats.stream({ signal })) recorder.add(frame);
 *     const week = history.usage({ since: Date.now() - 7 * 86_400_000 });
 *     console.log(week.get(id)?.cpu.quantile(0.95));
 * @module
 */
export { createHistoryService } from './history-service.ts';
export {
  type HistoryPoint,
  type HistoryRecorder,
  type HistoryService,
  type HistoryWindow,
  machineId,
  type UsageHistory,
} from './types.ts';
