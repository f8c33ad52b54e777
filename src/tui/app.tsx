import { hostname } from 'node:os';
import { type ReactElement, useSyncExternalStore } from 'react';
import type { Engine } from '../engine/index.ts';
import { createTheme, type Theme } from './components/index.ts';
import {
  type DemoControl,
  Effects,
  type Host,
  readBell,
  readRemembered,
  rememberedPath,
  writeBell,
  writeRemembered,
} from './effects/index.ts';
import { type Command, initialState, type Msg, type State, update } from './model/index.ts';
import { showScreen, type Terminal } from './show-screen.tsx';
import { createStore, type Store } from './store.ts';
import { type Capabilities, copySequence } from './terminal/index.ts';
import { Screen, shownDetail } from './views/index.ts';

export { runFleetApp } from './fleet-app.tsx';

/** What the dashboard runs with. */
export interface AppOptions extends Terminal {
  readonly engine: Promise<Engine>;
  readonly capabilities: Capabilities;
  readonly note?: { readonly text: string; readonly hint: string };
  readonly demo?: DemoControl;
  readonly alerts?: Host['alerts'];
}

/** Draws the dashboard until the user quits, and resolves with the exit code. */
export async function runApp(options: AppOptions): Promise<number> {
  const memory = rememberedPath(options.env);
  return await showScreen(options, ({ writer, ...hold }) => {
    const host: Host = {
      ...hold,
      copy: text => writer.passThrough(copySequence(text, options.env)),
      ring: () => writer.passThrough('\u0007'),
      remember: (form, values) => writeRemembered(memory, { ...store.getState().remembered, [form]: values }),
      rememberBell: bell => writeBell(memory, bell),
      ...(options.demo === undefined ? {} : { demo: options.demo }),
      ...(options.alerts === undefined ? {} : { alerts: options.alerts }),
    };
    const sizeNow = () => ({ columns: writer.columns, rows: writer.rows });
    const store = createStore<State, Msg, Command>(
      initialState({
        size: sizeNow(),
        now: Date.now(),
        hostname: hostname(),
        remembered: readRemembered(memory),
        bell: readBell(memory),
      }),
      update,
      command => effects.run(command),
    );
    const effects = new Effects(store.dispatch, host);
    const theme = createTheme(options.capabilities);
    return {
      screen: <App store={store} theme={theme} />,
      onKey: key => {
        const shown = shownDetail(store.getState(), theme);
        store.dispatch({ type: 'key', key, ...(shown === undefined ? {} : { shown }) });
      },
      onPaste: text => store.dispatch({ type: 'paste', text }),
      onResize: () => store.dispatch({ type: 'resized', size: sizeNow() }),
      onSuspend: () => effects.run({ type: 'suspend' }),
      opened: () => {
        void effects.open(options.engine);
        const { note } = options;
        if (note !== undefined)
          store.dispatch({ type: 'noticed', notice: { tone: 'warn', ...note, time: Date.now() } });
      },
      close: () => effects.close(),
    };
  });
}

function App({ store, theme }: { readonly store: Store<State>; readonly theme: Theme }): ReactElement {
  const state = useSyncExternalStore(store.subscribe, store.getState);
  return <Screen state={state} theme={theme} />;
}
