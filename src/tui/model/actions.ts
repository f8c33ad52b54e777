import type { Neighbour } from '../../engine/index.ts';
import { toggleBell } from './alerts.ts';
import { chooseForm, confirmAdvice, lengthenCharts, pinned, readCapacity } from './capacity.ts';
import { openForm } from './forms.ts';
import type { Action } from './keymap.ts';
import { detailRows, layoutOf, listRows } from './layout.ts';
import { jumpToMatch, logTimes, scrollLogs, toggleLogs } from './log-view.ts';
import type { Command, ContainerVerb, Next } from './messages.ts';
import { neighbourOf } from './neighbours.ts';
import { saveShown } from './saving.ts';
import { select, withList } from './selection.ts';
import { logsHaveKeys, selectedContainer, selectedRow, sortKeys, targets, visibleRows } from './selectors.ts';
import { detailTabs, type Notice, nouns, type Overlay, type State } from './state.ts';

/** Carries out one action, by key or from the palette. */
export function runAction(state: State, action: Action): Next {
  const theirs = ownActions.has(action) ? chosenNeighbour(state) : undefined;
  if (theirs !== undefined)
    return warn(
      state,
      `"${theirs.name}" is a container of ${theirs.engine}, which is only looked at here`,
      `plimsoll -H ${theirs.address} opens a dashboard on it`,
    );
  switch (action) {
    case 'build':
      return showing(state, { kind: 'form', form: openForm('build', state.remembered.build ?? {}) });
    case 'run':
      return showing(state, { kind: 'form', form: openForm('run', runValues(state)) });
    case 'stop-start':
      return stopOrStart(state);
    case 'restart':
      return containerVerb(state, 'restart');
    case 'pause':
      return pauseOrResume(state);
    case 'kill':
      return withTargets(state, list =>
        showing(state, { kind: 'choice', choice: { of: 'signal', targets: list }, index: 0 }),
      );
    case 'remove':
    case 'remove-force':
      return confirmRemoval(state, action === 'remove-force');
    case 'show-logs':
      return [tabNamed(state, state.noun === 'builds' ? 'log' : 'logs'), []];
    case 'inspect':
      return [tabNamed(state, state.noun === 'images' ? 'config' : 'inspect'), []];
    case 'shell':
      return openShell(state);
    case 'toggle-all':
      return [{ ...state, showAll: !state.showAll }, []];
    case 'mark':
      return [toggleMark(state), []];
    case 'failed-shell':
      return openFailedShell(state);
    case 'cancel-build':
      return cancelBuild(state);
    case 'apply-advice':
      return confirmAdvice(state);
    case 'copy-advice':
      return chooseForm(state);
    case 'undo-limits':
      return [state, [{ type: 'read-undoable' }]];
    case 'show-why':
      return [tabNamed(pinned(state), 'why'), []];
    case 'chart-window':
      return lengthenCharts(state);
    case 'cancel-operation':
      return [state, [{ type: 'cancel-operations' }]];
    case 'open':
      return [{ ...state, focus: 'detail' }, []];
    case 'up':
    case 'down':
      return [move(state, action === 'up' ? -1 : 1), []];
    case 'page-up':
    case 'page-down':
      return [move(state, (action === 'page-up' ? -1 : 1) * pageRows(state)), []];
    case 'top':
      return [move(state, Number.NEGATIVE_INFINITY), []];
    case 'bottom':
      return [move(state, Number.POSITIVE_INFINITY), []];
    case 'left':
    case 'right':
      return [sideways(state, action === 'left' ? -1 : 1), []];
    case 'previous-tab':
      return [turnTab(state, -1), []];
    case 'next-tab':
      return [turnTab(state, 1), []];
    case 'filter':
      return [logsHaveKeys(state) ? openSearch(state) : openFilter(state), []];
    case 'search-next':
      return [jumpToMatch(state, 1), []];
    case 'search-previous':
      return [jumpToMatch(state, -1), []];
    case 'follow':
    case 'timestamps':
    case 'wrap':
      return [toggleLogs(state, action), []];
    case 'since':
      return showing(state, {
        kind: 'choice',
        choice: { of: 'since' },
        index: Math.max(0, logTimes.indexOf(state.logSince)),
      });
    case 'sort':
      return showing(state, {
        kind: 'choice',
        choice: { of: 'sort', noun: state.noun },
        index: sortIndex(state),
      });
    case 'reverse': {
      const { sort } = state.lists[state.noun];
      return [withList(state, { sort: { ...sort, descending: !sort.descending } }), []];
    }
    case 'yank':
      return yank(state);
    case 'save':
      return saveShown(state);
    case 'zoom':
      return [{ ...state, zoomed: !state.zoomed }, []];
    case 'other-pane':
      return [{ ...state, focus: state.focus === 'list' ? 'detail' : 'list' }, []];
    case 'palette':
      return showing(state, { kind: 'palette', text: '', index: 0 });
    case 'help':
      return showing(state, { kind: 'help', scroll: 0 });
    case 'alerts':
      return showing(state, { kind: 'alerts', scroll: 0 });
    case 'toggle-bell':
      return toggleBell(state);
    case 'redraw':
      return [state, [{ type: 'redraw' }]];
    case 'back':
      return [back(state) ?? state, []];
    case 'quit':
      return quit(state);
    case 'quit-now':
      return [state, [{ type: 'quit' }]];
    case 'suspend':
      return [state, [{ type: 'suspend' }]];
    case 'noun-1':
    case 'noun-2':
    case 'noun-3':
    case 'noun-4':
      return [showNoun(state, Number(action.slice(-1)) - 1), []];
    case 'noun-5':
      return readCapacity(showNoun(state, 4));
    case 'tab-1':
    case 'tab-2':
    case 'tab-3':
    case 'tab-4':
    case 'tab-5':
      return [showTab(state, Number(action.slice(-1)) - 1), []];
  }
}

/** What is done to containers of our own alone. */
const ownActions: ReadonlySet<Action> = new Set<Action>([
  'stop-start',
  'restart',
  'pause',
  'kill',
  'remove',
  'remove-force',
  'show-logs',
  'inspect',
  'shell',
]);

/** Another engine's container among those that an action would be for. */
function chosenNeighbour(state: State): Neighbour | undefined {
  if (state.noun !== 'containers' || state.neighbours === undefined) return undefined;
  return targets(state).flatMap(({ id }) => neighbourOf(state, id) ?? [])[0];
}

function showing(state: State, overlay: Overlay): Next {
  return [{ ...state, overlay }, []];
}

function runValues(state: State): Readonly<Record<string, string>> {
  const row = selectedRow(state);
  if (row?.noun === 'images') return { image: row.name.replace(/^<none> /, '') };
  if (row?.noun === 'containers') return { image: row.item.imageName };
  if (row?.noun === 'builds' && row.item.tags[0] !== undefined) return { image: row.item.tags[0] };
  return { image: state.remembered.run?.image ?? '' };
}

function withTargets(state: State, then: (list: ReturnType<typeof targets>) => Next): Next {
  const list = targets(state);
  return list.length === 0 ? [state, []] : then(list);
}

function containerVerb(state: State, verb: ContainerVerb): Next {
  return withTargets(state, list => [unmarked(state), [{ type: 'container', verb, targets: list }]]);
}

function stopOrStart(state: State): Next {
  return byStatus(state, status =>
    status === 'running' || status === 'restarting' ? 'stop' : status === 'paused' ? 'stop' : 'start',
  );
}

function pauseOrResume(state: State): Next {
  return byStatus(state, status => (status === 'paused' ? 'unpause' : 'pause'));
}

/** Each target gets the verb that its own state calls for. */
function byStatus(state: State, verbFor: (status: string) => ContainerVerb): Next {
  return withTargets(state, list => {
    const groups = Map.groupBy(list, target =>
      verbFor(state.containers.find(container => container.id === target.id)?.state.status ?? ''),
    );
    const commands = [...groups].map(
      ([verb, group]): Command => ({ type: 'container', verb, targets: group }),
    );
    return [unmarked(state), commands];
  });
}

function confirmRemoval(state: State, force: boolean): Next {
  return withTargets(state, list =>
    showing(state, {
      kind: 'choice',
      choice: { of: 'remove', noun: state.noun, targets: list, force },
      index: 0,
    }),
  );
}

function unmarked(state: State): State {
  return withList(state, { marked: new Set() });
}

function toggleMark(state: State): State {
  const row = selectedRow(state);
  if (row === undefined) return state;
  const marked = new Set(state.lists[state.noun].marked);
  if (!marked.delete(row.id)) marked.add(row.id);
  return move(withList(state, { marked }), 1);
}

function openShell(state: State): Next {
  const container = selectedContainer(state);
  if (container === undefined) return [state, []];
  if (container.state.status === 'running')
    return [state, [{ type: 'shell', target: { id: container.id, name: container.name } }]];
  return warn(state, `"${container.name}" does not run, so there is no shell to open`, 'start it with s');
}

function openFailedShell(state: State): Next {
  const row = selectedRow(state);
  if (row?.noun !== 'builds') return [state, []];
  if (row.item.failedStep !== undefined)
    return [state, [{ type: 'failed-shell', build: row.id, step: row.item.failedStep.name }]];
  return warn(state, 'no step of this build failed, so there is nothing to look into', 'choose one that did');
}

function cancelBuild(state: State): Next {
  const row = selectedRow(state);
  if (row?.noun !== 'builds' || row.item.state !== 'running') return [state, []];
  return [state, [{ type: 'cancel-build', build: row.id }]];
}

function warn(state: State, text: string, hint: string): Next {
  const notice: Notice = { tone: 'warn', text, hint, time: state.now };
  return [{ ...state, notice }, []];
}

function pageRows(state: State): number {
  const layout = layoutOf(state);
  return Math.max(1, (state.focus === 'list' ? listRows(layout) : detailRows(layout)) - 1);
}

function move(state: State, by: number): State {
  if (logsHaveKeys(state)) return scrollLogs(state, by);
  if (state.focus === 'detail')
    return { ...state, detailScroll: Math.max(0, (state.detailScroll ?? 0) + by) };
  const rows = visibleRows(state);
  const index = rows.findIndex(row => row.id === selectedRow(state, rows)?.id);
  const to = Math.max(0, Math.min(rows.length - 1, index + by));
  return select(state, rows[to]?.id);
}

function sideways(state: State, by: number): State {
  if (logsHaveKeys(state) && state.logs !== undefined)
    return { ...state, logs: { ...state.logs, wrap: false, left: Math.max(0, state.logs.left + by * 8) } };
  const keys = sortKeys[state.noun];
  const index = (sortIndex(state) + by + keys.length) % keys.length;
  return withList(state, { sort: sortBy(keys[index] ?? 'name') });
}

function sortIndex(state: State): number {
  return Math.max(0, sortKeys[state.noun].indexOf(state.lists[state.noun].sort.key));
}

/** Figures begin with the largest, words with the first. */
export function sortBy(key: string): { key: string; descending: boolean } {
  const descending = ['cpu', 'cores', 'memory', 'net', 'size', 'unique', 'started'].includes(key);
  return { key, descending };
}

function turnTab(state: State, by: number): State {
  const count = detailTabs[state.noun].length;
  return showTab(state, (state.tabs[state.noun] + by + count) % count);
}

function showTab(state: State, index: number): State {
  if (index >= detailTabs[state.noun].length) return state;
  return { ...state, focus: 'detail', detailScroll: undefined, tabs: { ...state.tabs, [state.noun]: index } };
}

function tabNamed(state: State, name: string): State {
  const tabs: readonly string[] = detailTabs[state.noun];
  return showTab(state, tabs.indexOf(name));
}

function showNoun(state: State, index: number): State {
  const noun = nouns[index];
  if (noun === undefined) return state;
  return { ...state, noun, focus: 'list', zoomed: false, detailScroll: undefined };
}

function openFilter(state: State): State {
  return { ...state, focus: 'list', prompt: { of: 'filter', text: state.lists[state.noun].filter } };
}

function openSearch(state: State): State {
  return { ...state, prompt: { of: 'search', text: state.logs?.search ?? '' } };
}

function yank(state: State): Next {
  const row = selectedRow(state);
  if (row === undefined) return [state, []];
  const text =
    row.noun === 'events'
      ? `${row.item.type} ${row.item.action} ${row.name}`
      : row.id.replace(/^sha256:/, '');
  const notice: Notice = { tone: 'good', text: `Copied ${text.slice(0, 40)}`, time: state.now };
  return [{ ...state, notice }, [{ type: 'copy', text }]];
}

function quit(state: State): Next {
  const inner = back({ ...state, notice: undefined }); // a notice is read, not left: q would seem dead
  if (inner !== undefined) return [inner, []];
  if (state.operations.length > 0)
    return showing(state, { kind: 'choice', choice: { of: 'quit' }, index: 0 });
  return [state, [{ type: 'quit' }]];
}

/** One step out of what was gone into; undefined when there is nothing to leave. */
function back(state: State): State | undefined {
  if (state.notice?.tone === 'bad') return { ...state, notice: undefined };
  if (logsHaveKeys(state) && state.logs !== undefined && state.logs.search !== '')
    return { ...state, logs: { ...state.logs, search: '', matches: [] } };
  if (state.zoomed) return { ...state, zoomed: false };
  if (state.focus === 'detail') return { ...state, focus: 'list' };
  const view = state.lists[state.noun];
  if (view.filter !== '') return withList(state, { filter: '' });
  if (view.marked.size > 0) return unmarked(state);
  if (state.noun !== 'containers') return { ...state, noun: 'containers', detailScroll: undefined };
  return undefined;
}
