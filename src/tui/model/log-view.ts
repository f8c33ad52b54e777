import { detailRows, layoutOf } from './layout.ts';
import type { Command, Next } from './messages.ts';
import type { LogView, State } from './state.ts';

/** Scrolls the logs by lines; reaching the end follows it again. */
export function scrollLogs(state: State, by: number): State {
  const { logs } = state;
  if (logs === undefined) return state;
  const height = logRows(state);
  const from = logs.top ?? logs.store.end - height;
  const to = Math.max(logs.store.first, from + by);
  const top = to >= logs.store.end - height ? undefined : to;
  return withLogs(state, { top });
}

/** Switches one of the ways in which logs are shown. */
export function toggleLogs(state: State, what: 'follow' | 'timestamps' | 'wrap'): State {
  const { logs } = state;
  if (logs === undefined) return state;
  if (what === 'wrap') return withLogs(state, { wrap: !logs.wrap, left: 0 });
  if (what === 'timestamps') return withLogs(state, { timestamps: !logs.timestamps });
  const top =
    logs.top === undefined ? Math.max(logs.store.first, logs.store.end - logRows(state)) : undefined;
  return withLogs(state, { top });
}

/** Times that logs can be read of, in milliseconds; undefined: of all. */
export const logTimes: readonly (number | undefined)[] = [
  undefined,
  60_000,
  5 * 60_000,
  15 * 60_000,
  30 * 60_000,
  3_600_000,
  86_400_000,
];

/** Asks for the logs of a container, of the time that is looked at. */
export function readLogs(state: State, container: string): Command {
  const since = state.logSince === undefined ? {} : { sinceMs: state.logSince };
  return { type: 'follow-logs', container, ...since };
}

/** Shows the logs of another time. */
export function logsSince(state: State, logSince: number | undefined): Next {
  const next = { ...state, logSince };
  return [next, state.logs === undefined ? [] : [readLogs(next, state.logs.container)]];
}

/** Looks for the text in the logs and shows its newest match. Empty text ends the search. */
export function searchLogs(state: State, text: string): State {
  if (state.logs === undefined) return state;
  const matches = text === '' ? [] : state.logs.store.search(text);
  return jumpToMatch(withLogs(state, { search: text, matches }), 0);
}

/** Shows another match: the next older one for 1, the next newer one for -1, the newest for 0. */
export function jumpToMatch(state: State, step: 1 | -1 | 0): State {
  const { logs } = state;
  if (logs === undefined) return state;
  const half = Math.floor(logRows(state) / 2);
  const middle = logs.top === undefined ? logs.store.end : logs.top + half;
  const { matches } = logs;
  const line =
    step === 0
      ? matches[0]
      : step === 1
        ? matches.find(one => one < middle)
        : matches.findLast(one => one > middle);
  return line === undefined ? state : withLogs(state, { top: Math.max(logs.store.first, line - half) });
}

/** Lines of logs on the screen. */
export function logRows(state: State): number {
  return detailRows(layoutOf({ ...state, focus: 'detail' }));
}

function withLogs(state: State, change: Partial<LogView>): State {
  return state.logs === undefined ? state : { ...state, logs: { ...state.logs, ...change } };
}
