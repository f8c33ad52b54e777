import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ContainerDetails, Engine } from '../../engine/index.ts';
import { messageOf } from '../../errors.ts';
import { badRequest, JsonFields } from '../../wire/index.ts';
import { minorVersionOf } from '../api-version.ts';
import type { Attachments } from '../attachments.ts';
import type { MayEnter } from '../authz-policy.ts';
import { clientStream } from '../client-stream.ts';
import { containerName, type NamedParams } from '../container-name.ts';
import type { Hijack, HijackRoute } from '../hijack.ts';
import { Query } from '../query.ts';
import { streamType } from '../raw-stream.ts';
import { type AttachRequest, attachRequest, serveAttach } from '../serve-attach.ts';
import { dockerWords, execJson, readyToStart, serveExec, toExecSpec } from '../serve-exec.ts';

type Parts = Pick<Engine, 'containers' | 'events' | 'execs'>;

/** Attach, and commands in containers, for clients that do not ask to have the connection for themselves. */
export function execRoutes(app: FastifyInstance, { containers, execs }: Parts): void {
  app.post<NamedParams>('/containers/:name/exec', async (request, reply) => {
    const { id } = await execs.create(containerName(request), toExecSpec(request.body));
    return reply.code(201).send({ Id: id });
  });
  app.get<NamedParams>('/exec/:name/json', async request =>
    execJson(await execs.inspect(request.params.name)),
  );
  app.post<NamedParams>('/exec/:name/resize', async (request, reply) => {
    const { name } = request.params;
    await execs.resize(name, sizeOf(new Query(request.query)));
    return reply.code(200).send();
  });
  app.post<NamedParams>('/containers/:name/resize', async (request, reply) => {
    containers.resize(containerName(request), sizeOf(new Query(request.query)));
    return reply.code(200).send();
  });
}

function sizeOf(query: Query): { columns: number; rows: number } {
  const [rows, columns] = [query.integer('h'), query.integer('w')];
  if (
    rows !== undefined &&
    columns !== undefined &&
    rows >= 0 &&
    columns >= 0 &&
    rows < 65536 &&
    columns < 65536
  ) {
    return { columns, rows };
  }
  throw badRequest('a terminal needs a height and a width', 'give them as ?h=24&w=80');
}

/** What all ways to attach need beside the engine. */
interface Attaching {
  readonly attachments: Attachments;
  readonly mayEnter: MayEnter;
}

function attach(
  engine: Parts,
  { attachments, mayEnter }: Attaching,
  name: string,
  request: AttachRequest,
): Extract<Hijack, { run: unknown }> {
  const container: ContainerDetails = engine.containers.inspect(name.replace(/^\//, ''));
  mayEnter(container.id);
  const tty = container.spec.tty ?? false;
  return {
    tty,
    mayHalfClose: !(request.stdin && tty),
    run: async client => await attachments.add(container.id, serveAttach(engine, container, request, client)),
  };
}

/** What takes a connection for the streams of a process, by an upgrade or by a plain answer that does not end. */
export function hijackRoutes(engine: Parts, attaching: Attaching): HijackRoute[] {
  const { execs } = engine;
  return [
    {
      path: /^\/containers\/([^/]+)\/attach$/,
      prepare: (name, { query }) => attach(engine, attaching, name, attachRequest(query)),
    },
    {
      path: /^\/exec\/([^/]+)\/start$/,
      prepare: async (id, { body }) => {
        const { tty, stdin } = await readyToStart(execs, id);
        const fields = new JsonFields(body ?? {});
        const [rows, columns] = sizeList(fields);
        const size = rows && columns ? { terminalSize: { rows, columns } } : {};
        if (fields.flag('Detach')) return { tty, detach: async () => await startAlone(execs, id, size) };
        return {
          tty,
          mayHalfClose: !(stdin && tty),
          run: async client => await serveExec(execs, id, size, client),
        };
      },
    },
  ];
}

/** A command that nobody is attached to. Throws `invalid-argument` where it cannot be started, in docker's words. */
async function startAlone(
  execs: Parts['execs'],
  id: string,
  size: Parameters<Parts['execs']['start']>[1],
): Promise<void> {
  const { ended } = await execs.start(id, size).catch(async (error: unknown) => {
    const words = dockerWords(error, (await execs.inspect(id)).spec);
    throw words === messageOf(error) ? error : badRequest(words);
  });
  ended.catch(() => {}); // its end is recorded, or will be by who looks next
}

function sizeList(fields: JsonFields): readonly (number | undefined)[] {
  return fields.numbers('ConsoleSize') ?? [];
}

/** What a websocket is attached to: both streams in one, as docker leaves it to the websocket to frame. */
export function websocketRoutes(engine: Parts, attaching: Attaching): HijackRoute[] {
  return [
    {
      path: /^\/containers\/([^/]+)\/attach\/ws$/,
      prepare: (name, { query }) => ({
        ...attach(engine, attaching, name, attachRequest(query, { raw: true })),
        mayHalfClose: false,
      }),
    },
  ];
}

/** Serves the same by a plain answer: its body is the output, the request's body the input. */
export function plainHijacks(app: FastifyInstance, routes: readonly HijackRoute[]): void {
  const serve = async (request: FastifyRequest<NamedParams>, reply: FastifyReply) => {
    const path = request.url.split('?')[0] ?? '';
    const route = routes.find(each => each.path.test(path));
    if (route === undefined) return reply.callNotFound();
    const streams = isStream(request.body);
    const prepared = await route.prepare(decodeURIComponent(request.params.name), {
      query: new Query(request.query),
      body: streams ? undefined : request.body,
    });
    if (prepared.detach !== undefined) {
      await prepared.detach();
      return reply.code(200).send();
    }
    reply.hijack();
    const type = streamType(prepared.tty, minorVersionOf(request.originalUrl));
    reply.raw.writeHead(200, { ...(reply.getHeaders() as Record<string, string>), 'content-type': type });
    reply.raw.flushHeaders();
    await prepared.run(clientStream(request.raw, reply.raw)).catch(() => reply.raw.destroy());
    return reply;
  };
  app.post('/containers/:name/attach', serve);
  app.post('/exec/:name/start', serve);
  app.get('/containers/:name/attach/ws', async () => {
    throw badRequest('this is for websockets alone', 'ask for the upgrade with Upgrade: websocket');
  });
}

function isStream(body: unknown): body is IncomingMessage {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}
