import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

const idle = 1000;
/** Files that the first client of its kind has the daemon open, for good. */
const opened = 3;
/** What a collector may leave for later; what leaks grows with each storm. */
const slackBytes = 48 * 1024 ** 2;

test('a storm leaves no open file and no memory behind', { skip: noEngine }, async () => {
  await using daemon = await daemonOfOwn();
  const { code, stdout } = await daemon.plimsoll('create', '-i', '--network', 'none', 'busybox', 'cat');
  assert.equal(code, 0);
  const storm = () => stormOn(daemon.socket, stdout.trim());
  const calm = await settled(daemon.pid);
  await storm(); // what is loaded once, and the sizes that buffers and heap grow to
  const before = await settled(daemon.pid, calm.files + opened);
  await storm();
  const after = await settled(daemon.pid, calm.files + opened);
  assert.ok(after.files <= before.files, `${before.files} to ${after.files} files`);
  assert.ok(after.bytes - before.bytes < slackBytes, `${before.bytes} to ${after.bytes} bytes`);
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

/** Open files and resident memory, once they have stopped falling; `files`: how many there should be. */
async function settled(pid: number, files = 0): Promise<{ readonly files: number; readonly bytes: number }> {
  let last = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 60; tries++) {
    const open = readdirSync(`/proc/${pid}/fd`).length;
    if (open === last && (files === 0 || open <= files)) break;
    last = open;
    await sleep(250);
  }
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { files: last, bytes: Number(kilobytes) * 1024 };
}
