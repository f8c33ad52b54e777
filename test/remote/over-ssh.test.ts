import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../src/engine/index.ts';
import { createRemoteEngine, parseEndpoint } from '../../src/remote/index.ts';
import { cannotRunContainers } from '../support/busybox-rootfs.ts';
import { daemonOfOwn } from '../support/daemon-of-own.ts';
import { dockerOfOwn, importBusybox, noPeer, podmanService } from '../support/peer-engines.ts';
import { isPrivate, runPrivately } from '../support/private-network.ts';
import { rootOfOwn } from '../support/root-of-own.ts';
import { noSshHosts, openSshHosts, type SshHosts } from '../support/ssh-hosts.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const path = process.env.PATH ?? '';

if (!isPrivate) runPrivately(import.meta.filename, noSshHosts());
else {
  test('an engine is reached by its socket through a real sshd', { skip: cannotRunContainers }, async () => {
    await using daemon = await daemonOfOwn();
    await using hosts = await openSshHosts(1, { PATH: await onlyPlimsoll(daemon.folder) });
    await using engine = await over(hosts, daemon.socket);
    assert.match(engine.link?.product ?? '', /^plimsoll /);
    await tryOut(engine);
  });

  test('a plimsoll without a daemon serves who comes by ssh', { skip: cannotRunContainers }, async () => {
    await using own = await rootOfOwn();
    const bin = await onlyPlimsoll(own.folder);
    const served = join(own.folder, 'served');
    const podman = `#!/bin/sh\n[ "$2" != service ] || true > ${served}\nexit 1\n`; // there, and nobody serves it
    writeFileSync(join(bin, 'podman'), podman, { mode: 0o755 });
    const env = { PATH: bin, PLIMSOLL_ROOT: own.root.dataDir };
    await using hosts = await openSshHosts(1, env);
    await using engine = await over(hosts);
    assert.match(engine.link?.product ?? '', /^plimsoll /);
    assert.equal(existsSync(served), false);
    await tryOut(engine);
  });

  test('a dockerd is reached by its own client on the other side', {
    skip: cannotRunContainers || noPeer('dockerd', 'docker'),
  }, async () => {
    await using docker = await dockerOfOwn();
    await using hosts = await openSshHosts(1);
    await using engine = await over(hosts, docker.socket);
    assert.match(engine.link?.product ?? '', /^Docker Engine /);
    assert.deepEqual(engine.containers.list({ all: true }), []);
  });

  test('a podman is reached by its own client, where there is nothing else', {
    skip: cannotRunContainers || noPeer('podman'),
  }, async () => {
    await using podman = await podmanService();
    const folder = mkdtempSync(join(tmpdir(), 'plt-'));
    try {
      await using hosts = await openSshHosts(1, { PATH: await only(folder, 'podman') });
      await importBusybox(podman, 'localhost/busybox');
      await using engine = await over(hosts, podman.socket);
      assert.match(engine.link?.product ?? '', /^Podman /i);
      await tryOut(engine, 'localhost/busybox');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a podman that nobody serves is served as long as the connection lasts', {
    skip: cannotRunContainers || noPeer('podman'),
  }, async () => {
    await using podman = await podmanService();
    const folder = mkdtempSync(join(tmpdir(), 'plt-'));
    try {
      const env = { ...podman.settings, TMPDIR: folder };
      await using hosts = await openSshHosts(1, {
        PATH: await only(folder, 'podman', ...servingTools),
        ...env,
      });
      await importBusybox(podman, 'localhost/busybox');
      const left = () => readdirSync(folder).filter(name => name.startsWith('tmp.'));
      {
        await using engine = await over(hosts);
        assert.match(engine.link?.product ?? '', /^Podman /i);
        assert.equal(left().length, 1);
        await tryOut(engine, 'localhost/busybox');
      }
      await until(() => left().length === 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('a lost ssh connection leaves the last picture, and comes back by itself', {
    skip: cannotRunContainers,
  }, async () => {
    await using daemon = await daemonOfOwn();
    await using hosts = await openSshHosts(1, { PATH: await onlyPlimsoll(daemon.folder) });
    await using engine = await over(hosts, daemon.socket);
    const stop = new AbortController();
    void (async () => {
      for await (const _event of engine.events.follow({ signal: stop.signal }));
    })();
    const { id } = await engine.containers.create({ image: 'busybox', command: ['true'], network: 'none' });
    await until(() => engine.events.list().some(({ actor }) => actor.id === id));

    await hosts.die(0);
    await until(() => /^ssh to "root@10\.213\.0\.2" failed: /.test(engine.link?.lost()?.reason ?? ''));
    assert.equal(engine.containers.inspect(id).state.status, 'created');
    await daemon.plimsoll('rename', id, 'meanwhile');

    await hosts.comeBack(0);
    await until(() => engine.link?.lost() === undefined);
    assert.equal(engine.containers.inspect(id).name, 'meanwhile');
    stop.abort();
  });

  test('why ssh fails is one sentence, with what to do', async () => {
    await using hosts = await openSshHosts(1);
    const [address = ''] = hosts.addresses;
    const before = readFileSync(hosts.sshConfig, 'utf8');
    const fails = async (target: string, settings: string, reason: RegExp, hint: RegExp) => {
      writeFileSync(hosts.sshConfig, settings + (settings.includes('IdentityFile') ? '' : before));
      process.env.PATH = `${hosts.bin}:${path}`;
      await assert.rejects(createRemoteEngine(parseEndpoint(`ssh://${target}`)), (error: Error) => {
        assert.match(error.message, reason);
        assert.match((error as { hint?: string }).hint ?? '', hint);
        return true;
      });
    };
    const known = join(hosts.folder, 'known');
    const strict = `StrictHostKeyChecking yes\nUserKnownHostsFile ${known}\n`;
    await fails(address, strict, /its host key is not known here$/, /^'ssh 10\.213\.0\.2' once/);
    writeFileSync(known, `${address} ${readFileSync(join(hosts.folder, 'user.pub'), 'utf8')}`);
    await fails(
      address,
      strict,
      /its host key is another than the known one$/,
      /ssh-keygen -R 10\.213\.0\.2/,
    );
    const other = `StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nIdentitiesOnly yes\nIdentityFile ${join(hosts.folder, 'host')}\n`;
    await fails(`root@${address}`, other, /it takes none of your keys$/, /^'ssh-copy-id root@10\.213/);
    await fails(`${address}:2299`, '', /no sshd listens there$/, /name its port/);
    await fails('no-such-host.invalid', '', /nobody knows a host of that name$/, /see the name/);
    await fails(
      `${address}/run/none.sock`,
      '',
      /^no engine answers on "10\.213\.0\.2": .*does not run$/,
      /start it there/,
    );
  });
}

/** Opens the engine of the only host, by the ssh that knows its key. */
async function over({ addresses, bin }: SshHosts, socket = ''): Promise<Engine> {
  process.env.PATH = `${bin}:${path}`;
  return await createRemoteEngine(parseEndpoint(`ssh://root@${addresses[0]}${socket}`));
}

/** What a first minute has: a container that runs, its output, its figures, a command in it. */
async function tryOut(engine: Engine, image = 'busybox'): Promise<void> {
  const script = 'echo said; exec sleep 60';
  const { id } = await engine.containers.create({
    image,
    command: ['sh', '-c', script],
    network: 'none',
  });
  await engine.containers.start(id);
  try {
    const frame = await engine.stats.once();
    const used = frame.containers.get(id)?.memory.workingSetBytes ?? 0;
    assert.ok(used > 0 && frame.host.memoryUsedBytes > 2 * used, 'what the machine uses besides is told too');
    const entries = await Array.fromAsync(engine.containers.logs(id, {}));
    assert.deepEqual(
      entries.map(({ line }) => line.toString()),
      ['said'],
    );
    // More at once than the server gives a connection: the others have their own.
    const many = Array.from({ length: 12 }, () => Array.fromAsync(engine.containers.logs(id, {})));
    assert.equal((await Promise.all(many)).flat().length, 12);
  } finally {
    await engine.containers.remove(id, { force: true });
  }
}

/** A search path that has plimsoll, and neither docker nor podman. */
async function onlyPlimsoll(folder: string): Promise<string> {
  const bin = await only(folder, 'readlink');
  symlinkSync(launcher, join(bin, 'plimsoll'));
  return bin;
}

/** What a shell and podman need to serve. */
const servingTools = ['mktemp', 'sleep', 'rm', 'conmon', 'runc', 'crun'];

/** A search path that has these programs, and no other that an engine could be reached by. */
async function only(folder: string, ...programs: readonly string[]): Promise<string> {
  const bin = join(folder, 'only');
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  for (const name of ['sh', 'cat', ...programs]) {
    const found = await new Promise<string>((done, fail) =>
      execFile('sh', ['-c', `command -v ${name}`], (error, out) => (error ? fail(error) : done(out.trim()))),
    );
    symlinkSync(found, join(bin, name));
  }
  return bin;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !holds(); tries++) await sleep(20);
  assert.ok(holds());
}
