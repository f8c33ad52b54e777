import { hostname } from 'node:os';
import { render, useApp, useInput, usePaste } from 'ink';
import { type ReactElement, useEffect, useSyncExternalStore } from 'react';
import type { Engine } from '../engine/index.ts';
import { createTheme, FinishedRows, type Theme } from './components/index.ts';
import {
  type DemoControl,
  Effects,
  type Host,
  readRemembered,
  rememberedPath,
  writeRemembered,
} from './effects/index.ts';
import { keyNames } from './key-names.ts';
import { initialState } from './model/index.ts';
import { createStore, type Store } from './store.ts';
import { type Capabilities, CellWriter, copySequence, sayBug } from './terminal/index.ts';
import { Screen } from './views/index.ts';

/** What the dashboard runs with. */
export interface AppOptions {
  readonly engine: Promise<Engine>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly capabilities: Capabilities;
  readonly demo?: DemoControl;
}

/**
 * Draws the dashboard until the user quits, and resolves with the exit code. The terminal is on its alternate screen
 * already; it is put back on every way out, also when the process is ended by a signal or a bug.
 */
export async function runApp(options: AppOptions): Promise<number> {
  const writer = new CellWriter(options.stdout, { alternate: true });
  const releaseErrors = holdErrors();
  const restore = (): void => {
    writer.close();
    releaseErrors();
  };
  process.once('exit', restore);
  const memory = rememberedPath(options.env);
  const terminal: { suspend?: (work: () => Promise<void>) => Promise<void>; exit?: () => void } = {};
  const host: Host = {
    quit: () => terminal.exit?.(),
    redraw: () => redraw(writer),
    suspend: () => lend(terminal, options.stdin, sleepUntilContinued),
    lend: work => lend(terminal, options.stdin, work),
    copy: text => writer.passThrough(copySequence(text, options.env)),
    remember: (form, values) => writeRemembered(memory, { ...store.getState().remembered, [form]: values }),
    ...(options.demo === undefined ? {} : { demo: options.demo }),
  };
  const store = createStore(
    initialState({
      size: { columns: writer.columns, rows: writer.rows },
      now: Date.now(),
      hostname: hostname(),
      remembered: readRemembered(memory),
    }),
    command => effects.run(command),
  );
  const effects = new Effects(store.dispatch, host);
  const onResize = (): void =>
    store.dispatch({ type: 'resized', size: { columns: writer.columns, rows: writer.rows } });
  writer.on('resize', onResize);
  const forgetWindow = redrawOnSignal(writer);
  const onStop = (): void => effects.run({ type: 'suspend' });
  process.on('SIGTSTP', onStop);
  const instance = render(
    <FinishedRows value={writer.finished}>
      <App
        store={store}
        theme={createTheme(options.capabilities)}
        ready={(suspend, exit) => {
          terminal.suspend = suspend;
          terminal.exit = exit;
        }}
      />
    </FinishedRows>,
    {
      // The writer has all that Ink uses of a stream, which is less than a stream has.
      stdout: writer as unknown as NodeJS.WriteStream,
      stdin: options.stdin,
      exitOnCtrlC: false,
      patchConsole: false,
      alternateScreen: true,
      incrementalRendering: true,
      interactive: true,
      maxFps: 120,
    },
  );
  const onBug = (error: unknown): void => {
    instance.unmount();
    restore();
    sayBug(error, options.env);
    process.exit(1);
  };
  process.on('uncaughtException', onBug);
  void effects.open(options.engine);
  try {
    await instance.waitUntilExit();
    return 0;
  } catch (error) {
    onBug(error);
    return 1;
  } finally {
    process.off('SIGTSTP', onStop);
    forgetWindow();
    process.off('uncaughtException', onBug);
    effects.close();
    restore();
    process.off('exit', restore);
  }
}

/**
 * Redraws when the window has changed though its size has not: it was another for a moment, as on a busy machine, and
 * the terminal has cut what did not fit. Node tells of sizes only if they differ from those it knew.
 */
function redrawOnSignal(writer: CellWriter): () => void {
  let isRedrawn = false;
  writer.on('resize', () => {
    isRedrawn = true;
  });
  const onSignal = (): void => {
    if (!isRedrawn) writer.redraw();
    isRedrawn = false;
  };
  process.on('SIGWINCH', onSignal);
  return () => process.off('SIGWINCH', onSignal);
}

interface AppProps {
  readonly store: Store;
  readonly theme: Theme;
  readonly ready: (suspend: (work: () => Promise<void>) => Promise<void>, exit: () => void) => void;
}

function App({ store, theme, ready }: AppProps): ReactElement {
  const state = useSyncExternalStore(store.subscribe, store.getState);
  const { exit, suspendTerminal } = useApp();
  useEffect(() => ready(suspendTerminal, exit), [ready, suspendTerminal, exit]);
  useInput((input, key) => {
    for (const name of keyNames(input, key)) store.dispatch({ type: 'key', key: name });
  });
  usePaste(text => store.dispatch({ type: 'paste', text }));
  return <Screen state={state} theme={theme} />;
}

/** Hands the terminal over, and takes it back; what was typed in the meantime is not ours. */
async function lend(
  terminal: { suspend?: (work: () => Promise<void>) => Promise<void> },
  stdin: NodeJS.ReadStream,
  work: () => Promise<void>,
): Promise<void> {
  await terminal.suspend?.(async () => {
    await stopReading(stdin);
    await work();
  });
}

/**
 * Makes this process leave the terminal's input alone. Node's stdin stops reading at its own 'pause' event only, which a
 * stream that does not flow never emits; so it flows for a moment first. Each step waits for the one before: Node
 * settles them in ticks of its own, and a read that goes on takes keys away from whom the terminal was lent to.
 */
async function stopReading(stdin: NodeJS.ReadStream): Promise<void> {
  await nextTurn(); // Ink's listener is off
  stdin.resume();
  await nextTurn();
  stdin.pause();
  await nextTurn();
}

async function nextTurn(): Promise<void> {
  await new Promise(setImmediate);
}

async function sleepUntilContinued(): Promise<void> {
  const continued = new Promise<void>(resolve => {
    process.once('SIGCONT', () => resolve());
  });
  process.kill(process.pid, 'SIGSTOP');
  await continued;
}

function redraw(writer: CellWriter): void {
  writer.repaint();
  writer.write('');
}

/** Keeps what anything writes to standard error (a warning of Node, say) off the screen until it is given back. */
function holdErrors(): () => void {
  const { write } = process.stderr;
  const held: string[] = [];
  process.stderr.write = (chunk: string | Uint8Array): boolean => {
    if (held.length < 200) held.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    return true;
  };
  return () => {
    if (process.stderr.write === write) return;
    process.stderr.write = write;
    for (const text of held.splice(0)) process.stderr.write(text);
  };
}
