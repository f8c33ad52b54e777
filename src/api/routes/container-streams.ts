import type { FastifyInstance } from 'fastify';
import type { Engine, LogEntry } from '../../engine/index.ts';
import { badRequest, parseQueryTime } from '../../wire/index.ts';
import { minorVersionOf } from '../api-version.ts';
import { containerName, type NamedParams } from '../container-name.ts';
import { followStats, oneShotStats } from '../follow-stats.ts';
import { Query } from '../query.ts';
import { frame, streamType } from '../raw-stream.ts';
import { createStatsFrames } from '../stats-frames.ts';
import { jsonLines, streamReply } from '../stream-reply.ts';

type Parts = Pick<Engine, 'containers' | 'stats'>;

/** What containers write and use, as it comes. */
export function containerStreamRoutes(app: FastifyInstance, { containers, stats }: Parts): void {
  const frames = createStatsFrames(stats);
  app.get<NamedParams>('/containers/:name/logs', async (request, reply) => {
    const { id, spec } = containers.inspect(containerName(request));
    const query = new Query(request.query);
    const wanted = { stdout: query.flag('stdout'), stderr: query.flag('stderr') };
    if (!wanted.stdout && !wanted.stderr) {
      throw badRequest('Bad parameters: you must choose at least one stream');
    }
    const options = logOptions(query);
    const tty = spec.tty ?? false;
    const type = streamType(tty, minorVersionOf(request.originalUrl));
    if (spec.log?.driver === 'none') containers.logs(id); // throws: later it could only end the answer
    await streamReply(reply, { type }, async function* (signal) {
      const timestamps = query.flag('timestamps');
      for await (const entry of containers.logs(id, { ...options, signal })) {
        if (wanted[entry.stream]) yield frame(entry.stream, lineOf(entry, timestamps), tty);
      }
    });
  });
  app.get<NamedParams>('/containers/:name/stats', async (request, reply) => {
    const container = containers.inspect(containerName(request));
    const query = new Query(request.query);
    const stream = query.flagOr('stream', true);
    const oneShot = query.flag('one-shot');
    if (oneShot && !stream) return oneShotStats(frames, container);
    await streamReply(reply, { type: 'application/json' }, signal =>
      jsonLines(followStats({ containers, frames }, container, { stream, signal })),
    );
  });
}

function logOptions(query: Query) {
  const [since, until] = [parseQueryTime(query.text('since')), parseQueryTime(query.text('until'))];
  const tail = query.text('tail') ?? 'all';
  return {
    follow: query.flag('follow'),
    ...(query.flag('details') ? { details: true } : {}),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    // As docker: what is no number is all of it.
    ...(/^\d+$/.test(tail) ? { tail: Number(tail) } : {}),
  };
}

function lineOf({ time, line, partial, attributes }: LogEntry, timestamps: boolean): Buffer {
  const origin = attributes === undefined ? '' : `${attributes} `;
  const parts = [timestamps ? `${time} ` : '', origin, line, partial ? '' : '\n'];
  return Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part)));
}
