import {
  type AlertWatchOptions,
  createAlertFeed,
  defaultAlertRules,
  parseAlertRule,
} from '../../capacity/index.ts';
import type { Engine, EventType } from '../../engine/index.ts';
import { cleanValue } from '../../lib/clean-text.ts';
import { failureNotice, type Msg, type State } from '../model/index.ts';
import { eventRow } from './follow.ts';

/** Lists are read again this often even when no event says so. */
const relistMs = 10_000;
/** A stream that broke is opened again after this. */
const retryMs = 1000;

/** What starts takes what it can get: nothing is told of it for so long. */
const quietAfterStartMs = 60_000;

type Dispatch = (msg: Msg) => void;

/** Who is told, and of what. */
interface Watching {
  readonly dispatch: Dispatch;
  readonly own: () => State['own'];
  /** What is not chosen is as usual. */
  readonly alerts: Partial<AlertWatchOptions>;
  readonly signal: AbortSignal;
}

/** Keeps the dashboard's picture of the engine true until the signal fires: lists, events, figures. */
export function subscribe(engine: Engine, watching: Watching): void {
  const { dispatch, own, signal } = watching;
  const lists = createLists(engine, dispatch);
  lists.read(['container', 'image', 'build']);
  const recent = engine.events.list({ limit: 200 });
  if (recent.length > 0) dispatch({ type: 'events-arrived', events: recent.map(eventRow) });
  const relist = setInterval(() => lists.read(['container', 'image', 'build']), relistMs);
  const tick = setInterval(() => dispatch({ type: 'ticked', now: Date.now(), own: own() }), 3000);
  const watch = watchLink(engine, dispatch);
  signal.addEventListener('abort', () => {
    clearInterval(watch);
    clearInterval(relist);
    clearInterval(tick);
    lists.stop();
  });
  void keepOpen(signal, dispatch, () => followEvents(engine, lists.changed, dispatch, signal));
  void keepOpen(signal, dispatch, () => followStats(engine, watching, tick));
  engine.stats.facts().then(
    facts => dispatch({ type: 'facts-read', facts: cleanValue(facts) }),
    (error: unknown) => dispatch({ type: 'noticed', notice: failureNotice(error, Date.now()) }),
  );
}

/** Tells when an engine elsewhere stops answering, and when it answers again. */
function watchLink({ link }: Engine, dispatch: Dispatch): NodeJS.Timeout | undefined {
  if (link === undefined) return undefined;
  let told: number | undefined;
  return setInterval(() => {
    const lost = link.lost();
    if (lost?.since === told) return;
    told = lost?.since;
    dispatch({ type: 'link-changed', lost: cleanValue(lost) });
    if (lost === undefined) {
      const notice = { tone: 'good' as const, text: 'The engine answers again', time: Date.now() };
      dispatch({ type: 'noticed', notice });
    }
  }, 500);
}

async function followEvents(
  engine: Engine,
  changed: (types: readonly EventType[]) => void,
  dispatch: Dispatch,
  signal: AbortSignal,
): Promise<void> {
  for await (const event of engine.events.follow({ signal })) {
    dispatch({ type: 'events-arrived', events: [eventRow(event)] });
    changed([event.type]);
  }
}

async function followStats(
  engine: Engine,
  { dispatch, own, alerts: chosen, signal }: Watching,
  tick: NodeJS.Timeout,
): Promise<void> {
  const report = (error: unknown) => dispatch({ type: 'noticed', notice: failureNotice(error, Date.now()) });
  await using recorder = engine.history.record({ report });
  const { rules = defaultAlertRules.map(parseAlertRule), quietMs = quietAfterStartMs } = chosen;
  const alertsOf = createAlertFeed(engine, { rules, quietMs }, Date.now());
  for await (const frame of engine.stats.stream({ signal })) {
    recorder.add(frame);
    dispatch({ type: 'frame-arrived', frame, own: own() });
    const alerts = alertsOf(frame, Date.now());
    if (alerts.length > 0) dispatch({ type: 'alerts-told', alerts: alerts.map(cleanValue) });
    // The clock goes on with each frame; the tick is for when frames stay away.
    tick.refresh();
  }
}

/** Runs a stream again when it breaks; the dashboard stays up and shows how old its figures are. */
async function keepOpen(signal: AbortSignal, dispatch: Dispatch, stream: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await stream();
    } catch (error) {
      if (!signal.aborted) dispatch({ type: 'noticed', notice: failureNotice(error, Date.now()) });
    }
    if (!signal.aborted) await new Promise(resolve => setTimeout(resolve, retryMs).unref());
  }
}

/** Reads lists soon after something changed, once for a burst of events. */
function createLists(
  engine: Engine,
  dispatch: Dispatch,
): { read(types: readonly EventType[]): void; changed(types: readonly EventType[]): void; stop(): void } {
  const due = new Set<EventType>();
  let timer: NodeJS.Timeout | undefined;
  const read = (types: Iterable<EventType>): void => {
    const wanted = new Set(types);
    try {
      if (wanted.has('container'))
        dispatch({
          type: 'containers-listed',
          containers: engine.containers.list({ all: true }).map(cleanValue),
        });
      if (wanted.has('image') || wanted.has('container') || wanted.has('build'))
        dispatch({ type: 'images-listed', images: engine.images.list().map(cleanValue) });
      if (wanted.has('build'))
        dispatch({ type: 'builds-listed', builds: engine.builds.list({ limit: 100 }).map(cleanValue) });
    } catch (error) {
      dispatch({ type: 'noticed', notice: failureNotice(error, Date.now()) });
    }
  };
  return {
    read,
    changed(types) {
      for (const type of types) due.add(type);
      timer ??= setTimeout(() => {
        timer = undefined;
        read(due);
        due.clear();
      }, 30);
    },
    stop: () => clearTimeout(timer),
  };
}
