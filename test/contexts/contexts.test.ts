import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  chooseContext,
  chooseEngine,
  createContext,
  currentContext,
  exportContext,
  importContext,
  listContexts,
  readContext,
  readContextTls,
  removeContext,
} from '../../src/contexts/index.ts';
import { dockerClients } from '../support/daemon-of-own.ts';
import { tarOf } from '../support/layer-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'plt-contexts-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const env = { DOCKER_CONFIG: join(folder, 'docker'), XDG_CONFIG_HOME: join(folder, 'config'), HOME: folder };
const verbs = { follows: true };
const dashboard = { follows: false };

test('a context is kept, chosen, followed and forgotten', () => {
  const host = 'ssh://root@ship';
  createContext(env, { name: 'ship', description: 'the server', host, skipVerify: false }, undefined);
  assert.deepEqual(listContexts(env), [{ name: 'ship', description: 'the server', host, skipVerify: false }]);
  assert.equal(chooseEngine({}, env, verbs), undefined);
  chooseContext(env, 'ship');
  assert.deepEqual(chooseEngine({}, env, verbs), { address: host, chosenBy: 'context ship' });
  assert.deepEqual(chooseEngine({}, env, dashboard), { address: host, chosenBy: 'context ship' });
  removeContext(env, 'ship');
  assert.equal(currentContext(env), 'default');
  assert.throws(() => chooseContext(env, 'ship'), { code: 'CONTEXT_NOT_FOUND' });
});

test('certificates go with a context', () => {
  const tls = { ca: Buffer.from('ca'), cert: Buffer.from('cert'), key: Buffer.from('key') };
  createContext(env, { name: 'far', description: '', host: 'tcp://far:2376', skipVerify: false }, tls);
  assert.deepEqual(chooseEngine({ context: 'far' }, env, verbs)?.tls, tls);
  removeContext(env, 'far');
});

test('a context has a name that is none of a path, and only once', () => {
  const context = { name: '../x', description: '', host: 'unix:///x', skipVerify: false };
  assert.throws(() => createContext(env, context, undefined), { code: 'BAD_CONTEXT' });
  createContext(env, { ...context, name: 'once' }, undefined);
  assert.throws(() => createContext(env, { ...context, name: 'once' }, undefined), {
    code: 'CONTEXT_EXISTS',
  });
  removeContext(env, 'once');
});

test('DOCKER_HOST leads verbs elsewhere, and never the dashboard', () => {
  const docker = { ...env, DOCKER_HOST: 'unix:///var/run/docker.sock' };
  assert.equal(chooseEngine({}, docker, verbs)?.address, 'unix:///var/run/docker.sock');
  assert.equal(chooseEngine({}, docker, dashboard), undefined);
  assert.equal(chooseEngine({ root: '/srv/plimsoll' }, docker, verbs), undefined);
  assert.equal(chooseEngine({ host: 'unix:///x.sock' }, docker, dashboard)?.chosenBy, '--host');
  assert.equal(chooseEngine({}, { ...docker, PLIMSOLL_HOST: 'tcp://x' }, dashboard)?.address, 'tcp://x');
});

test('DOCKER_CONTEXT, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH mean what they mean to docker', () => {
  createContext(
    env,
    { name: 'ship', description: '', host: 'ssh://root@ship', skipVerify: false },
    undefined,
  );
  assert.deepEqual(chooseEngine({}, { ...env, DOCKER_CONTEXT: 'ship' }, verbs), {
    address: 'ssh://root@ship',
    chosenBy: 'context ship',
  });
  assert.equal(chooseEngine({}, { ...env, DOCKER_CONTEXT: 'ship' }, dashboard), undefined);
  assert.equal(chooseEngine({}, { ...env, DOCKER_CONTEXT: 'default' }, verbs), undefined);
  const host = { ...env, DOCKER_HOST: 'tcp://far:2376', DOCKER_CONTEXT: 'ship' };
  assert.equal(chooseEngine({}, host, verbs)?.address, 'tcp://far:2376'); // as docker: the host wins
  assert.throws(() => chooseEngine({}, { ...env, DOCKER_CONTEXT: 'nosuch' }, verbs), {
    code: 'CONTEXT_NOT_FOUND',
  });
  const certs = join(folder, 'certs');
  mkdirSync(certs);
  for (const part of ['ca', 'cert', 'key']) writeFileSync(join(certs, `${part}.pem`), part);
  const secure = { ...host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certs };
  const [ca, cert, key] = ['ca', 'cert', 'key'].map(part => Buffer.from(part));
  assert.deepEqual(chooseEngine({}, secure, verbs)?.tls, { ca, cert, key });
  assert.equal(chooseEngine({}, { ...secure, DOCKER_HOST: 'unix:///x' }, verbs)?.tls, undefined);
  removeContext(env, 'ship');
});

for (const client of dockerClients)
  test(`contexts of ${client} are ours, and ours are its own`, () => {
    const config = mkdtempSync(join(folder, 'docker-'));
    const docker = (...words: string[]) =>
      execFileSync(client, ['--config', config, 'context', ...words], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const ours = { HOME: folder, DOCKER_CONFIG: config };
    docker('create', 'theirs', '--description', 'of docker', '--docker', 'host=ssh://root@far');
    assert.deepEqual(listContexts(ours), [
      { name: 'theirs', description: 'of docker', host: 'ssh://root@far', skipVerify: false },
    ]);
    createContext(
      ours,
      { name: 'ours', description: 'x', host: 'tcp://near:2376', skipVerify: true },
      {
        ca: Buffer.from('a certificate'),
      },
    );
    const [told] = JSON.parse(docker('inspect', 'ours')) as { Endpoints: object; TLSMaterial: object }[];
    assert.deepEqual(told?.Endpoints, { docker: { Host: 'tcp://near:2376', SkipTLSVerify: true } });
    assert.deepEqual(told?.TLSMaterial, { docker: ['ca.pem'] });
    docker('rm', 'theirs');
    removeContext(ours, 'ours');
    assert.equal(docker('ls', '-q').trim(), 'default');
  });

const far = { name: 'far', description: 'far away', host: 'tcp://far:2376', skipVerify: true };
const farTls = { ca: Buffer.from('ca'), cert: Buffer.from('cert'), key: Buffer.from('key') };

test('an exported context is the same where it is imported, under any name', async () => {
  createContext(env, far, farTls);
  await importContext(env, 'near', [exportContext(env, 'far')] as unknown as AsyncIterable<Buffer>);
  assert.deepEqual(readContext(env, 'near'), { ...far, name: 'near' });
  assert.deepEqual(readContextTls(env, readContext(env, 'near')), { ...farTls, skipVerify: true });
  const again = importContext(env, 'near', [exportContext(env, 'far')] as unknown as AsyncIterable<Buffer>);
  await assert.rejects(again, { code: 'CONTEXT_EXISTS' });
  for (const name of ['far', 'near']) removeContext(env, name);
});

test('what is no context is not imported', async () => {
  const [other, bad] = [tarOf({ name: 'other', content: 'x' }), tarOf({ name: 'meta.json', content: '{' })];
  createContext(env, far, farTls);
  const cut = exportContext(env, 'far').subarray(0, 600); // amid its meta.json
  removeContext(env, 'far');
  for (const [bytes, code] of [
    [other, 'BAD_CONTEXT'],
    [bad, 'BAD_CONTEXT'],
    [cut, 'BAD_CONTEXT'],
    [Buffer.alloc(700, 1), 'BAD_ARCHIVE'],
  ] as const) {
    await assert.rejects(importContext(env, 'odd', [bytes] as unknown as AsyncIterable<Buffer>), { code });
  }
  assert.deepEqual(listContexts(env), []);
});

for (const client of dockerClients)
  test(`${client} imports what is exported here, and the other way round`, async () => {
    const docker = (...args: string[]) =>
      execFileSync(client, ['context', ...args], { env: { ...process.env, ...env }, stdio: 'pipe' });
    createContext(env, far, farTls);
    const file = join(folder, 'far.dockercontext');
    writeFileSync(file, exportContext(env, 'far'));
    docker('import', 'there', file);
    assert.deepEqual(readContext(env, 'there'), { ...far, name: 'there' });
    const back = docker('export', 'there', '-');
    await importContext(env, 'back', [back] as unknown as AsyncIterable<Buffer>);
    assert.deepEqual(readContext(env, 'back'), { ...far, name: 'back' });
    assert.deepEqual(readContextTls(env, readContext(env, 'back')), { ...farTls, skipVerify: true });
    for (const name of ['far', 'there', 'back']) removeContext(env, name);
    rmSync(file);
  });
