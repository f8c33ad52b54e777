import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

/** A client of its own for each is gone after so many bytes, at most, of what it sends, or of what it is answered. */
const [mostSent, mostRead] = [4000, 300_000];
/** Files that are opened once, and stay so, by somebody later than the first client of each kind. */
const opened = 8;
const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';
const json = 'Content-Type: application/json\r\n';
const websocket =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n';

test('clients that hang up at any byte of a stream leave the daemon well, and no file open', {
  skip: noEngine,
}, async t => {
  await using daemon = await daemonOfOwn();
  const docker = new Docker({ socketPath: daemon.socket });
  const talk =
    'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done | head -c 3000000';
  await daemon.plimsoll(
    'run',
    '-d',
    '-i',
    '--network',
    'none',
    '--name',
    'box',
    'busybox',
    'sh',
    '-c',
    `${talk}; cat`,
  );
  const box = docker.getContainer('box');
  const started = async (more: object) => {
    const exec = await box.exec({ Cmd: ['sh', '-c', talk], AttachStdout: true, AttachStderr: true, ...more });
    return `POST /exec/${exec.id}/start HTTP/1.1\r\nHost: x\r\n${json}`;
  };
  const get = (path: string) => async () => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const body = (head: string, content: Buffer | string) =>
    Buffer.concat([
      Buffer.from(`${head}Content-Length: ${Buffer.byteLength(content)}\r\n\r\n`),
      Buffer.from(content),
    ]);
  const archive = await readAll(await docker.getImage('busybox').get());
  writeFileSync(join(daemon.folder, 'Dockerfile'), 'FROM busybox\nRUN seq 10000\nCOPY Dockerfile /\n');
  const { stdout: context } = await promisify(execFile)('tar', ['-C', daemon.folder, '-c', 'Dockerfile'], {
    encoding: 'buffer',
  });
  const post = (path: string, content: Buffer) => async () =>
    body(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\n`, content);
  const requests: Record<string, () => Promise<string | Buffer>> = {
    logs: get('/containers/box/logs?stdout=1&stderr=1'),
    'followed logs': get('/containers/box/logs?stdout=1&follow=1'),
    stats: get('/containers/box/stats'),
    events: get('/events?since=1'),
    export: get('/containers/box/export'),
    archive: get('/containers/box/archive?path=/bin'),
    save: get('/images/busybox/get'),
    df: get('/system/df'),
    wait: async () => 'POST /containers/box/wait HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    load: post('/images/load', archive),
    import: post('/images/create?fromSrc=-&repo=fuzz', archive),
    build: post('/build?t=fuzz', context),
    'put archive': async () => body('PUT /containers/box/archive?path=/tmp HTTP/1.1\r\nHost: x\r\n', archive),
    attach: async () =>
      `POST /containers/box/attach?logs=1&stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`,
    'plain attach': async () =>
      'POST /containers/box/attach?logs=1&stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    websocket: async () =>
      `GET /containers/box/attach/ws?logs=1&stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${websocket}\r\n`,
    exec: async () => body(`${await started({})}${upgrade}`, '{}'),
    'plain exec': async () => body(await started({}), '{}'),
    'exec on a terminal': async () =>
      body(`${await started({ Tty: true, AttachStdin: true })}${upgrade}`, '{"Tty":true}'),
  };
  const files = () => readdirSync(`/proc/${daemon.pid}/fd`).length;
  const { pid } = daemon;
  /** One client; resolves when it is gone. */
  const hangUp = async (request: string | Buffer, isFirst = false) => {
    const bytes = Buffer.from(request as Buffer);
    const sendsAll = isFirst || randomInt(3) > 0;
    const sends = sendsAll ? bytes.length : randomInt(Math.min(bytes.length, mostSent));
    const [few, many] = [randomInt(500), randomInt(mostRead)];
    const reads = isFirst ? mostRead : randomInt(8) === 0 ? 0 : randomInt(2) === 0 ? few : many;
    const socket = connect({ path: daemon.socket, allowHalfOpen: true }).on('error', () => {});
    const closed = once(socket, 'close');
    socket.on('end', () => socket.destroy());
    let read = 0;
    socket.on('data', (chunk: Buffer) => {
      read += chunk.length;
      if (read >= reads) socket.destroy();
    });
    await once(socket, 'connect');
    const leave = () => (randomInt(2) === 0 ? socket.destroy() : socket.end());
    socket.write(bytes.subarray(0, sends), () => {
      if (sends < bytes.length || reads === 0) leave();
    });
    // One that is answered no more, as it read less than it meant to, leaves too.
    const timer = setTimeout(() => socket.destroy(), 1000);
    await closed;
    clearTimeout(timer);
  };
  for (const request of Object.values(requests)) await hangUp(await request(), true);
  let before = files();
  for (let same = 0; same < 20; same++) {
    await sleep(50);
    if (files() !== before) [same, before] = [0, files()];
  }
  for (const [name, request] of Object.entries(requests)) {
    await t.test(name, async () => {
      await Promise.all(Array.from({ length: 20 }, async () => await hangUp(await request())));
      assert.equal(String(await docker.ping()), 'OK');
      while (files() > before + opened) await sleep(20);
    });
  }
  await docker.ping();
  assert.equal(daemon.pid, pid);
  assert.ok((await box.inspect()).State.Running);
});

async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream as AsyncIterable<Buffer>));
}
