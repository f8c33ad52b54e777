import type { BuildProgress, Engine, EngineEvent } from '../../engine/index.ts';
import { cleanText, cleanValue } from '../../lib/clean-text.ts';
import { type EventRow, LogStore, type Msg, shortId, shortReference } from '../model/index.ts';

/** How often what streams in is shown: nobody reads faster. */
const paceMs = 80;
/** Lines of a container's past that are read when its logs are opened. */
const pastLines = 50_000;

type Dispatch = (msg: Msg) => void;

/** Reads a container's logs into a store and follows them, telling at a bounded pace that there is more. */
export async function followLogs(
  engine: Engine,
  { container, sinceMs }: { readonly container: string; readonly sinceMs?: number },
  dispatch: Dispatch,
  signal: AbortSignal,
): Promise<void> {
  const since = sinceMs === undefined ? {} : { since: Date.now() - sinceMs };
  const options = { follow: true, tail: pastLines, signal, ...since };
  const store = new LogStore();
  dispatch({ type: 'logs-opened', container, store });
  const pace = createPace(() => dispatch({ type: 'logs-grew', container, ended: false }));
  const partial = new Map<string, Buffer>();
  try {
    for await (const entry of engine.containers.logs(container, options)) {
      const begun = partial.get(entry.stream);
      const text = begun === undefined ? entry.line : Buffer.concat([begun, entry.line]);
      if (entry.partial && text.length < 65_536) partial.set(entry.stream, text);
      else {
        partial.delete(entry.stream);
        store.append({ time: entry.time, stream: entry.stream, text });
        pace.poke();
      }
    }
  } finally {
    pace.stop();
    if (!signal.aborted) dispatch({ type: 'logs-grew', container, ended: true });
  }
}

/** Follows a build from its beginning: its output into a store, the rest as messages at a bounded pace. */
export async function followBuild(
  engine: Engine,
  build: string,
  dispatch: Dispatch,
  signal: AbortSignal,
): Promise<void> {
  const output = new LogStore();
  dispatch({ type: 'build-opened', build, output });
  let waiting: BuildProgress[] = [];
  const pace = createPace(() => {
    dispatch({ type: 'build-moved', build, events: waiting, now: Date.now() });
    waiting = [];
  });
  const addOutput = createOutput(output);
  // A step may say nothing for long, and keep the machine so busy that figures come late.
  const clock = setInterval(pace.poke, 1000);
  try {
    for await (const event of engine.builds.follow(build, { signal })) {
      if (event.kind === 'step-output') addOutput(event.step, event.stream, event.text);
      else waiting.push(cleanValue(event));
      pace.poke();
    }
  } finally {
    clearInterval(clock);
    pace.stop();
    if (!signal.aborted) dispatch({ type: 'build-moved', build, events: waiting, now: Date.now() });
  }
}

/** An event of the engine, made harmless and readable. */
export function eventRow(event: EngineEvent): EventRow {
  const attributes = cleanValue(event.actor.attributes);
  const id = cleanText(event.actor.id);
  const name = attributes.name ?? attributes.reference ?? shortId(id);
  return {
    seq: event.seq,
    time: Number(event.timeNano.slice(0, -6)),
    type: event.type,
    action: event.action,
    id,
    name: event.type === 'image' ? shortReference(name) : name,
    attributes,
  };
}

/** Puts pieces of output into the store as whole lines, each step's apart. */
function createOutput(output: LogStore): (step: number, stream: 'stdout' | 'stderr', text: string) => void {
  const open = new Map<string, string>();
  return (step, stream, text) => {
    const key = `${step} ${stream}`;
    const lines = ((open.get(key) ?? '') + text).split('\n');
    open.set(key, (lines.pop() ?? '').slice(-65_536));
    for (const line of lines) output.append({ time: `#${step}`, stream, text: cleanText(line) });
  };
}

/** Calls back soon after the first poke, and then not more often than the pace. */
function createPace(callback: () => void): { poke(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let last = 0;
  return {
    poke() {
      if (timer !== undefined) return;
      const wait = Math.max(5, last + paceMs - performance.now());
      timer = setTimeout(() => {
        timer = undefined;
        last = performance.now();
        callback();
      }, wait);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
