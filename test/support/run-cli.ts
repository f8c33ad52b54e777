import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { type CliHost, runCli } from '../../src/cli/index.ts';
import { createEngine, type Engine, type Root } from '../../src/engine/index.ts';

/** What a command line did, as its caller sees it. */
export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Opened anew for each call, as a process would. */
  readonly root?: Root;
  /** In place of an engine of the root. */
  readonly engine?: Partial<Engine>;
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Standard output and error are a terminal of 80 columns. */
  readonly tty?: boolean;
  /** Standard input is a terminal, at which a person types `input`. */
  readonly typing?: boolean;
  /** Gets what is written to standard output, byte by byte. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Gets what is written to standard error. */
  readonly onError?: (text: string) => void;
  /** Gets the emitter of signals, to send some. */
  readonly onStart?: (signals: EventEmitter) => void;
}

/** Runs one command line in this process, on streams of its own. */
export async function runPlimsoll(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const written = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const signals = new EventEmitter();
  const stdin = new PassThrough();
  if (options.typing) Object.assign(stdin, { isTTY: true, setRawMode: () => stdin });
  if (options.input !== undefined) stdin.end(options.input);
  const output = (name: 'stdout' | 'stderr') =>
    Object.assign(new EventEmitter(), {
      write: (data: string | Uint8Array) => {
        const chunk = Buffer.from(data as string);
        if (name === 'stdout') options.onOutput?.(chunk);
        else options.onError?.(chunk.toString());
        return written[name].push(chunk) > 0;
      },
      ...(options.tty ? { isTTY: true, columns: 80, rows: 24 } : {}),
    });
  const host = {
    signals,
    stdin,
    stdout: output('stdout'),
    stderr: output('stderr'),
    env: options.env ?? {},
    cwd: () => options.cwd ?? process.cwd(),
    exit: () => {
      throw new Error('a stray error ended the process');
    },
  };
  const pending = runCli({
    argv,
    process: host as unknown as CliHost['process'],
    resolveRoot: async () => options.root ?? nowhere,
    openEngine: root => (options.engine === undefined ? createEngine({ root }) : fake(options.engine)),
  });
  options.onStart?.(signals);
  const code = await pending;
  return {
    code,
    stdout: Buffer.concat(written.stdout).toString('utf8'),
    stderr: Buffer.concat(written.stderr).toString('utf8'),
  };
}

const nowhere: Root = { id: '00000000', dataDir: '/nonexistent', runDir: '/nonexistent', rootless: false };

async function fake(parts: Partial<Engine>): Promise<Engine> {
  return { async [Symbol.asyncDispose]() {}, ...parts } as Engine;
}
