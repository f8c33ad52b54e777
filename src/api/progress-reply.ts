import type { FastifyReply } from 'fastify';
import { httpErrorOf } from './http-status.ts';
import { leaving } from './stream-reply.ts';

/**
 * Answers with docker's messages, one JSON object after the other, as `work` emits them. What fails before the first is an
 * answer with its status; after that the last message tells. The signal fires when the client leaves.
 */
export async function progressReply(
  reply: FastifyReply,
  work: (emit: (message: object) => void, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { raw } = reply;
  let isOpen = false;
  const open = () => {
    if (isOpen) return;
    isOpen = true;
    reply.hijack();
    const headers = reply.getHeaders() as Record<string, string>;
    raw.writeHead(200, { ...headers, 'content-type': 'application/json' });
  };
  const signal = leaving(raw);
  const emit = (message: object) => {
    open();
    if (!signal.aborted) raw.write(`${JSON.stringify(message)}\r\n`);
  };
  try {
    await work(emit, signal);
    open();
  } catch (error) {
    if (!isOpen) throw error;
    const { status, message } = httpErrorOf(error);
    emit({ errorDetail: { code: status, message }, error: message });
  }
  raw.end();
}
