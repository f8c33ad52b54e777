import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import { formatMetrics, readMetrics } from '../../metrics/index.ts';

/** `GET /metrics`, in OpenMetrics' format to those who ask for it, in Prometheus' own to others. */
export function metricsRoute(app: FastifyInstance, engine: Engine, version: string): void {
  let running: ReturnType<typeof readMetrics> | undefined;
  app.get('/metrics', async (request, reply) => {
    // Measuring takes a second: those who come meanwhile share it.
    running ??= readMetrics(engine, { now: Date.now(), version }).finally(() => {
      running = undefined;
    });
    const source = await running;
    const openMetrics = request.headers.accept?.includes('application/openmetrics-text') ?? false;
    const type = openMetrics ? 'application/openmetrics-text; version=1.0.0' : 'text/plain; version=0.0.4';
    return reply
      .type(`${type}; charset=utf-8`)
      .send(formatMetrics({ ...source, server: serverUsage() }, { openMetrics }));
  });
}

function serverUsage() {
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: process.memoryUsage.rss(),
    cpuSeconds: (user + system) / 1e6,
    startSeconds: Math.round((Date.now() - process.uptime() * 1000) / 10) / 100,
  };
}
