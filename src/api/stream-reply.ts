import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import { firstFailure, isPlimsollError } from '../errors.ts';

/** What a streamed answer says before its first byte. */
export interface StreamHead {
  readonly status?: number;
  readonly type: string;
}

/**
 * Answers with what `source` yields: the head at once, since clients wait for it before they act, then each piece as it
 * comes, and no more than the client takes. `source` is given a signal that fires when the client leaves. What fails
 * after the head cuts the answer off.
 */
export async function streamReply(
  reply: FastifyReply,
  { status = 200, type }: StreamHead,
  source: (signal: AbortSignal) => AsyncIterable<Uint8Array | string>,
): Promise<void> {
  reply.hijack();
  const { raw } = reply;
  const headers = { ...reply.getHeaders(), 'content-type': type } as Record<string, string>;
  raw.writeHead(status, headers);
  raw.flushHeaders();
  const signal = leaving(raw);
  try {
    for await (const piece of source(signal)) {
      if (signal.aborted) break;
      if (!raw.write(piece)) await drained(raw, signal);
    }
    raw.end();
  } catch (error) {
    if (signal.aborted || isPlimsollError(firstFailure(error), 'cancelled')) raw.end();
    else raw.destroy(error instanceof Error ? error : undefined);
  }
}

/** One JSON object a line, as docker streams them. */
export async function* jsonLines(objects: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const object of objects) yield `${JSON.stringify(object)}\n`;
}

/** Fires when the connection ends before the answer does. */
export function leaving(raw: ServerResponse): AbortSignal {
  const left = new AbortController();
  raw.on('error', () => {}); // a client that went away is no failure of ours
  raw.once('close', () => left.abort());
  if (raw.destroyed) left.abort();
  return left.signal;
}

function drained(raw: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const go = () => {
      raw.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    raw.once('drain', go);
    signal.addEventListener('abort', go, { once: true });
  });
}
