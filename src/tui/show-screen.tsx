import { render, useApp, useInput, usePaste } from 'ink';
import { type ReactElement, useEffect } from 'react';
import { FinishedRows } from './components/index.ts';
import { keyNames } from './key-names.ts';
import { CellWriter, sayBug } from './terminal/index.ts';

/** The terminal that a screen is drawn on. */
export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a screen may do to the terminal that it is drawn on. */
export interface Hold {
  readonly writer: CellWriter;
  quit(): void;
  redraw(): void;
  suspend(): Promise<void>;
  /** Gives the terminal to another program, and takes it back. */
  lend(work: () => Promise<void>): Promise<void>;
}

/** A screen: what is drawn, and what hears of the terminal. */
export interface Shown {
  readonly screen: ReactElement;
  readonly onKey: (key: string) => void;
  readonly onPaste: (text: string) => void;
  readonly onResize: () => void;
  readonly onSuspend: () => void;
  /** Called once it is on the screen. */
  readonly opened: () => void;
  readonly close: () => void;
}

/**
 * Draws a screen until it quits, and resolves with the exit code. The terminal is on its alternate screen already; it
 * is put back on every way out, also when the process is ended by a signal or a bug.
 */
export async function showScreen(terminal: Terminal, make: (hold: Hold) => Shown): Promise<number> {
  const writer = new CellWriter(terminal.stdout, { alternate: true });
  const releaseErrors = holdErrors();
  const restore = (): void => {
    writer.close();
    releaseErrors();
  };
  process.once('exit', restore);
  const ink: Ink = {};
  const shown = make({
    writer,
    quit: () => ink.exit?.(),
    redraw: () => redraw(writer),
    suspend: () => lend(ink, terminal.stdin, sleepUntilContinued),
    lend: work => lend(ink, terminal.stdin, work),
  });
  writer.on('resize', shown.onResize);
  const forgetWindow = redrawOnSignal(writer);
  process.on('SIGTSTP', shown.onSuspend);
  const instance = render(
    <FinishedRows value={writer.finished}>
      <Listening
        shown={shown}
        ready={(suspend, exit) => {
          ink.suspend = suspend;
          ink.exit = exit;
        }}
      />
    </FinishedRows>,
    {
      // The writer has all that Ink uses of a stream, which is less than a stream has.
      stdout: writer as unknown as NodeJS.WriteStream,
      stdin: terminal.stdin,
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
    sayBug(error, terminal.env);
    process.exit(1);
  };
  process.on('uncaughtException', onBug);
  shown.opened();
  try {
    await instance.waitUntilExit();
    return 0;
  } catch (error) {
    onBug(error);
    return 1;
  } finally {
    process.off('SIGTSTP', shown.onSuspend);
    forgetWindow();
    process.off('uncaughtException', onBug);
    shown.close();
    restore();
    process.off('exit', restore);
  }
}

/** What Ink has given to whoever draws. */
interface Ink {
  suspend?: (work: () => Promise<void>) => Promise<void>;
  exit?: () => void;
}

interface ListeningProps {
  readonly shown: Shown;
  readonly ready: (suspend: (work: () => Promise<void>) => Promise<void>, exit: () => void) => void;
}

function Listening({ shown, ready }: ListeningProps): ReactElement {
  const { exit, suspendTerminal } = useApp();
  useEffect(() => ready(suspendTerminal, exit), [ready, suspendTerminal, exit]);
  useInput((input, key) => {
    for (const name of keyNames(input, key)) shown.onKey(name);
  });
  usePaste(shown.onPaste);
  return shown.screen;
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

/** Hands the terminal over, and takes it back; what was typed in the meantime is not ours. */
async function lend(ink: Ink, stdin: NodeJS.ReadStream, work: () => Promise<void>): Promise<void> {
  await ink.suspend?.(async () => {
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
