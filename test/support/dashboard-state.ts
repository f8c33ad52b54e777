import type { Engine } from '../../src/engine/index.ts';
import { type Command, initialState, type Msg, type State, update } from '../../src/tui/model/index.ts';
import { createFakeEngine, type FakeOptions } from './fake-engine.ts';

/** A moment at which every picture and frame of the tests is taken. */
export const noon = Date.UTC(2026, 5, 21, 12, 0, 0);

/** A dashboard without a terminal: its state, and the commands it asked for. */
export class Pilot {
  state: State;
  readonly commands: Command[] = [];

  constructor(columns: number, rows: number) {
    this.state = initialState({ size: { columns, rows }, now: noon, hostname: 'harbour-1' });
  }

  tell(...msgs: Msg[]): this {
    for (const msg of msgs) {
      const [state, commands] = update(this.state, msg);
      this.state = state;
      this.commands.push(...commands);
    }
    return this;
  }

  /** Types keys, each by its name. */
  press(...keys: string[]): this {
    return this.tell(...keys.map((key): Msg => ({ type: 'key', key })));
  }

  type(text: string): this {
    return this.press(...text);
  }

  /** The commands since the last time this was asked. */
  taken(): Command[] {
    return this.commands.splice(0);
  }
}

/** A dashboard that knows what an engine in memory has, after some frames of figures. */
export async function pilotOn(
  columns: number,
  rows: number,
  options: FakeOptions = {},
): Promise<{ pilot: Pilot; engine: Engine }> {
  const engine = createFakeEngine({ containers: 12, now: noon, frozen: true, past: 60, ...options });
  const pilot = new Pilot(columns, rows);
  pilot.tell(
    { type: 'engine-opened' },
    { type: 'facts-read', facts: await engine.stats.facts() },
    { type: 'containers-listed', containers: engine.containers.list({ all: true }) },
    { type: 'images-listed', images: engine.images.list() },
    { type: 'builds-listed', builds: engine.builds.list() },
  );
  const stop = new AbortController();
  let frames = 0;
  for await (const frame of engine.stats.stream({ signal: stop.signal })) {
    pilot.tell({ type: 'frame-arrived', frame });
    if (++frames === (options.past ?? 60)) break;
  }
  stop.abort();
  pilot.taken();
  return { pilot, engine };
}
