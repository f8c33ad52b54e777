import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { parseAddress } from '../../src/api/listen.ts';
import { findExecutable } from '../../src/engine/kernel/index.ts';
import { createRemoteEngine, parseEndpoint } from '../../src/remote/index.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const folder = mkdtempSync('/var/tmp/plt-secure-');
after(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

test('TCP without certificates is refused but on loopback', () => {
  assert.throws(() => parseAddress('tcp://0.0.0.0:2375', { tls: false }), { code: 'TLS_NEEDED' });
  assert.throws(() => parseAddress('tcp://127.evil.example:2375', { tls: false }), { code: 'TLS_NEEDED' });
  assert.equal(parseAddress('tcp://127.0.0.1', { tls: false }).kind, 'tcp');
  assert.deepEqual(parseAddress('tcp://[::]:99', { tls: true }), { kind: 'tcp', host: '::', port: 99 });
  assert.throws(() => parseAddress('unix:///x', { tls: true }), { code: 'BAD_ADDRESS' });
});

test('a daemon forbids what its policy says, and writes down who did what', { skip: noEngine }, async () => {
  writeFileSync(at('policy.json'), '{"forbid": ["bind-mounts", "privileged", "host-network"]}');
  const socket = at('policy.sock');
  const audit = at('audit.log');
  await using _daemon = await daemon(
    '-H',
    `unix://${socket}`,
    '--authz',
    at('policy.json'),
    '--audit-log',
    audit,
  );
  assert.equal(statSync(socket).mode & 0o777, 0o660);
  await using engine = await createRemoteEngine(parseEndpoint(`unix://${socket}`));
  const create = (spec: object) => engine.containers.create({ image: 'busybox', network: 'none', ...spec });
  const forbidden = { kind: 'permission-denied' };
  await assert.rejects(create({ privileged: true }), forbidden);
  await assert.rejects(create({ network: 'host' }), forbidden);
  const mounts = [{ type: 'bind' as const, source: '/', target: '/host', readOnly: true }];
  await assert.rejects(create({ mounts }), forbidden);
  const options = { type: 'none', o: 'bind', device: '/' };
  await assert.rejects(async () => await engine.volumes.create({ name: 'host', options }), forbidden);
  const { id } = await create({});
  await engine.containers.remove(id);
  const lines = readFileSync(audit, 'utf8').trim().split('\n');
  const entries = lines.map(
    line => JSON.parse(line) as { who: { uid: number; pid: number }; status: number },
  );
  assert.deepEqual(
    entries.map(({ status }) => status),
    [403, 403, 403, 403, 201, 204],
  );
  assert.ok(
    entries.every(({ who }) => who.uid === 0 && who.pid === process.pid),
    lines[0],
  );
});

test('a policy with a slip of the pen is refused', { skip: noEngine }, async () => {
  writeFileSync(at('slip.json'), '{"forbid": ["bind-mount"]}');
  await assert.rejects(daemon('-H', `unix://${at('slip.sock')}`, '--authz', at('slip.json')), /is no rule/);
});

const noOpenssl = noEngine || (findExecutable('openssl') === undefined ? 'needs openssl' : false);

test('TCP is served to those with a certificate alone', { skip: noOpenssl }, async () => {
  makeCertificates();
  const port = await freePort();
  const files = ['--tlscacert', at('ca.pem'), '--tlscert', at('cert.pem'), '--tlskey', at('key.pem')];
  const audit = at('tls-audit.log');
  await using _daemon = await daemon(
    '-H',
    `tcp://127.0.0.1:${port}`,
    '--tlsverify',
    ...files,
    '--audit-log',
    audit,
  );
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map(name => readFileSync(at(name)));
  const address = `tcp://127.0.0.1:${port}`;
  {
    await using engine = await createRemoteEngine(parseEndpoint(address, { ca, cert, key } as object));
    assert.ok(engine.images.list().length > 0);
    await engine.volumes.create({ name: 'over-tls' });
    await engine.volumes.remove('over-tls');
  }
  assert.match(readFileSync(audit, 'utf8'), /"certificate":"ship"/);
  await assert.rejects(createRemoteEngine(parseEndpoint(address, { ca } as object)), { kind: 'unavailable' });
  await assert.rejects(createRemoteEngine(parseEndpoint(address)), { kind: 'unavailable' });
});

test('the room of volumes is counted, and what a prune of them frees', { skip: noEngine }, async () => {
  const socket = at('room.sock');
  await using _daemon = await daemon('-H', `unix://${socket}`);
  await using engine = await createRemoteEngine(parseEndpoint(`unix://${socket}`));
  const mounts = [{ type: 'volume' as const, name: '', target: '/data', readOnly: false }];
  const command = ['dd', 'if=/dev/zero', 'of=/data/cargo', 'bs=1M', 'count=2'];
  const { id } = await engine.containers.create({ image: 'busybox', network: 'none', mounts, command });
  await engine.containers.start(id);
  assert.equal(await engine.containers.wait(id), 0);
  const { volumes } = await engine.system.diskUsage();
  assert.ok((volumes[0]?.sizeBytes ?? 0) >= 2 * 1024 ** 2);
  await engine.containers.remove(id);
  const { volumes: pruned, reclaimedBytes } = await engine.system.prune({ volumes: true });
  assert.equal(pruned.length, 1);
  assert.ok(reclaimedBytes >= 2 * 1024 ** 2);
});

test('a daemon says that it is well, to probes and to who started it', { skip: noEngine }, async () => {
  const socket = at('well.sock');
  await using _daemon = await daemon('-H', `unix://${socket}`);
  const answer = execFileSync('curl', ['-s', '--unix-socket', socket, 'http://x/healthz'], {
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(answer), { status: 'ok', containers: 0 });
});

const activator = findExecutable('systemd-socket-activate');
const noActivator = noEngine || (activator === undefined ? 'needs systemd-socket-activate (systemd)' : false);

test('a daemon serves a socket that systemd has opened, to its first client too', {
  skip: noActivator,
}, async () => {
  await using own = await rootOfOwn();
  const socket = at('handed.sock');
  const command = [launcher, '--root', own.root.dataDir, 'daemon', '-H', 'fd://'];
  const child = spawn(activator ?? '', ['-l', socket, ...command], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    const ask = ['-s', '--retry', '20', '--retry-delay', '1', '--retry-all-errors', '--unix-socket', socket];
    const answer = execFileSync('curl', [...ask, 'http://x/healthz'], { encoding: 'utf8' });
    assert.deepEqual(JSON.parse(answer), { status: 'ok', containers: 0 });
    const metrics = execFileSync('curl', [...ask, 'http://x/metrics'], { encoding: 'utf8' });
    assert.match(metrics, /^plimsoll_engine_images 1$/m);
  } finally {
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [143, null], 'what the unit calls a success');
  }
  assert.ok(existsSync(socket), 'it is not its own to take away');
});

/** Starts a daemon on a root of its own; rejects with what it said if it does not serve. */
async function daemon(...args: string[]): Promise<AsyncDisposable> {
  const own = await rootOfOwn();
  const child = spawn(launcher, ['--root', own.root.dataDir, 'daemon', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const said = String(await Promise.race([once(child.stderr, 'data'), exited]));
  if (!said.startsWith('Docker API on ')) {
    await exited;
    await own[Symbol.asyncDispose]();
    throw new Error(said);
  }
  child.stderr.resume();
  return {
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await exited;
      await own[Symbol.asyncDispose]();
    },
  };
}

function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  const days = ['-days', '2', '-nodes'];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    ...days,
    '-keyout',
    'ca-key.pem',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=ca',
  );
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    'key.pem',
    '-out',
    'csr.pem',
    '-subj',
    '/CN=ship',
  );
  writeFileSync(at('ext.cnf'), 'subjectAltName=IP:127.0.0.1\n');
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', 'csr.pem', ...signing, '-extfile', 'ext.cnf', '-out', 'cert.pem');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise(done => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
