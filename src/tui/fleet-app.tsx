import { type ReactElement, useSyncExternalStore } from 'react';
import { consolidating, defaultConsolidation, type FleetMachine } from '../capacity/index.ts';
import { inSlices } from '../lib/in-slices.ts';
import { createTheme, Rows, type Theme } from './components/index.ts';
import {
  type FleetCommand,
  type FleetState,
  type FleetTerms,
  fleetScreen,
  initialFleet,
  updateFleet,
} from './fleet/index.ts';
import { showScreen, type Terminal } from './show-screen.tsx';
import { createStore, type Store } from './store.ts';
import type { Capabilities } from './terminal/index.ts';

/** Where the fleet pane has its machines from. */
export interface FleetView extends FleetTerms {
  machines(): readonly FleetMachine[];
  /** Lends the terminal to the dashboard of a machine; resolves with why that could not be, if it could not. */
  visit(name: string): Promise<string | undefined>;
}

export interface FleetAppOptions extends Terminal {
  readonly fleet: FleetView;
  readonly capabilities: Capabilities;
}

/** How often the figures on the screen are renewed, however many machines tell theirs meanwhile. */
const everyMs = 1000;

/** Draws the fleet pane until the user quits, and resolves with the exit code. */
export async function runFleetApp({ fleet, capabilities, ...terminal }: FleetAppOptions): Promise<number> {
  return await showScreen(terminal, ({ writer, ...hold }) => {
    const sizeNow = () => ({ columns: writer.columns, rows: writer.rows });
    const run = (command: FleetCommand): void => {
      if (command.type === 'visit') void visit(command.name);
      else if (command.type === 'plan') void plan(command.machines, command.now);
      else if (command.type === 'stop-planning') planning?.abort();
      else void hold[command.type]();
    };
    const store = createStore(initialFleet(sizeNow(), { now: Date.now(), terms: fleet }), updateFleet, run);
    const renew = () => store.dispatch({ type: 'machines', machines: fleet.machines(), now: Date.now() });
    const visit = async (name: string) => {
      const problem = await new Promise<string | undefined>(resolve => {
        void hold.lend(async () => resolve(await fleet.visit(name)));
      });
      renew();
      if (problem !== undefined)
        store.dispatch({ type: 'notice', notice: { tone: 'bad', text: `${name}: ${problem}` } });
    };
    const plan = async (machines: readonly FleetMachine[], now: number) => {
      planning = new AbortController();
      let told = 0;
      const work = consolidating(machines, { ...fleet, ...defaultConsolidation, now });
      const made = await inSlices(work, {
        signal: planning.signal,
        onProgress: share => {
          if (share - told < 0.01) return;
          told = share;
          store.dispatch({ type: 'planning', share });
        },
      });
      if (made !== undefined) store.dispatch({ type: 'planned', plan: made });
    };
    let planning: AbortController | undefined;
    let timer: NodeJS.Timeout | undefined;
    return {
      screen: <FleetApp store={store} theme={createTheme(capabilities)} />,
      onKey: key => store.dispatch({ type: 'key', key }),
      onPaste: text => store.dispatch({ type: 'paste', text }),
      onResize: () => store.dispatch({ type: 'resized', size: sizeNow() }),
      onSuspend: () => run({ type: 'suspend' }),
      opened: () => {
        renew();
        timer = setInterval(renew, everyMs);
      },
      close: () => {
        clearInterval(timer);
        planning?.abort();
      },
    };
  });
}

function FleetApp({
  store,
  theme,
}: {
  readonly store: Store<FleetState>;
  readonly theme: Theme;
}): ReactElement {
  const state = useSyncExternalStore(store.subscribe, store.getState);
  return <Rows rows={fleetScreen(state, theme)} width={state.size.columns} />;
}
