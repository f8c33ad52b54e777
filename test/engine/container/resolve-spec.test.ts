import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { parseSignal } from '../../../src/engine/container/index.ts';
import { mergeEnv, resolveSpec } from '../../../src/engine/container/resolve-spec.ts';
import type { ContainerSpec } from '../../../src/engine/container/types.ts';
import type { ImageConfig } from '../../../src/oci/index.ts';

const image: ImageConfig = {
  architecture: 'amd64',
  os: 'linux',
  config: {
    Entrypoint: ['/entry'],
    Cmd: ['serve'],
    Env: ['A=1', 'B=2'],
    Volumes: { '/data/': {} },
    WorkingDir: '/app',
  },
  rootfs: { type: 'layers', diff_ids: ['sha256:1'] },
  history: [],
};
const resolve = (spec: Partial<ContainerSpec>) => resolveSpec({ image: 'x', ...spec }, 'f'.repeat(64), image);

test('resolveSpec() puts the command after the entrypoint, and an own entrypoint clears the command', () => {
  assert.deepEqual(resolve({}).command, ['/entry', 'serve']);
  assert.deepEqual(resolve({ command: ['other'] }).command, ['/entry', 'other']);
  assert.deepEqual(resolve({ entrypoint: ['/own'] }).command, ['/own']);
  assert.deepEqual(resolve({ entrypoint: [], command: ['sh'] }).command, ['sh']);
  assert.throws(() => resolve({ entrypoint: [] }), { code: 'NO_COMMAND' });
});

test("resolveSpec() gives a container the machine's name with its network, and else its own", () => {
  assert.equal(resolve({ command: ['x'] }).hostname, 'f'.repeat(12));
  assert.equal(resolve({ command: ['x'], network: 'host' }).hostname, hostname());
  assert.equal(resolve({ command: ['x'], uts: 'host' }).hostname, hostname());
  assert.equal(resolve({ command: ['x'], network: 'host', hostname: 'own' }).hostname, 'own');
});

test('resolveSpec() makes an anonymous volume of what nothing else is mounted on', () => {
  assert.deepEqual(resolve({}).mounts, [{ type: 'volume', name: '', target: '/data', readOnly: false }]);
  const bind = { type: 'bind', source: '/srv', target: '/data', readOnly: true } as const;
  assert.deepEqual(resolve({ mounts: [bind] }).mounts, [bind]);
  assert.throws(() => resolve({ mounts: [bind, { ...bind, target: '/data/' }] }), { code: 'MOUNT_INVALID' });
  assert.throws(() => resolve({ mounts: [{ ...bind, target: '/x/..' }] }), { code: 'MOUNT_INVALID' });
});

test('mergeEnv() lets the later value win, and a bare name take a variable away', () => {
  const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  assert.deepEqual(mergeEnv(['A=1', 'B=2'], ['A=3', 'B', 'C=']), [path, 'A=3', 'C=']);
  assert.deepEqual(mergeEnv(['PATH=/x'], []), ['PATH=/x']);
  assert.throws(() => mergeEnv([], ['=x']), { code: 'ENV_INVALID' });
});

test('parseSignal() knows names and numbers, and refuses all else', () => {
  assert.deepEqual(['TERM', 'sigkill', '1', 'RTMIN+3', 'SIGRTMAX-2'].map(parseSignal), [15, 9, 1, 37, 62]);
  for (const wrong of ['', '0', '65', 'SIGNOPE', '-1', '1.5'])
    assert.throws(() => parseSignal(wrong), { code: 'SIGNAL_UNKNOWN' });
});
