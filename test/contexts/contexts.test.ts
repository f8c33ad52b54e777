import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  chooseContext,
  chooseEngine,
  createContext,
  currentContext,
  listContexts,
  removeContext,
} from '../../src/contexts/index.ts';

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
