import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { type DaemonOfOwn, type Done, daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

const fixtures = resolve(import.meta.dirname, '../fixtures/docker-api');
const python = '/usr/bin/python3';

/** Why a client cannot be driven here; false if it can. */
function cannot(packageName: string, ...command: [string, ...string[]]): string | false {
  const [program, ...args] = command;
  if (noEngine) return noEngine;
  return spawnSync(program, args).status === 0
    ? false
    : `needs ${packageName}: apt-get install ${packageName}`;
}

test('python3-docker', { skip: cannot('python3-docker', python, '-c', 'import docker') }, async () => {
  await using daemon = await daemonOfOwn();
  const done = await daemon.run(python, [join(fixtures, 'clients.py'), daemon.proxied]);
  assert.deepEqual(done, { code: 0, stdout: 'run\nlist\nexec\nfiles\nbuild\nerrors\n', stderr: '' });
  await leavesNothing(daemon);
});

test('docker-compose: three services, health, network, volume', {
  skip: cannot('docker-compose', 'docker-compose', 'version'),
}, async () => {
  await using daemon = await daemonOfOwn();
  const compose = composeOf(daemon, 'compose.yml');
  await compose('up', '-d');
  assert.match((await compose('ps')).stdout, /three_db_1 .*Up \(healthy\)/);
  assert.equal((await compose('exec', '-T', 'web', 'echo', 'inside')).stdout, 'inside\n');
  const id = (await compose('ps', '-q', 'web')).stdout.slice(0, 12);
  while (!(await compose('logs', '--no-color')).stdout.includes(id))
    await new Promise(again => setTimeout(again, 200));
  assert.match((await compose('logs', '--no-color', 'web')).stdout, /web is up/);
  await compose('stop', '-t', '0');
  await compose('down', '-v');
  await leavesNothing(daemon);
});

test('docker-compose: a service with the network of another, and "up" once more changes nothing', {
  skip: cannot('docker-compose', 'docker-compose', 'version'),
}, async () => {
  await using daemon = await daemonOfOwn();
  const compose = composeOf(daemon, 'compose-shared.yml');
  await compose('up', '-d');
  const ids = (await compose('ps', '-q')).stdout;
  const asked = ['exec', '-T', 'side', 'wget', '-qO-', 'http://127.0.0.1:8080/hostname'];
  assert.match((await compose(...asked)).stdout, /^[0-9a-f]{12}\n$/);
  await compose('up', '-d');
  assert.equal((await compose('ps', '-q')).stdout, ids);
  const once = await compose('run', '--rm', 'web', 'wget', '-qO-', 'http://web:8080/hostname');
  assert.match(once.stdout, /^[0-9a-f]{12}\s*$/);
  await compose('down', '-t', '0');
  await leavesNothing(daemon);
});

function composeOf(daemon: DaemonOfOwn, name: string): (...args: string[]) => Promise<Done> {
  const file = join(fixtures, name);
  return async (...args) => {
    const to = ['-H', `unix://${daemon.proxied}`, '-p', 'three', '-f', file];
    const done = await daemon.run('docker-compose', [...to, ...args]);
    assert.equal(done.code, 0, done.stderr);
    return done;
  };
}

async function leavesNothing(daemon: DaemonOfOwn): Promise<void> {
  assert.deepEqual(daemon.proxy.breaches, []);
  assert.equal((await daemon.plimsoll('ps', '-aq')).stdout, '');
  assert.equal((await daemon.plimsoll('volume', 'ls', '-q')).stdout, '');
}
