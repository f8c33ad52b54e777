import { onAlerts } from './alerts.ts';
import { applyProgress } from './build-view.ts';
import { confirmUndo, outdated } from './capacity.ts';
import { onFrame } from './frame.ts';
import { onKey } from './keys.ts';
import type { Command, Msg, Next, ShownDetail } from './messages.ts';
import { pasteInto } from './overlays.ts';
import { keepSelection, withSelection } from './selection.ts';
import type { EventRow, State } from './state.ts';

/** Events that are kept for the list. */
const keptEvents = 500;
/** How long a notice stays, in milliseconds: what went wrong stays longer. */
const noticeTime = { good: 5000, warn: 9000, bad: 20_000 };

/** The next state, and what is to be done. Pure: the same state and message always give the same answer. */
export function update(state: State, msg: Msg): Next {
  switch (msg.type) {
    case 'key':
      return msg.shown === undefined ? onKey(state, msg.key) : onDetailKey(state, msg.key, msg.shown);
    case 'paste':
      return pasteInto(state, msg.text);
    case 'resized':
      return [{ ...state, size: msg.size }, []];
    case 'ticked':
      return [fresh({ ...state, now: msg.now, own: msg.own ?? state.own }), []];
    case 'engine-opened':
      return [{ ...state, engine: 'ready', remote: msg.remote }, []];
    case 'link-changed':
      return [
        state.remote === undefined ? state : { ...state, remote: { ...state.remote, lost: msg.lost } },
        [],
      ];
    case 'engine-failed':
      return [{ ...state, engine: 'failed', notice: msg.notice }, []];
    case 'facts-read':
      return [{ ...state, facts: msg.facts, hostname: msg.facts.hostname }, []];
    case 'frame-arrived':
      return onFrame(fresh(state), msg.frame, msg.own);
    case 'containers-listed':
      return follow(keepSelection({ ...state, containers: msg.containers }, state), state);
    case 'images-listed':
      return follow(keepSelection({ ...state, images: msg.images }, state), state);
    case 'builds-listed':
      return follow(keepSelection({ ...state, builds: msg.builds }, state), state);
    case 'events-arrived':
      return [addEvents(state, msg.events), []];
    case 'details-read':
      return [{ ...state, details: msg.details }, []];
    case 'processes-read': {
      const error = msg.error === undefined ? {} : { error: msg.error };
      return [{ ...state, processes: { id: msg.id, list: msg.list, ...error } }, []];
    }
    case 'image-read':
      return [{ ...state, image: msg.image }, []];
    case 'waste-read':
      return [{ ...state, imageWaste: msg.waste }, []];
    case 'capacity-read':
      return follow(keepSelection({ ...state, capacity: msg.picture }, state), state);
    case 'alerts-told':
      return onAlerts(state, msg.alerts);
    case 'why-read':
      return [{ ...state, why: msg.chart }, []];
    case 'undoable-read':
      return confirmUndo(state, msg.changes);
    case 'logs-opened':
      return [openLogs(state, msg), []];
    case 'logs-grew':
      return [growLogs(state, msg.container, msg.ended), []];
    case 'build-opened':
      return [
        {
          ...state,
          build: {
            id: msg.build,
            steps: [],
            warnings: [],
            outcome: 'running',
            output: msg.output,
            version: 0,
          },
        },
        [],
      ];
    case 'build-moved':
      if (state.build?.id !== msg.build) return [state, []];
      // A build may keep the machine so busy that figures come late: the time of its steps goes on all the same.
      return [
        {
          ...state,
          now: Math.max(state.now, msg.now),
          build: applyProgress(state.build, msg.events),
        },
        [],
      ];
    case 'build-announced':
      return showBuild(state, msg.build);
    case 'operation-began':
      return [{ ...state, operations: [...state.operations, msg.operation], notice: undefined }, []];
    case 'operation-moved':
      return [
        {
          ...state,
          operations: state.operations.map(one =>
            one.id === msg.id ? { ...one, progress: msg.progress } : one,
          ),
        },
        [],
      ];
    case 'operation-ended':
      return [
        {
          ...outdated(state),
          operations: state.operations.filter(one => one.id !== msg.id),
          notice: msg.notice ?? state.notice,
        },
        [],
      ];
    case 'noticed':
      return [{ ...state, notice: msg.notice }, []];
  }
}

/** Scrolling begins at what is on the screen, and ends at its end, which is then kept to as it moves. */
function onDetailKey(state: State, key: string, { start, last }: ShownDetail): Next {
  const [next, commands] = onKey({ ...state, detailScroll: start }, key);
  const { detailScroll: to } = next;
  if (to === undefined || to < start) return [next, commands];
  if (to === start) return [{ ...next, detailScroll: state.detailScroll }, commands];
  return [{ ...next, detailScroll: to < last ? to : Number.POSITIVE_INFINITY }, commands];
}

/** A notice that has been there long enough goes. */
function fresh(state: State): State {
  const { notice, now } = state;
  return notice !== undefined && now - notice.time > noticeTime[notice.tone]
    ? { ...state, notice: undefined }
    : state;
}

/** After a list changed: if another thing is selected now, its details are asked for. */
function follow(state: State, before: State): Next {
  return withSelection(state, before, []);
}

function addEvents(state: State, events: readonly EventRow[]): State {
  const newest = state.events[0]?.seq ?? -1;
  const added = events.filter(event => event.seq > newest).reverse();
  if (added.length === 0) return state;
  return { ...state, events: [...added, ...state.events].slice(0, keptEvents) };
}

function openLogs(state: State, msg: Extract<Msg, { type: 'logs-opened' }>): State {
  const before = state.logs;
  return {
    ...state,
    logs: {
      container: msg.container,
      store: msg.store,
      version: 0,
      top: undefined,
      left: 0,
      wrap: before?.wrap ?? true,
      timestamps: before?.timestamps ?? false,
      search: '',
      matches: [],
      ended: false,
    },
  };
}

function growLogs(state: State, container: string, ended: boolean): State {
  const { logs } = state;
  if (logs?.container !== container) return state;
  const matches = logs.search === '' ? logs.matches : logs.store.search(logs.search);
  return { ...state, logs: { ...logs, version: logs.version + 1, ended, matches } };
}

/** A build that was begun here is shown at once. */
function showBuild(state: State, build: string): Next {
  const commands: Command[] = [{ type: 'follow-build', build }];
  const lists = { ...state.lists, builds: { ...state.lists.builds, selected: build, filter: '' } };
  return [
    {
      ...state,
      noun: 'builds',
      focus: 'list',
      lists,
      tabs: { ...state.tabs, builds: 0 },
      detailScroll: undefined,
    },
    commands,
  ];
}
