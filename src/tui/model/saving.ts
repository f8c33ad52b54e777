import type { Next } from './messages.ts';
import { buildName, currentTab, logsHaveKeys, selectedRow, visibleRows } from './selectors.ts';
import type { State } from './state.ts';
import { tableCsv } from './table-csv.ts';

/** Asks for a file of what is looked at: logs, the output of a build, else the list with all its columns as CSV. */
export function saveShown(state: State): Next {
  const row = selectedRow(state);
  const { build, logs } = state;
  if (logsHaveKeys(state)) {
    if (logs === undefined || logs.container !== row?.id) return [state, []];
    const { store, timestamps: times } = logs;
    const what = `${countOf(store.end - store.first, 'line')} of "${row.name}"`;
    return [state, [{ type: 'save-lines', name: row.name, what, store, times }]];
  }
  if (row?.noun === 'builds' && state.focus === 'detail' && currentTab(state) === 'log') {
    if (build?.id !== row.id) return [state, []];
    const { output: store } = build;
    const what = `${countOf(store.end - store.first, 'line')} of the build of "${row.name}"`;
    return [state, [{ type: 'save-lines', name: buildName(row.item), what, store, times: true }]];
  }
  const rows = visibleRows(state);
  const what = countOf(rows.length, 'row');
  return [state, [{ type: 'save-text', name: state.noun, what, text: tableCsv(state, rows) }]];
}

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
