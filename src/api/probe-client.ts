import type { ClientStream } from './client-stream.ts';
import { frameHead } from './raw-stream.ts';

/** How often a client is asked whether it is still there. */
const probeMs = 5000;

/**
 * A client that has ended its input may have left, and so may one whose input nobody reads: only writing to it tells.
 * Frames without content are harmless; with a terminal or a websocket there are none, and nothing is asked.
 */
export function probeClient(client: ClientStream, raw: boolean): Disposable {
  const probe = () => void client.write(frameHead('stdout', 0));
  const timer = raw || client.closed.aborted ? undefined : setInterval(probe, probeMs);
  const stop = () => clearInterval(timer);
  client.closed.addEventListener('abort', stop, { once: true });
  return { [Symbol.dispose]: stop };
}
