import fastify, { type FastifyInstance } from 'fastify';
import type { Engine } from '../engine/index.ts';
import { apiVersion, badRequest } from '../wire/index.ts';
import { minorVersionOf, routedPath } from './api-version.ts';
import { createAttachments } from './attachments.ts';
import type { Audit } from './audit-log.ts';
import type { MayEnter } from './authz-policy.ts';
import { serveHijacks } from './hijack.ts';
import { httpErrorOf } from './http-status.ts';
import { readOff } from './read-off.ts';
import { buildRoutes } from './routes/build.ts';
import { containerStreamRoutes } from './routes/container-streams.ts';
import { containerRoutes } from './routes/containers.ts';
import { diskRoutes } from './routes/disk.ts';
import { distributionRoutes } from './routes/distribution.ts';
import { execRoutes, hijackRoutes, plainHijacks, websocketRoutes } from './routes/exec.ts';
import { fileRoutes } from './routes/files.ts';
import { imageRoutes } from './routes/images.ts';
import { lifecycleRoutes } from './routes/lifecycle.ts';
import { metricsRoute } from './routes/metrics.ts';
import { networkRoutes } from './routes/networks.ts';
import { systemRoutes } from './routes/system.ts';
import { volumeRoutes } from './routes/volumes.ts';
import { routesWithoutSwarm } from './routes/without-swarm.ts';

/** The largest JSON body that is read; streams have no such bound. */
const bodyLimit = 16 * 1024 * 1024;

/** How the API is served beside what it serves. */
export interface AppOptions {
  /** PEM files: over TLS, to clients alone whose certificate this authority signed. */
  readonly tls?: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly audit?: Audit | undefined;
  readonly mayEnter?: MayEnter | undefined;
}

/** The Docker Engine API over an engine, not yet listening. */
export function createApp(
  engine: Engine,
  version: string,
  { tls, audit, mayEnter = () => {} }: AppOptions = {},
): FastifyInstance {
  const secure = { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' as const };
  const app = fastify({
    https: tls === undefined ? null : { ...secure, ...tls },
    logger: false,
    bodyLimit,
    rewriteUrl: request => routedPath(request.method, request.url ?? '/'),
    routerOptions: { maxParamLength: 1024, ignoreTrailingSlash: true },
    requestTimeout: 0, // a build context may take its time
    forceCloseConnections: true,
    return503OnClosing: false,
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => {
      const { status, message } = httpErrorOf(error);
      const body = JSON.stringify({ message: message.slice(0, 200) });
      reply.hijack();
      reply.raw.writeHead(status, { 'content-type': 'application/json' }).end(body);
    },
  });
  parseBodies(app);
  app.addHook('onRequest', async (request, reply) => {
    void reply.headers({
      'api-version': apiVersion,
      'docker-experimental': 'false',
      ostype: 'linux',
      server: `plimsoll/${version} (linux)`,
    });
    minorVersionOf(request.originalUrl);
  });
  // Docker's client reads the words of an error only where the type is this to the letter.
  app.addHook('onSend', async (_request, reply) => {
    if (String(reply.getHeader('content-type')).startsWith('application/json')) {
      void reply.header('content-type', 'application/json');
    }
  });
  app.setErrorHandler(async (error, request, reply) => {
    const { status, message } = httpErrorOf(error);
    if (status === 413) await readOff(request.raw);
    return status === 304 ? reply.code(304).send() : reply.code(status).send({ message });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ message: 'page not found' }));
  if (audit !== undefined)
    app.addHook('onResponse', async (request, reply) => audit(request.raw, reply.statusCode));
  app.get('/healthz', async () => ({ status: 'ok', containers: engine.containers.list().length }));
  metricsRoute(app, engine, version);
  systemRoutes(app, engine, version);
  containerRoutes(app, engine);
  const attachments = createAttachments();
  lifecycleRoutes(app, engine, attachments);
  containerStreamRoutes(app, engine);
  imageRoutes(app, engine);
  distributionRoutes(app, engine);
  networkRoutes(app, engine);
  volumeRoutes(app, engine);
  fileRoutes(app, engine);
  buildRoutes(app, engine);
  diskRoutes(app, engine);
  routesWithoutSwarm(app);
  const hijacks = hijackRoutes(engine, { attachments, mayEnter });
  execRoutes(app, engine);
  plainHijacks(app, hijacks);
  serveHijacks(
    app.server,
    { hijacks, websockets: websocketRoutes(engine, { attachments, mayEnter }) },
    audit,
  );
  return app;
}

/** JSON as docker takes it: also where there is none; everything else is left to the route, as a stream. */
function parseBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: unknown, text: string) => {
      if (text.trim() === '') return undefined;
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw badRequest('the body is no valid JSON');
      }
    },
  );
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
}
