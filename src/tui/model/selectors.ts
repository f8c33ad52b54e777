import type { AdvisedContainer } from '../../capacity/index.ts';
import type { BuildRecord, ContainerSummary, ImageSummary, Neighbour } from '../../engine/index.ts';
import { shortReference } from './format.ts';
import type { KeyContext } from './keymap.ts';
import { neighbourOf, neighbourRow } from './neighbours.ts';
import { detailTabs, type EventRow, type Noun, type State, type Target } from './state.ts';

/** A row of the list that is shown, whatever its kind. */
export type Row =
  | {
      readonly noun: 'containers';
      readonly id: string;
      readonly name: string;
      readonly item: ContainerSummary;
    }
  | { readonly noun: 'images'; readonly id: string; readonly name: string; readonly item: ImageSummary }
  | { readonly noun: 'builds'; readonly id: string; readonly name: string; readonly item: BuildRecord }
  | { readonly noun: 'events'; readonly id: string; readonly name: string; readonly item: EventRow }
  | {
      readonly noun: 'capacity';
      readonly id: string;
      readonly name: string;
      readonly item: AdvisedContainer;
    };

/** Columns that a list can be sorted by, in the order of the table. */
export const sortKeys: Readonly<Record<Noun, readonly string[]>> = {
  containers: ['state', 'name', 'image', 'cpu', 'memory', 'net', 'created'],
  images: ['name', 'size', 'unique', 'created'],
  builds: ['started', 'name', 'state'],
  events: ['time'],
  capacity: ['advice', 'name', 'cores', 'memory'],
};

/** The rows of a list, filtered and sorted. */
export function visibleRows(state: State, noun: Noun = state.noun): readonly Row[] {
  const view = state.lists[noun];
  const filtered = allRows(state, noun).filter(row => matches(row, view.filter));
  if (noun === 'events') return filtered;
  const direction = view.sort.descending ? -1 : 1;
  const keyed = filtered.map(row => ({ row, key: sortValue(state, row, view.sort.key) }));
  const group = (row: Row) => (state.neighbours?.has(row.id) && noun === 'containers' ? 1 : 0);
  keyed.sort(
    (a, b) =>
      group(a.row) - group(b.row) || direction * compare(a.key, b.key) || compare(a.row.name, b.row.name),
  );
  return keyed.map(({ row }) => row);
}

/** The selected row of the list: the one that was chosen while it is there, else the first. */
export function selectedRow(state: State, rows: readonly Row[] = visibleRows(state)): Row | undefined {
  const { selected } = state.lists[state.noun];
  return rows.find(row => row.id === selected) ?? rows[0];
}

/** What an action is for: the marked rows, else the selected one. */
export function targets(state: State): readonly Target[] {
  const rows = visibleRows(state);
  const { marked } = state.lists[state.noun];
  const chosen = rows.filter(row => marked.has(row.id));
  const selected = selectedRow(state, rows);
  const list = chosen.length > 0 ? chosen : selected === undefined ? [] : [selected];
  return list.map(({ id, name }) => ({ id, name }));
}

/** The container that is selected, if containers are shown. */
export function selectedContainer(state: State): ContainerSummary | undefined {
  const row = selectedRow(state);
  return row?.noun === 'containers' ? row.item : undefined;
}

/** The tab that the detail pane shows. */
export function currentTab(state: State): string {
  if (selectedNeighbour(state) !== undefined) return 'stats'; // all that is known of it
  const tabs: readonly string[] = detailTabs[state.noun];
  return tabs[state.tabs[state.noun]] ?? tabs[0] ?? '';
}

/** The selected container, if it is another engine's. */
export function selectedNeighbour(state: State): Neighbour | undefined {
  if (state.noun !== 'containers' || state.neighbours === undefined) return undefined;
  return neighbourOf(state, selectedRow(state)?.id);
}

/** True when keys for logs mean logs. */
export function logsHaveKeys(state: State): boolean {
  return state.focus === 'detail' && state.noun === 'containers' && currentTab(state) === 'logs';
}

/** Contexts in which a key is looked up, the narrowest first. */
export function keyContexts(state: State): readonly KeyContext[] {
  const logs: KeyContext[] = logsHaveKeys(state) ? ['logs'] : [];
  return [...logs, state.noun, state.focus, 'everywhere'];
}

/** Rows of a list before the filter: the count in its title. */
export function allRows(state: State, noun: Noun): readonly Row[] {
  switch (noun) {
    case 'containers':
      return [...state.containers.filter(item => state.showAll || isUp(item)), ...neighbourRows(state)].map(
        item => ({ noun, id: item.id, name: item.name, item }),
      );
    case 'images':
      return state.images.map(item => ({
        ...{ noun, id: item.id, item },
        name: imageName(item, state.lists.images.filter),
      }));
    case 'builds':
      return state.builds.map(item => ({ noun, id: item.id, name: buildName(item), item }));
    case 'events':
      return state.events.map(item => ({ noun, id: String(item.seq), name: item.name, item }));
    case 'capacity':
      return (state.capacity?.advised ?? []).map(item => ({ noun, id: item.id, name: item.name, item }));
  }
}

function neighbourRows({ neighbours }: State): ContainerSummary[] {
  return [...(neighbours?.values() ?? [])].map(({ neighbour }) => neighbourRow(neighbour));
}

/** What an image is called: the first of its references that the filter is about, else the first, else its short id. */
export function imageName({ id, references }: ImageSummary, filter = ''): string {
  const meant = references.find(reference => containsWords(reference, filter)) ?? references[0];
  return meant === undefined ? `<none> ${id.slice(7, 19)}` : shortReference(meant);
}

/** What a build is called: its first tag, else its folder. */
export function buildName(build: BuildRecord): string {
  const [tag] = build.tags;
  return tag === undefined ? build.context : shortReference(tag);
}

/** Running, paused or about to run again. */
export function isUp(container: ContainerSummary): boolean {
  return ['running', 'paused', 'restarting'].includes(container.state.status);
}

function matches(row: Row, filter: string): boolean {
  return filter === '' || containsWords(searchText(row), filter);
}

/** True if the text has all words of a filter, and none of those after an exclamation mark. */
function containsWords(text: string, filter: string): boolean {
  const whole = text.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every(word => (word.startsWith('!') ? !whole.includes(word.slice(1)) : whole.includes(word)));
}

function searchText(row: Row): string {
  switch (row.noun) {
    case 'containers':
      return `${row.name} ${row.item.imageName} ${row.item.state.status} ${row.id.slice(0, 12)}`;
    case 'images':
      return `${row.item.references.join(' ')} ${row.id}`;
    case 'builds':
      return `${row.name} ${row.item.state} ${row.item.context}`;
    case 'events':
      return `${row.item.type} ${row.item.action} ${row.name}`;
    case 'capacity':
      return `${row.name} ${row.item.advice.verdict}`;
  }
}

/** One that restarts over and over keeps its place. */
const stateOrder: Readonly<Record<ContainerSummary['state']['status'], number>> = {
  running: 0,
  restarting: 0,
  paused: 1,
  created: 2,
  removing: 3,
  exited: 3,
  dead: 4,
};

function sortValue(state: State, row: Row, key: string): string | number {
  switch (row.noun) {
    case 'containers': {
      const usage = state.usages.get(row.id);
      if (key === 'cpu') return usage?.cpuCores ?? -1;
      if (key === 'memory') return usage?.memory.workingSetBytes ?? -1;
      if (key === 'net')
        return usage === undefined ? -1 : usage.networkRxPerSecond + usage.networkTxPerSecond;
      if (key === 'created') return -(row.item.state.startedAt ?? row.item.created);
      if (key === 'image') return row.item.imageName;
      return key === 'state' ? stateOrder[row.item.state.status] : row.name;
    }
    case 'images':
      if (key === 'size') return row.item.sizeBytes;
      if (key === 'unique') return row.item.uniqueBytes;
      return key === 'created' ? row.item.created : row.name;
    case 'builds':
      if (key === 'state') return row.item.state;
      return key === 'started' ? row.item.started : row.name;
    case 'events':
      return row.item.time;
    case 'capacity':
      if (key === 'cores') return row.item.advice.cpu?.frees ?? -1;
      if (key === 'memory') return row.item.advice.memory?.frees ?? -1;
      return key === 'name' ? row.name : (state.capacity?.advised.indexOf(row.item) ?? 0);
  }
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

/** The first row on screen, so that the selected one is seen with some rows about it. */
export function windowStart(index: number, count: number, height: number): number {
  if (count <= height) return 0;
  const middle = index - Math.floor(height / 2);
  return Math.max(0, Math.min(middle, count - height));
}
