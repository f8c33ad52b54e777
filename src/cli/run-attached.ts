import type { Engine } from '../engine/index.ts';
import type { Cli } from './cli.ts';
import type { ForegroundOptions } from './foreground-options.ts';
import { forwardSignals } from './forward-signals.ts';
import { printWarnings } from './print-warnings.ts';
import { pumpInput } from './pump-input.ts';
import { writeForeign } from './write-foreign.ts';

/**
 * The same as `runForeground` on an engine elsewhere: it is connected with before it starts, as docker's client does it,
 * since the log of another engine may hold a line back until it is whole.
 */
export async function runAttached(
  cli: Cli,
  engine: Engine,
  name: string,
  options: ForegroundOptions,
): Promise<number> {
  const { tty, interactive, detachKeys, streams = ['stdout', 'stderr'] } = options;
  const { columns, rows } = cli.stdout;
  const left = new AbortController();
  const onDetach = () => left.abort();
  await using attachment = await engine.containers.attach(name);
  const started = engine.containers.start(name, {
    signal: cli.signal,
    ...(tty && columns && rows ? { terminalSize: { columns, rows } } : {}),
  });
  const forwards = options.signalsToContainer ?? true;
  if (!forwards) cli.signal.addEventListener('abort', onDetach, { once: true });
  const release = forwards ? forwardSignals(cli, engine, name, { started, left }) : () => {};
  try {
    printWarnings(cli, (await started).warnings);
    const exited = engine.containers.wait(name);
    exited.catch(() => {}); // left alone, or thrown below
    const keys = detachKeys === undefined ? {} : { detachKeys };
    using _input = interactive ? pumpInput(cli, attachment, { tty, ...keys, onDetach }) : undefined;
    const copied = (async () => {
      for await (const { stream, data } of attachment.output) {
        if (streams.includes(stream))
          writeForeign(stream === 'stderr' ? cli.stderr : cli.stdout, data, { raw: tty });
      }
    })();
    await Promise.race([copied, aborted(left.signal)]);
    if (left.signal.aborted) return 0;
    const code = await exited;
    return code < 0 ? 125 : code;
  } finally {
    release();
    cli.signal.removeEventListener('abort', onDetach);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
}
