import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import { PlimsollError } from '../../errors.ts';
import { badRequest, pathStatHeader } from '../../wire/index.ts';
import { containerName, type NamedParams } from '../container-name.ts';
import { Query } from '../query.ts';
import { streamReply } from '../stream-reply.ts';
import { bodyOf } from './images.ts';

type Parts = Pick<Engine, 'containers' | 'files'>;

/** Files of containers: `docker cp`, `export`, `commit`. */
export function fileRoutes(app: FastifyInstance, { containers, files }: Parts): void {
  const stat = async (name: string, path: string) => {
    const facts = await files.stat(name, path, { follow: false });
    if (facts !== undefined) return pathStatHeader(path, facts);
    throw new PlimsollError('not-found', `Could not find the file ${path} in container ${name}`, {
      code: 'PATH_NOT_FOUND',
    });
  };
  app.head<NamedParams>('/containers/:name/archive', async (request, reply) => {
    const header = await stat(containerName(request), pathOf(new Query(request.query)));
    return reply.header('x-docker-container-path-stat', header).code(200).send();
  });
  app.get<NamedParams>('/containers/:name/archive', async (request, reply) => {
    const name = containerName(request);
    const path = pathOf(new Query(request.query));
    void reply.header('x-docker-container-path-stat', await stat(name, path));
    const tar = await files.read(name, path);
    await streamReply(reply, { type: 'application/x-tar' }, () => tar);
    tar.destroy();
    return reply;
  });
  app.put<NamedParams>('/containers/:name/archive', async (request, reply) => {
    const query = new Query(request.query);
    const keepKinds = query.flag('noOverwriteDirNonDir');
    await files.write(containerName(request), pathOf(query), bodyOf(request), { keepKinds });
    return reply.code(200).send();
  });
  app.get<NamedParams>('/containers/:name/export', async (request, reply) => {
    const tar = await files.export(containerName(request));
    await streamReply(reply, { type: 'application/octet-stream' }, () => tar);
    tar.destroy();
    return reply;
  });
  app.post('/commit', async (request, reply) => {
    const query = new Query(request.query);
    const name = query.text('container');
    if (name === undefined) throw badRequest('the container is missing', 'give it as ?container=');
    const [repo, tag] = [query.text('repo'), query.text('tag')];
    const [author, message] = [query.text('author'), query.text('comment')];
    const id = await files.commit(containers.inspect(name).id, {
      ...(repo === undefined ? {} : { reference: tag === undefined ? repo : `${repo}:${tag}` }),
      ...(author === undefined ? {} : { author }),
      ...(message === undefined ? {} : { message }),
      changes: query
        .texts('changes')
        .flatMap(text => text.split('\n'))
        .filter(line => line !== ''),
      pause: query.flagOr('pause', true),
    });
    return reply.code(201).send({ Id: id });
  });
}

function pathOf(query: Query): string {
  const path = query.text('path');
  if (path === undefined) throw badRequest('the path is missing', 'give it as ?path=');
  return path;
}
