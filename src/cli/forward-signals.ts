import type { Engine } from '../engine/index.ts';
import type { Cli } from './cli.ts';

/**
 * Signals go to the container, also one that comes while it is being started (its first output is seen before `start`
 * resolves); who insists (three times) leaves it running.
 */
export function forwardSignals(
  cli: Cli,
  engine: Engine,
  name: string,
  { started, left }: { started: Promise<unknown>; left: AbortController },
): () => void {
  let insistence = 0;
  return cli.takeSignals(signal => {
    insistence += signal === 'SIGINT' || signal === 'SIGTERM' ? 1 : 0;
    if (insistence >= 3) left.abort();
    started.then(() => engine.containers.kill(name, signal)).catch(() => {}); // it has ended in between
  });
}
