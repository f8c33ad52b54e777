import type { Readable } from 'node:stream';
import { messageOf } from '../../../errors.ts';
import { RegistryError } from '../registry-error.ts';
import { connectionError } from './connection-error.ts';
import type { HttpAnswer } from './http-types.ts';

/** The whole body of an answer; throws `data-loss` (`REGISTRY_ANSWER_TOO_LARGE`) beyond `limit` bytes. */
export async function readBody(answer: HttpAnswer, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of bodyPieces(answer)) {
    size += piece.length;
    if (size > limit) {
      answer.body.destroy();
      throw new RegistryError(
        'data-loss',
        `${answer.url.host} sends more than ${limit} bytes where few are due`,
        {
          code: 'REGISTRY_ANSWER_TOO_LARGE',
          hint: 'check the name of the image and of the registry',
        },
      );
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The beginning of a body, whatever becomes of the rest: for errors. */
export async function readSome({ body }: HttpAnswer, limit: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      pieces.push(piece);
      size += piece.length;
      if (size >= limit) break;
    }
  } catch (error) {
    return pieces.length === 0 ? messageOf(error) : Buffer.concat(pieces).toString('utf8', 0, limit);
  }
  return Buffer.concat(pieces).toString('utf8', 0, limit);
}

/** The pieces of a body; whatever breaks it off is told as an error of the registry. */
export async function* bodyPieces({ body, url }: HttpAnswer): AsyncGenerator<Buffer> {
  try {
    for await (const piece of body as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    throw connectionError(error, url.host);
  } finally {
    body.destroy();
  }
}

/** Lets a body go so that its connection can serve again: short ones are read, long ones cut. */
export function discard(body: Readable): void {
  body.on('error', () => {}); // nobody waits for it
  let size = 0;
  body.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size > 64 * 1024) body.destroy();
  });
}
