import {
  type Consolidation,
  type FleetMachine,
  type FleetRow,
  type FleetTable,
  fleetTable,
  type Prices,
} from '../../capacity/index.ts';

/** By what machines can be sorted; the first is how it begins. */
export const fleetSorts = ['waste', 'name', 'grade', 'cores', 'memory', 'age'] as const;
export type FleetSort = (typeof fleetSorts)[number];

/** By what a fleet is told. */
export interface FleetTerms {
  readonly silentAfterMs: number;
  readonly prices?: Prices;
}

/** All that the fleet pane shows. */
export interface FleetState {
  readonly size: { readonly columns: number; readonly rows: number };
  readonly now: number;
  readonly terms: FleetTerms;
  readonly machines: readonly FleetMachine[];
  readonly table: FleetTable;
  readonly view: 'machines' | 'moves';
  /** The name of a machine; undefined: the first one, whichever that is. */
  readonly selected?: string;
  /** The first move on the screen. */
  readonly scroll: number;
  readonly sort: FleetSort;
  readonly filter: string;
  readonly isTyping: boolean;
  readonly isHelpOpen: boolean;
  readonly notice?: { readonly tone: 'good' | 'warn' | 'bad'; readonly text: string };
  readonly plan?: Consolidation;
  /** The share (0..1) that is done of a plan in the making. */
  readonly planning?: number;
}

export type FleetMsg =
  | { readonly type: 'machines'; readonly machines: readonly FleetMachine[]; readonly now: number }
  | { readonly type: 'resized'; readonly size: FleetState['size'] }
  | { readonly type: 'planning'; readonly share: number }
  | { readonly type: 'planned'; readonly plan: Consolidation }
  | { readonly type: 'notice'; readonly notice: NonNullable<FleetState['notice']> }
  | { readonly type: 'key'; readonly key: string }
  | { readonly type: 'paste'; readonly text: string };

export type FleetCommand =
  | { readonly type: 'quit' | 'redraw' | 'suspend' | 'stop-planning' }
  | { readonly type: 'visit'; readonly name: string }
  | { readonly type: 'plan'; readonly machines: readonly FleetMachine[]; readonly now: number };

type Next = readonly [FleetState, readonly FleetCommand[]];

/** Before anything is known. */
export function initialFleet(
  size: FleetState['size'],
  { now, terms }: { readonly now: number; readonly terms: FleetTerms },
): FleetState {
  const base = { view: 'machines', scroll: 0, sort: 'waste', filter: '' } as const;
  const table = fleetTable([], { ...terms, now });
  return { ...base, size, now, terms, machines: [], table, isTyping: false, isHelpOpen: false };
}

/** What becomes of the pane, and what is to be done then. */
export function updateFleet(state: FleetState, msg: FleetMsg): Next {
  switch (msg.type) {
    case 'machines': {
      const { machines, now } = msg;
      return [{ ...state, machines, now, table: fleetTable(machines, { ...state.terms, now }) }, []];
    }
    case 'resized':
      return [{ ...state, size: msg.size }, []];
    case 'planning':
      return [state.planning === undefined ? state : { ...state, planning: msg.share }, []];
    case 'planned': {
      if (state.planning === undefined) return [state, []]; // nobody wants it any more
      const { notice: _, planning: _done, ...rest } = state;
      return [{ ...rest, plan: msg.plan, view: 'moves', scroll: 0 }, []];
    }
    case 'notice':
      return [{ ...state, notice: msg.notice }, []];
    case 'paste':
      return [state.isTyping ? { ...state, filter: state.filter + msg.text.replace(/\s+/g, '') } : state, []];
    case 'key':
      return onKey(state, msg.key);
  }
}

/** The machines that match the filter, in the order that was asked for. */
export function shownMachines({ table, filter, sort }: FleetState): readonly FleetRow[] {
  const wanted = filter.toLowerCase();
  const rows = table.rows.filter(({ name, hostname = '', machine = '', status, grade = '' }) =>
    wanted === '' ? true : `${name} ${hostname} ${machine} ${status} ${grade}`.toLowerCase().includes(wanted),
  );
  const order = orders[sort];
  return order === undefined ? rows : [...rows].sort(order);
}

const orders: Readonly<Record<FleetSort, ((a: FleetRow, b: FleetRow) => number) | undefined>> = {
  waste: undefined, // as the table comes
  name: (a, b) => (a.name < b.name ? -1 : 1),
  grade: (a, b) => (b.grade ?? '').localeCompare(a.grade ?? ''),
  cores: (a, b) => (b.cpu?.wasted ?? -1) - (a.cpu?.wasted ?? -1),
  memory: (a, b) => (b.memory?.wasted ?? -1) - (a.memory?.wasted ?? -1),
  age: (a, b) => (b.ageMs ?? Number.POSITIVE_INFINITY) - (a.ageMs ?? Number.POSITIVE_INFINITY),
};

/** Where the cursor is among these rows. */
export function selectedIndex({ selected }: FleetState, rows: readonly FleetRow[]): number {
  return Math.max(
    0,
    rows.findIndex(({ name }) => name === selected),
  );
}

/** How many rows the parts of the screen have. */
export function fleetLayout({ isHelpOpen, size: { rows } }: FleetState) {
  const bars = isHelpOpen && rows < 22 ? 0 : rows >= 18 ? 5 : 2;
  const detail = rows >= 34 ? 12 : rows >= 22 ? 6 : 0;
  return { bars, list: Math.max(3, rows - 2 - bars - detail), detail };
}

/** Rows of the list that are on the screen at once: its box and its head are not. */
export function listRoom(state: FleetState): number {
  return Math.max(1, fleetLayout(state).list - 3);
}

function onKey(before: FleetState, key: string): Next {
  const { notice: _, ...state } = before;
  if (key === 'ctrl+c') return [state, [{ type: 'quit' }]];
  if (key === 'ctrl+l') return [state, [{ type: 'redraw' }]];
  if (key === 'ctrl+z') return [state, [{ type: 'suspend' }]];
  if (state.isTyping) return [typed(state, key), []];
  if (state.planning !== undefined && (key === 'escape' || key === 'm')) return onStopPlanning(state);
  if (state.isHelpOpen) return [{ ...state, isHelpOpen: false }, []];
  switch (key) {
    case 'q':
      return [state, [{ type: 'quit' }]];
    case '?':
    case 'f1':
      return [{ ...state, isHelpOpen: true }, []];
    case '/':
      return [{ ...state, view: 'machines', isTyping: true }, []];
    case 'escape':
      return [state.view === 'moves' ? { ...state, view: 'machines' } : { ...state, filter: '' }, []];
    case 's':
      return [
        { ...state, sort: fleetSorts[(fleetSorts.indexOf(state.sort) + 1) % fleetSorts.length] ?? 'waste' },
        [],
      ];
    case 'm':
      return onPlan(state);
    case 'enter':
      return onEnter(state);
    default:
      return [moved(state, key), []];
  }
}

function onPlan(state: FleetState): Next {
  if (state.view === 'moves') return [{ ...state, view: 'machines' }, []];
  return [{ ...state, planning: 0 }, [{ type: 'plan', machines: state.machines, now: state.now }]];
}

function onStopPlanning(state: FleetState): Next {
  const { planning: _, ...rest } = state;
  return [rest, [{ type: 'stop-planning' }]];
}

function onEnter(state: FleetState): Next {
  if (state.view === 'moves') return [state, []];
  const rows = shownMachines(state);
  const row = rows[selectedIndex(state, rows)];
  return row === undefined ? [state, []] : [state, [{ type: 'visit', name: row.name }]];
}

function typed(state: FleetState, key: string): FleetState {
  if (key === 'enter') return { ...state, isTyping: false };
  if (key === 'escape') return { ...state, isTyping: false, filter: '' };
  if (key === 'backspace') return { ...state, filter: state.filter.slice(0, -1) };
  if (key === 'ctrl+u') return { ...state, filter: '' };
  return [...key].length === 1 ? { ...state, filter: state.filter + key } : state;
}

function moved(state: FleetState, key: string): FleetState {
  const page = listRoom(state);
  const steps: Readonly<Record<string, number>> = {
    ...{ up: -1, k: -1, down: 1, j: 1, pageup: -page, 'ctrl+b': -page, pagedown: page, 'ctrl+f': page },
    ...{ home: Number.NEGATIVE_INFINITY, g: Number.NEGATIVE_INFINITY },
    ...{ end: Number.POSITIVE_INFINITY, G: Number.POSITIVE_INFINITY },
  };
  const step = steps[key];
  if (step === undefined) return state;
  if (state.view === 'moves') {
    const last = Math.max(0, (state.plan?.moves.length ?? 0) - page);
    return { ...state, scroll: Math.max(0, Math.min(last, state.scroll + step)) };
  }
  const rows = shownMachines(state);
  const index = Math.max(0, Math.min(rows.length - 1, selectedIndex(state, rows) + step));
  const name = rows[index]?.name;
  return name === undefined ? state : { ...state, selected: name };
}
