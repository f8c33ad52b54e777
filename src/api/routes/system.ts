import { arch, release } from 'node:os';
import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import {
  eventJson,
  infoJson,
  type ProgramFacts,
  parseFilters,
  parseQueryTime,
  versionJson,
} from '../../wire/index.ts';
import { eventFilters, eventMatcher } from '../../words/index.ts';
import { followEvents } from '../follow-events.ts';
import { Query } from '../query.ts';
import { jsonLines, streamReply } from '../stream-reply.ts';

type Parts = Pick<Engine, 'system' | 'stats' | 'events' | 'networks'>;

/** What a client asks of the engine as a whole. */
export function systemRoutes(app: FastifyInstance, engine: Parts, version: string): void {
  app.route({
    method: ['GET', 'HEAD'],
    url: '/_ping',
    handler: async (_request, reply) => {
      void reply.headers({
        'builder-version': '1',
        swarm: 'inactive',
        'cache-control': 'no-cache, no-store, must-revalidate',
        pragma: 'no-cache',
      });
      return reply.type('text/plain; charset=utf-8').send('OK');
    },
  });
  app.get('/version', async () => versionJson(programFacts(version)));
  app.get('/info', async () => {
    const { system, stats, networks } = engine;
    return infoJson({
      info: system.info(),
      storage: await system.storage(),
      facts: await stats.facts(),
      networks: networks.list(),
      program: programFacts(version),
      now: Date.now(),
    });
  });
  app.get('/events', async (request, reply) => {
    const query = new Query(request.query);
    const matches = eventMatcher(parseFilters(query.text('filters'), known));
    const since = parseQueryTime(query.text('since'));
    const until = parseQueryTime(query.text('until'));
    await streamReply(reply, { type: 'application/json' }, signal =>
      jsonLines(mapped(followEvents(engine.events, { since, until, matches, signal }), eventJson)),
    );
  });
}

function programFacts(version: string): ProgramFacts {
  return { version, node: process.versions.node, arch: arch(), kernel: release() };
}

/** Docker's other filters of events are about what there is not; of those no event passes. */
const known = [...eventFilters, 'scope', 'daemon', 'plugin', 'service', 'node', 'secret', 'config'];

async function* mapped<T>(source: AsyncIterable<T>, map: (value: T) => object): AsyncGenerator<object> {
  for await (const value of source) yield map(value);
}
