import type { FastifyInstance } from 'fastify';
import type { Engine, StopOptions } from '../../engine/index.ts';
import { PlimsollError } from '../../errors.ts';
import type { Attachments } from '../attachments.ts';
import { containerName, type NamedParams } from '../container-name.ts';
import { Query } from '../query.ts';
import { streamReply } from '../stream-reply.ts';
import { isJustRemoved, waitFor } from '../wait-for.ts';

type Parts = Pick<Engine, 'containers' | 'events'>;

/** Containers as processes: started, stopped, signalled, waited for. */
export function lifecycleRoutes(
  app: FastifyInstance,
  { containers, events }: Parts,
  attachments: Attachments,
): void {
  const verb = (path: string, act: (name: string, query: Query) => Promise<unknown>) =>
    app.post<NamedParams>(`/containers/:name/${path}`, async (request, reply) => {
      await act(containerName(request), new Query(request.query));
      return reply.code(204).send();
    });
  const runs = (name: string) => {
    const { status } = containers.inspect(name).state;
    return status === 'running' || status === 'paused' || status === 'restarting';
  };
  verb('start', async name => {
    if (runs(name)) throw unchanged(name, 'runs already');
    await containers.start(name);
  });
  verb('stop', async (name, query) => {
    if (!runs(name)) throw unchanged(name, 'does not run');
    await containers.stop(name, stopOptions(query));
  });
  verb('restart', async (name, query) => await containers.restart(name, stopOptions(query)));
  verb('kill', async (name, query) => await containers.kill(name, query.text('signal')));
  verb('pause', async name => await containers.pause(name));
  verb('unpause', async name => await containers.unpause(name));
  app.post<NamedParams>('/containers/:name/wait', async (request, reply) => {
    const name = containerName(request);
    const id = isJustRemoved(events, name) ? name : containers.inspect(name).id;
    const condition = new Query(request.query).text('condition') ?? 'not-running';
    const left = new AbortController();
    const waiting = waitFor({ containers, events }, id, { condition, signal: left.signal });
    await streamReply(reply, { type: 'application/json' }, async function* (signal) {
      signal.addEventListener('abort', () => left.abort(), { once: true });
      const result = await waiting;
      if (isJustRemoved(events, id) || containers.inspect(id).state.status !== 'created')
        await attachments.drained(id);
      yield `${JSON.stringify(result)}\n`;
    });
  });
}

function stopOptions(query: Query): StopOptions {
  const [timeoutSeconds, stopSignal] = [query.integer('t'), query.text('signal')];
  return {
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(stopSignal === undefined ? {} : { stopSignal }),
  };
}

function unchanged(name: string, why: string): PlimsollError {
  return new PlimsollError('not-modified', `the container "${name}" ${why}`, { code: 'CONTAINER_STATE' });
}
