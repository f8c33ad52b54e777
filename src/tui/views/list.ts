import { type Column, type Line, panel, type Span, type Theme, tableLines } from '../components/index.ts';
import {
  allRows,
  type Layout,
  listRows,
  nouns,
  type Row,
  type State,
  selectedRow,
  visibleRows,
  windowStart,
} from '../model/index.ts';
import { adviceColumns } from './advice-columns.ts';
import { type ContainerRow, containerColumns } from './containers.ts';
import { staleAge } from './header.ts';
import { buildColumns, eventColumns, imageColumns } from './other-columns.ts';

/** The list of containers, images, builds or events in its box; only the rows on screen are made. */
export function listPanel(state: State, layout: Layout, theme: Theme): string[] {
  const { width, height } = layout.list;
  if (height === 0) return [];
  const rows = visibleRows(state);
  const index = rows.findIndex(row => row.id === selectedRow(state, rows)?.id);
  const room = listRows(layout);
  const start = windowStart(index, rows.length, room);
  const { head, rows: lines } = table(state, rows.slice(start, start + room), width - 3, theme);
  const body = lines.length === 0 ? emptyLines(state) : lines;
  return panel(
    [head, ...body],
    {
      title: titleSpans(state, width),
      aside: asideSpans(state, rows.length),
      foot: rows.length > room ? [[`${index + 1} of ${rows.length}`, 'dim']] : [],
      width,
      height,
      focused: state.focus === 'list' && state.overlay === undefined,
    },
    theme,
  );
}

function titleSpans(state: State, width: number): Span[] {
  return nouns.flatMap((noun, i): Span[] => {
    const current = noun === state.noun;
    const count = allRows(state, noun).length;
    const space: Span[] = i === 0 ? [] : [[width >= 60 ? '  ' : ' ']];
    const short = !current && width < 64;
    if (noun === 'capacity' && short && width < 48) return []; // the help has it
    const key = noun === 'capacity' ? 'c' : String(i + 1); // 5 to 9 are the tabs
    const label = short ? `${key} ${noun.slice(0, 3)}` : `${key} ${noun}`;
    const many: Span[] =
      noun === 'events' || noun === 'capacity' || short ? [] : [[` ${count}`, current ? 'accent' : 'faint']];
    return [...space, [label, current ? 'key' : 'dim'], ...many];
  });
}

function asideSpans(state: State, shown: number): Span[] {
  const { filter, marked } = state.lists[state.noun];
  const spans: Span[] = [];
  if (marked.size > 0) spans.push([`${marked.size} marked `, 'accent']);
  if (filter !== '') spans.push(['/', 'key'], [filter], [` ${shown}`, 'dim']);
  else if (state.noun === 'containers' && !state.showAll) spans.push(['running only', 'dim']);
  return spans;
}

function emptyLines(state: State): Line[] {
  if (state.lists[state.noun].filter !== '') return hint('Nothing matches the filter.', 'esc', 'clears it');
  if (state.engine === 'opening') return [{ spans: [[' opening the engine', 'dim']] }];
  switch (state.noun) {
    case 'containers':
      return [
        ...hint('No containers yet.', 'b', 'builds a Dockerfile'),
        ...hint('', 'R', 'runs an image'),
        ...hint('', ':', 'has every action, such as the demo: five small services'),
      ];
    case 'images':
      return [
        ...hint('No images yet.', 'b', 'builds a Dockerfile'),
        ...hint('', ':', 'bootstraps busybox or Debian'),
      ];
    case 'builds':
      return hint('Nothing was built yet.', 'b', 'builds a Dockerfile');
    case 'events':
      return [{ spans: [[' Nothing has happened yet.', 'dim']] }];
    case 'capacity':
      return [{ spans: [[' No container runs, so there is nothing to advise on.', 'dim']] }];
  }
}

function hint(text: string, key: string, does: string): Line[] {
  const lead: Line[] = text === '' ? [] : [{ spans: [] }, { spans: [[` ${text}`]] }];
  return [...lead, { spans: [[' '], [key.padStart(4), 'key'], [`  ${does}`, 'dim']] }];
}

function table(
  state: State,
  rows: readonly Row[],
  width: number,
  theme: Theme,
): { head: Line; rows: Line[] } {
  const { sort } = state.lists[state.noun];
  const shared = { width, sort, theme };
  switch (state.noun) {
    case 'containers': {
      const items = rows.flatMap(row => (row.noun === 'containers' ? [containerRow(state, row)] : []));
      const look = (row: ContainerRow): Line['look'] => lookOf(state, row.container.id);
      return tableLines({ ...shared, columns: containerColumns(state, theme), rows: items, look });
    }
    case 'images': {
      const items = rows.flatMap(row => (row.noun === 'images' ? [row.item] : []));
      return tableLines({
        ...shared,
        columns: marked(state, imageColumns(state), theme),
        rows: items,
        look: item => lookOf(state, item.id),
      });
    }
    case 'builds': {
      const items = rows.flatMap(row => (row.noun === 'builds' ? [row.item] : []));
      return tableLines({
        ...shared,
        columns: buildColumns(state, theme),
        rows: items,
        look: item => lookOf(state, item.id),
      });
    }
    case 'events': {
      const items = rows.flatMap(row => (row.noun === 'events' ? [row.item] : []));
      return tableLines({
        ...shared,
        columns: eventColumns(),
        rows: items,
        look: item => lookOf(state, String(item.seq)),
      });
    }
    case 'capacity': {
      const items = rows.flatMap(row => (row.noun === 'capacity' ? [row.item] : []));
      const columns = marked(state, adviceColumns(theme), theme);
      return tableLines({ ...shared, columns, rows: items, look: item => lookOf(state, item.id) });
    }
  }
}

function marked<R extends { readonly id: string }>(
  state: State,
  columns: readonly Column<R>[],
  theme: Theme,
): readonly Column<R>[] {
  const marks = state.lists[state.noun].marked;
  if (marks.size === 0) return columns;
  const cell = (row: R): Span[] => (marks.has(row.id) ? [[theme.glyphs.mark, 'accent']] : []);
  return [{ key: 'mark', title: '', width: 1, priority: 0, cell }, ...columns];
}

function containerRow(state: State, row: Extract<Row, { noun: 'containers' }>): ContainerRow {
  return {
    container: row.item,
    usage: state.usages.get(row.id),
    history: state.histories.get(row.id),
    marked: state.lists.containers.marked.has(row.id),
    doing: state.operations.find(operation => operation.target === row.id)?.label.split(' ')[0],
  };
}

function lookOf(state: State, id: string): Line['look'] {
  if (selectedRow(state)?.id === id) return state.focus === 'list' ? 'selected' : 'unfocused';
  return staleAge(state) === undefined ? undefined : 'stale';
}
