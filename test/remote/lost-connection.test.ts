import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRemoteEngine, parseEndpoint } from '../../src/remote/index.ts';
import { cannotRunContainers } from '../support/busybox-rootfs.ts';
import { daemonOfOwn } from '../support/daemon-of-own.ts';

test('an engine that stops answering leaves its last picture, with its age, and comes back by itself', {
  skip: cannotRunContainers,
}, async () => {
  await using daemon = await daemonOfOwn();
  const path = join(daemon.folder, 'way.sock');
  const way = openWay(path, daemon.socket);
  await way.open();
  await using engine = await createRemoteEngine(parseEndpoint(`unix://${path}`));
  const stop = new AbortController();
  void (async () => {
    for await (const _event of engine.events.follow({ signal: stop.signal }));
  })();
  const { id } = await engine.containers.create({
    image: 'busybox',
    command: ['sleep', '60'],
    network: 'none',
  });
  await until(() => engine.events.list().some(({ actor }) => actor.id === id));
  assert.equal(engine.link?.lost(), undefined);

  await way.close();
  await until(() => engine.link?.lost() !== undefined);
  assert.equal(engine.containers.inspect(id).state.status, 'created');
  await assert.rejects(engine.containers.start(id), { kind: 'unavailable', code: 'ENGINE_UNREACHABLE' });
  assert.equal((await daemon.plimsoll('rename', id, 'meanwhile')).code, 0);

  await way.open();
  await until(() => engine.link?.lost() === undefined);
  assert.equal(engine.containers.inspect(id).name, 'meanwhile');
  await engine.containers.remove(id);
  stop.abort();
  await way.close();
});

/** A socket that leads to another one while it is open. */
function openWay(path: string, target: string) {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, client => {
    const far = connect({ path: target, allowHalfOpen: true });
    for (const socket of [client, far]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(far).pipe(client);
  });
  return {
    open: () => new Promise<void>(resolve => server.listen(path, resolve)),
    close: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
        rmSync(path, { force: true });
      }),
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600 && !holds(); tries++) await sleep(20);
  assert.ok(holds());
}
