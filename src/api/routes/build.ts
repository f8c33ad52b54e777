import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import { buildMessages, toBuildRequest } from '../../wire/index.ts';
import { progressReply } from '../progress-reply.ts';
import { Query } from '../query.ts';
import { bodyOf } from './images.ts';

/** `docker build` with the classic builder: the context as a tar in the body, the progress as lines. */
export function buildRoutes(app: FastifyInstance, { builds }: Pick<Engine, 'builds'>): void {
  app.post('/build', async (request, reply) => {
    const query = new Query(request.query);
    const wanted = toBuildRequest(query);
    const quiet = query.flag('q');
    await progressReply(reply, async (emit, signal) => {
      const lines = buildMessages();
      const say = (stream: string) => {
        if (!quiet) emit({ stream });
      };
      const { image } = await builds.build({
        ...wanted,
        ...(query.text('remote') === undefined ? { stream: Readable.from(bodyOf(request)) } : {}),
        signal,
        onProgress: event => lines(event).forEach(say),
      });
      emit({ aux: { ID: image } });
      for (const tag of wanted.tags ?? [])
        say(`Successfully tagged ${/:[^/]*$/.test(tag) ? tag : `${tag}:latest`}\n`);
      if (quiet) emit({ stream: `${image}\n` });
    });
    return reply;
  });
}
