import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { type DaemonOfOwn, daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

const idle = 1000;
/** Files that the first client of its kind has the daemon open, for good. */
const opened = 3;
/**
 * What two storms of 1,300 connections may add to the heap once it is collected: compiled code and what it has learnt of
 * types, some 0.1 MiB. A connection that leaks, with its buffers, is 10 KiB.
 */
const heapSlackBytes = 2 * 1024 ** 2;
/** The same of resident memory, which has the allocators' pages in it: it rises with the first storm, and stays. */
const residentSlackBytes = 12 * 1024 ** 2;

test('a storm leaves no open file and no memory behind', { skip: noEngine }, async () => {
  await using daemon = await daemonOfOwn({ inspected: true });
  const { code, stdout } = await daemon.plimsoll('create', '-i', '--network', 'none', 'busybox', 'cat');
  assert.equal(code, 0);
  const storm = () => stormOn(daemon.socket, stdout.trim());
  const calm = await settled(daemon);
  await storm(); // what is loaded once, and the sizes that buffers and heap grow to
  const before = await settled(daemon, calm.files + opened);
  await storm();
  await storm();
  const after = await settled(daemon, calm.files + opened);
  assert.ok(after.files <= before.files, `${before.files} to ${after.files} files`);
  const [heap, resident] = [after.heap - before.heap, after.resident - before.resident];
  assert.ok(heap < heapSlackBytes, `the heap has ${heap} bytes more`);
  assert.ok(resident < residentSlackBytes, `${resident} bytes more are resident`);
});

async function stormOn(socket: string, container: string): Promise<void> {
  const sockets: Socket[] = [];
  const open = async (text: string) => {
    const one = connect({ path: socket, allowHalfOpen: true });
    one.on('error', () => {}).resume();
    sockets.push(one);
    await once(one, 'connect');
    one.write(text);
    return one;
  };
  await Promise.all(Array.from({ length: idle }, () => open('')));
  const create = 'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
  for (let i = 0; i < 50; i++) {
    await open(`${create}Content-Length: 5\r\n\r\n{"a":`); // malformed
    await open(`${create}Content-Length: 99999999\r\n\r\n${'x'.repeat(65_536)}`); // huge
    await open(`${create}Content-Length: 100\r\n\r\n{`); // slow
    await open('GET /containers/json HTTP/1.1\r\nHo'); // slower
    const upgrade = 'Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
    const hijacked = await open(
      `POST /containers/${container}/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n${upgrade}`,
    );
    hijacked.end(); // half closed
    await open('GET /events HTTP/1.1\r\nHost: x\r\n\r\n');
  }
  await sleep(200);
  for (const one of sockets) one.destroy();
}

interface Held {
  readonly files: number;
  /** Bytes in use after a collection, and what is resident then. */
  readonly heap: number;
  readonly resident: number;
}

/** What a daemon holds once its open files have stopped falling; `files`: how many there should be. */
async function settled({ pid, inspector = '' }: DaemonOfOwn, files = 0): Promise<Held> {
  let last = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 240; tries++) {
    const open = readdirSync(`/proc/${pid}/fd`).length;
    if (open === last && (files === 0 || open <= files)) break;
    last = open;
    await sleep(250);
  }
  const heap = await heapOf(inspector);
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { files: last, heap, resident: Number(kilobytes) * 1024 };
}

/** Has the heap collected, and tells what is left in it. */
async function heapOf(inspector: string): Promise<number> {
  const socket = new WebSocket(inspector, { perMessageDeflate: false });
  await once(socket, 'open');
  const call = async (method: string, params = {}) => {
    socket.send(JSON.stringify({ id: 1, method, params }));
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return JSON.parse(String(answer)) as { result: { usedSize: number } };
  };
  await call('HeapProfiler.collectGarbage');
  const { result } = await call('Runtime.getHeapUsage');
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return result.usedSize;
}
