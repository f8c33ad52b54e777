import { readLogs } from './log-view.ts';
import type { Command, Next } from './messages.ts';
import { currentTab, selectedRow, visibleRows } from './selectors.ts';
import type { ListView, State } from './state.ts';

/**
 * Keeps the cursor on its row wherever that moves to; near where it was, on the next neighbour, when the row has gone.
 * Where the newest come first (builds, events) it stays on the first until it is moved.
 */
export function keepSelection(state: State, before: State): State {
  const rows = visibleRows(state);
  const view = state.lists[state.noun];
  if (state.noun === 'capacity' && view.selected === undefined) return state; // the most urgent
  const newestFirst = state.noun === 'builds' || state.noun === 'events';
  if (view.selected === undefined) return newestFirst ? state : select(state, rows[0]?.id);
  if (rows.some(row => row.id === view.selected)) return state;
  const old = visibleRows(before);
  const index = old.findIndex(row => row.id === view.selected);
  if (index < 0) return state; // not in the list yet: a build just begun is announced before it is listed
  const neighbour = rows[Math.min(index, rows.length - 1)];
  return select(state, neighbour?.id);
}

/** The state with this row selected. */
export function select(state: State, id: string | undefined): State {
  return withList(state, { selected: id });
}

/** The state with its current list looked at otherwise. */
export function withList(state: State, change: Partial<ListView>): State {
  const view = { ...state.lists[state.noun], ...change };
  return { ...state, lists: { ...state.lists, [state.noun]: view } };
}

/** Adds what must be read because another thing, or another tab of it, is looked at than before. */
export function withSelection(state: State, before: State, commands: readonly Command[]): Next {
  const now = lookedAt(state);
  if (now.key === lookedAt(before).key) return [state, commands];
  const sameThing = now.thing === lookedAt(before).thing;
  return [sameThing ? state : { ...state, detailScroll: undefined }, [...commands, ...now.commands]];
}

interface LookedAt {
  readonly key: string;
  readonly thing: string;
  readonly commands: readonly Command[];
}

function lookedAt(state: State): LookedAt {
  const row = selectedRow(state);
  const tab = currentTab(state);
  if (row === undefined) return { key: state.noun, thing: '', commands: [] };
  const thing = `${row.noun} ${row.id}`;
  const startedAt = row.noun === 'containers' ? (row.item.state.startedAt ?? 0) : 0;
  const status = row.noun === 'containers' ? row.item.state.status : '';
  const running = row.noun === 'builds' ? row.item.state === 'running' : false;
  return {
    key: `${thing} ${tab} ${tab === 'logs' ? startedAt : status} ${running}`,
    thing,
    commands: readsFor(state, row.id, tab),
  };
}

function readsFor(state: State, id: string, tab: string): Command[] {
  if (state.noun === 'images') {
    const read: Command = { type: 'read-image', image: id };
    return tab === 'layers' ? [read, { type: 'read-waste', image: id }] : [read];
  }
  if (state.noun === 'builds') return state.build?.id === id ? [] : [{ type: 'follow-build', build: id }];
  if (state.noun === 'events') return [];
  if (state.noun === 'capacity') return whyReads(state, id, tab);
  if (tab === 'logs') return [readLogs(state, id)];
  if (tab === 'top') return [{ type: 'read-processes', container: id }];
  return tab === 'stats' ? [] : [{ type: 'read-details', container: id }];
}

function whyReads(state: State, id: string, tab: string): Command[] {
  const name = state.capacity?.advised.find(one => one.id === id)?.name;
  return tab === 'why' && name !== undefined ? [{ type: 'read-why', target: { id, name } }] : [];
}
