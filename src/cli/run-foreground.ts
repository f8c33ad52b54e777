import { type Attachment, attachForInput, type Engine } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { hasLogFile } from '../words/index.ts';
import type { Cli } from './cli.ts';
import type { ForegroundOptions } from './foreground-options.ts';
import { forwardSignals } from './forward-signals.ts';
import { printWarnings } from './print-warnings.ts';
import { pumpInput } from './pump-input.ts';
import { writeForeign } from './write-foreign.ts';
import { writeLogEntry } from './write-log-entry.ts';

/**
 * Starts a container and stays with it to its end: output comes from its log, so that not a byte of its first moments
 * is missed; input goes in through an attachment; signals go to it. Returns its exit code, or 0 when the keys to leave
 * it were typed.
 */
export async function runForeground(
  cli: Cli,
  engine: Engine,
  name: string,
  options: ForegroundOptions,
): Promise<number> {
  if (engine.link !== undefined) {
    const { runAttached } = await import('./run-attached.ts');
    return await runAttached(cli, engine, name, options);
  }
  const { tty, interactive, detachKeys, streams = ['stdout', 'stderr'] } = options;
  const { containers } = engine;
  const { columns, rows } = cli.stdout;
  // Of a first run all is new, whatever the clock does while it starts.
  const since = containers.inspect(name).state.startedAt === undefined ? 0 : Date.now();
  const left = new AbortController();
  const live = hasLogFile(containers.inspect(name).spec)
    ? undefined
    : containers.attach(name, { nextRun: true });
  live?.catch(() => {}); // it is not there before it is started, whose failure is told
  const started = containers.start(name, {
    signal: cli.signal,
    ...(tty && columns && rows ? { terminalSize: { columns, rows } } : {}),
  });
  const forwards = options.signalsToContainer ?? true;
  const onAbort = () => left.abort();
  if (!forwards) cli.signal.addEventListener('abort', onAbort, { once: true });
  const release = forwards ? forwardSignals(cli, engine, name, { started, left }) : () => {};
  const { warnings } = await started.catch(error => {
    release();
    throw error;
  });
  printWarnings(cli, warnings);
  const exited = containers.wait(name);
  const attachment =
    live === undefined
      ? await (interactive || tty ? attachForInput(containers, name) : undefined)
      : await live;
  const keys = detachKeys === undefined ? {} : { detachKeys };
  const input =
    attachment && interactive ? pumpInput(cli, attachment, { tty, ...keys, onDetach: onAbort }) : undefined;
  try {
    const copying = { since, raw: tty, signal: left.signal, streams };
    await (live === undefined || attachment === undefined
      ? copyLog(cli, engine, name, copying)
      : copyLive(cli, attachment, copying));
    if (left.signal.aborted) return 0;
    return await exited.then(code => (code < 0 ? 125 : code));
  } finally {
    input?.[Symbol.dispose]();
    await attachment?.[Symbol.asyncDispose]();
    release();
    cli.signal.removeEventListener('abort', onAbort);
    exited.catch(() => {}); // left alone, or already thrown
  }
}

/** Refuses a terminal for the container where the caller has none to give. */
export function checkTerminal(
  cli: Cli,
  { tty, interactive }: { readonly tty?: boolean; readonly interactive?: boolean },
): void {
  if (!tty || !interactive || cli.stdin.isTTY === true) return;
  throw new PlimsollError('invalid-argument', 'the input is not a terminal', {
    code: 'NOT_A_TERMINAL',
    hint: 'leave -t out when input comes from a pipe or file',
  });
}

interface CopyOptions {
  readonly since: number;
  readonly raw: boolean;
  readonly signal: AbortSignal;
  readonly streams: readonly ('stdout' | 'stderr')[];
}

async function copyLog(
  cli: Cli,
  engine: Engine,
  name: string,
  { since, raw, signal, streams }: CopyOptions,
): Promise<void> {
  try {
    for await (const entry of engine.containers.logs(name, { follow: true, since, signal })) {
      if (streams.includes(entry.stream)) writeLogEntry(cli, entry, { raw });
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Output that is in no file: as it comes, of a connection from before the first of it. */
async function copyLive(
  cli: Cli,
  attachment: Attachment,
  { raw, signal, streams }: CopyOptions,
): Promise<void> {
  const left = new Promise<void>(resolve =>
    signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  const copy = async () => {
    for await (const { stream, data } of attachment.output)
      if (streams.includes(stream))
        writeForeign(stream === 'stderr' ? cli.stderr : cli.stdout, data, { raw });
  };
  await Promise.race([copy(), left]);
}
