import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import WebSocket, { createWebSocketStream } from 'ws';
import { daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

test('a websocket is attached to a container: input, output, its end, and who may not', {
  skip: noEngine,
}, async t => {
  await using daemon = await daemonOfOwn();
  const open = (name: string, query: string, options?: WebSocket.ClientOptions) =>
    new WebSocket(`ws+unix:${daemon.proxied}:/v1.51/containers/${name}/attach/ws?${query}`, options);
  const refused = async (socket: WebSocket) => {
    socket.on('error', () => {});
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    socket.terminate();
    return answer.statusCode;
  };
  const run = ['run', '-d', '-i', '--name'];

  await t.test('what is typed comes in, both outputs come out as they are', async () => {
    await daemon.plimsoll(
      ...run,
      'one',
      'busybox',
      'sh',
      '-c',
      'read a; echo "got $a"; echo err >&2; sleep 0.2',
    );
    const stream = createWebSocketStream(open('one', 'stream=1&stdin=1&stdout=1&stderr=1'));
    const said = text(stream);
    stream.write('typed\n');
    const lines = (await said).split('\n').sort();
    assert.deepEqual(lines, ['', 'err', 'got typed']);
    await daemon.plimsoll('rm', '-f', 'one');
  });

  await t.test('the log comes first when it is asked for, in binary messages', async () => {
    await daemon.plimsoll(...run, 'two', 'busybox', 'sh', '-c', 'echo before; read a; echo after');
    while ((await daemon.plimsoll('logs', 'two')).stdout !== 'before\n');
    const socket = open('two', 'logs=1&stream=1&stdin=1&stdout=1');
    const [first, isBinary] = (await once(socket, 'message')) as [Buffer, boolean];
    assert.deepEqual([String(first), isBinary], ['before\n', true]);
    socket.send('go\n');
    const [second] = (await once(socket, 'message')) as [Buffer];
    assert.equal(String(second), 'after\n');
    await once(socket, 'close');
    await daemon.plimsoll('rm', '-f', 'two');
  });

  await t.test('a client that leaves leaves the container as it is', async () => {
    await daemon.plimsoll(...run, 'three', 'busybox', 'cat');
    const socket = open('three', 'stream=1&stdin=1&stdout=1');
    await once(socket, 'open');
    socket.terminate();
    assert.equal((await daemon.plimsoll('ps', '-q')).stdout.trim().split('\n').length, 1);
    assert.equal(await refused(open('three', 'stream=1', { origin: 'http://elsewhere.example' })), 403);
    assert.equal(await refused(open('absent', 'stream=1')), 404);
    await daemon.plimsoll('rm', '-f', 'three');
  });
  assert.deepEqual(daemon.proxy.breaches, []);
});
