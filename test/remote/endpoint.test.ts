import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEndpoint } from '../../src/remote/index.ts';

test('parseEndpoint() reads the ways that docker has', () => {
  assert.deepEqual(parseEndpoint('unix:///run/x.sock'), {
    kind: 'unix',
    address: 'unix:///run/x.sock',
    path: '/run/x.sock',
  });
  const tcp = parseEndpoint('tcp://[::1]:99');
  assert.deepEqual(tcp, { kind: 'tcp', address: 'tcp://[::1]:99', host: '::1', port: 99 });
  assert.deepEqual(parseEndpoint('tcp://ship', {}), {
    kind: 'tcp',
    address: 'tcp://ship',
    host: 'ship',
    port: 2376,
    tls: {},
  });
  const ssh = parseEndpoint('ssh://root@ship:22/run/podman.sock');
  assert.deepEqual(ssh, {
    kind: 'ssh',
    address: 'ssh://root@ship:22/run/podman.sock',
    target: 'root@ship',
    port: 22,
    path: '/run/podman.sock',
  });
});

for (const wrong of [
  '',
  'unix://',
  'npipe:////./pipe/x',
  'tcp://',
  'ssh://',
  'ssh://-oProxyCommand=x',
  'ssh://a:b@c',
]) {
  test(`parseEndpoint() refuses "${wrong}"`, () => {
    assert.throws(() => parseEndpoint(wrong), { code: 'BAD_ADDRESS' });
  });
}
