import { advisedLimits, limitRequest, limitWords } from '../../capacity/index.ts';
import type { ContainerLimits, LimitChange } from '../../engine/index.ts';
import type { Command, Next } from './messages.ts';
import { select } from './selection.ts';
import { selectedRow, targets } from './selectors.ts';
import { chartWindows, type Notice, type State } from './state.ts';

/** The pane's figures are read again this often: they stand on hours and days. */
const rereadMs = 30_000;

/** Has the pane's figures read, once there are figures of this moment to go with them. */
export function readCapacity(state: State): Next {
  return [state, capacityReads(state)];
}

/** The same, if the pane is looked at and what it shows is old. */
export function rereads(state: State): readonly Command[] {
  const age = state.now - (state.capacity?.readAt ?? 0);
  return state.noun === 'capacity' && (age >= rereadMs || age < 0) ? capacityReads(state) : [];
}

/** Has the charts of the next longer time read; after the longest, of the shortest. */
export function lengthenCharts(state: State): Next {
  const shown = chartWindows.indexOf(shownWindow(state) ?? 0);
  const chartWindow = ((state.chartWindow ?? shown) + 1) % chartWindows.length;
  return readCapacity({ ...state, chartWindow });
}

/** Milliseconds that the charts show; undefined before they are read. */
export function shownWindow({ capacity }: State): number | undefined {
  return capacity === undefined ? undefined : capacity.machine.until - capacity.machine.since;
}

/** Asks whether the limits of the chosen containers shall be changed, and shows to what. */
export function confirmAdvice(state: State): Next {
  const chosen = new Set(targets(state).map(({ id }) => id));
  const rows = (state.capacity?.advised ?? []).filter(({ id }) => chosen.has(id));
  const able = rows.flatMap(row => {
    const request = limitRequest(row);
    return request === undefined ? [] : [{ row, request }];
  });
  if (rows.length === 0) return [state, []];
  const elsewhere = able.length === 0 ? rows.find(row => row.elsewhere !== undefined)?.elsewhere : undefined;
  if (elsewhere !== undefined)
    return warned(
      state,
      `Limits of ${elsewhere.engine}'s containers are its own to change: plimsoll advise --export docker`,
    );
  if (able.length === 0) return warned(state, 'There is not enough data for advice yet');
  const preview = able.map(({ row, request }) => previewLine(row.name, row.limits, request.change));
  const choice = { of: 'apply', requests: able.map(({ request }) => request), preview } as const;
  return [{ ...pinned(state), overlay: { kind: 'choice', choice, index: 0 } }, []];
}

/** Asks in which form the advised limits of the chosen containers shall be copied. */
export function chooseForm(state: State): Next {
  const chosen = new Set(targets(state).map(({ id }) => id));
  const limits = advisedLimits((state.capacity?.advised ?? []).filter(({ id }) => chosen.has(id)));
  if (limits.length === 0) return warned(state, 'There is not enough data for advice yet');
  return [{ ...pinned(state), overlay: { kind: 'choice', choice: { of: 'copy', limits }, index: 1 } }, []];
}

/** What is looked at stays selected, wherever new advice moves it to. */
export function pinned(state: State): State {
  return select(state, selectedRow(state)?.id);
}

/** Asks whether limits shall be given back, and shows to what. */
export function confirmUndo(state: State, changes: readonly LimitChange[]): Next {
  if (changes.length === 0) return warned(state, 'No limits were changed that could be given back');
  const preview = changes.map(({ container, before, change }) =>
    previewLine(container.name, { ...before, ...change }, before),
  );
  const choice = { of: 'undo', changes, preview } as const;
  return [{ ...state, overlay: { kind: 'choice', choice, index: 0 } }, []];
}

/** So that a change of limits is seen at the next frame. */
export function outdated(state: State): State {
  return state.capacity === undefined
    ? state
    : { ...state, capacity: { ...state.capacity, readAt: Number.NEGATIVE_INFINITY } };
}

function capacityReads({ host, usages, neighbours, chartWindow }: State): readonly Command[] {
  if (host === undefined) return [];
  const windowMs = chartWindow === undefined ? undefined : chartWindows[chartWindow];
  const containers = new Map([...usages].filter(([id]) => !neighbours?.has(id)));
  const frame = { host, containers, ...(neighbours === undefined ? {} : { neighbours }) };
  return [{ type: 'read-capacity', windowMs, frame }];
}

function previewLine(name: string, before: ContainerLimits, after: ContainerLimits): string {
  const { cores, memory } = limitWords(before, after);
  return `${name}: cores ${cores}, memory ${memory}`;
}

function warned(state: State, text: string): Next {
  const notice: Notice = { tone: 'warn', text, time: state.now };
  return [{ ...state, notice }, []];
}
