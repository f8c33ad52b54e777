import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import headless from '@xterm/headless';

export type HeadlessTerminal = InstanceType<typeof headless.Terminal>;

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A program in a pseudo-terminal, read through a terminal emulator: what a person would see and type. */
export interface TerminalProgram extends AsyncDisposable {
  readonly pid: number;
  /** The emulator, for pictures and for cells. */
  readonly emulator: HeadlessTerminal;
  /** The screen's lines, without trailing blanks. */
  lines(): string[];
  /** The screen as one text. */
  text(): string;
  /** Types keys; an escape sequence or a character per call is safest. */
  type(keys: string): void;
  /** Resolves with the screen once it matches, and has been quiet for 80 ms; fails with the screen it saw instead. */
  see(pattern: RegExp, timeoutMs?: number): Promise<string>;
  /** Resolves once the screen no longer matches. */
  seeNot(pattern: RegExp, timeoutMs?: number): Promise<string>;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
  /** Resolves when the program has ended. */
  exit(timeoutMs?: number): Promise<{ exitCode: number; signal?: number | undefined }>;
  /** All bytes that the program wrote. */
  bytesWritten(): number;
}

/** Keys that have no character. */
export const keys = {
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  up: '\x1b[A',
  down: '\x1b[B',
  backspace: '\x7f',
  ctrlC: '\x03',
  ctrlD: '\x04',
  ctrlU: '\x15',
} as const;

/** An emulator that shows these rows, for a picture of them. */
export async function emulatorWith(
  rows: readonly string[],
  size: { readonly columns: number; readonly rows: number },
): Promise<HeadlessTerminal> {
  const emulator = new headless.Terminal({ cols: size.columns, rows: size.rows, allowProposedApi: true });
  emulator.loadAddon(new Unicode11Addon() as never);
  emulator.unicode.activeVersion = '11';
  await new Promise<void>(resolve => emulator.write(rows.join('\r\n'), resolve));
  return emulator;
}

/** Starts a program in a terminal of its own (default 120x40, xterm-256color, UTF-8). */
export function openTerminal(command: readonly string[], options: TerminalOptions = {}): TerminalProgram {
  const { columns = 120, rows = 40 } = options;
  const [file = '', ...args] = command;
  const emulator = new headless.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 1000 });
  emulator.loadAddon(new Unicode11Addon() as never);
  emulator.unicode.activeVersion = '11';
  const { CI: _ci, NO_COLOR: _noColor, ...env } = process.env;
  const program = spawn(file, args, {
    cols: columns,
    rows,
    cwd: options.cwd ?? process.cwd(),
    env: {
      ...env,
      TERM: 'xterm-256color',
      COLORTERM: 'truecolor',
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      ...options.env,
    },
  });
  let bytes = 0;
  let lastByte = 0;
  let ended: { exitCode: number; signal?: number | undefined } | undefined;
  program.onData(data => {
    bytes += Buffer.byteLength(data);
    lastByte = performance.now();
    emulator.write(data);
  });
  program.onExit(result => {
    ended = result;
  });
  emulator.onData(reply => program.write(reply));

  const lines = () => {
    const buffer = emulator.buffer.active;
    return Array.from({ length: emulator.rows }, (_, y) => {
      return buffer.getLine(buffer.viewportY + y)?.translateToString(true) ?? '';
    });
  };
  const text = () => lines().join('\n');
  const until = async (what: string, holds: () => boolean, timeoutMs: number) => {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      await new Promise<void>(resolve => emulator.write('', resolve)); // everything received is on the screen
      const quiet = performance.now() - lastByte > 80 || ended !== undefined;
      if (holds() && quiet) return text();
      if (performance.now() > deadline)
        throw new Error(`${what} within ${timeoutMs} ms; the screen was:\n${text()}`);
      await sleep(20);
    }
  };
  const exit = async (timeoutMs = 60_000) => {
    await until('the program did not end', () => ended !== undefined, timeoutMs);
    return ended ?? { exitCode: -1 };
  };
  return {
    pid: program.pid,
    emulator,
    lines,
    text,
    type: text => program.write(text),
    see: (pattern, timeoutMs = 60_000) =>
      until(`${pattern} did not appear`, () => pattern.test(text()), timeoutMs),
    seeNot: (pattern, timeoutMs = 60_000) =>
      until(`${pattern} did not go`, () => !pattern.test(text()), timeoutMs),
    resize: (columns, rows) => {
      emulator.resize(columns, rows);
      program.resize(columns, rows);
    },
    kill: signal => program.kill(signal),
    exit,
    bytesWritten: () => bytes,
    [Symbol.asyncDispose]: async () => {
      if (ended === undefined) program.kill('SIGKILL');
      await exit();
      emulator.dispose();
    },
  };
}
