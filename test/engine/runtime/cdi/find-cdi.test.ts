import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { findCdiDevices, gpuDevices } from '../../../../src/engine/runtime/index.ts';

describe('CDI specs', () => {
  const base = mkdtempSync(join(tmpdir(), 'plt-cdi-'));
  const folders = ['etc', 'run'].map(name => join(base, name));
  for (const folder of folders) mkdirSync(folder);
  after(() => rmSync(base, { recursive: true }));
  const [etc = '', run = ''] = folders;

  writeFileSync(
    join(etc, 'nvidia.yaml'),
    `---
cdiVersion: 0.5.0
kind: nvidia.com/gpu
containerEdits:
  deviceNodes:
  - path: /dev/nvidiactl
  env:
  - NVIDIA_VISIBLE_DEVICES=void
  hooks:
  - args:
    - nvidia-cdi-hook
    - update-ldcache
    hookName: createContainer
    path: /usr/bin/nvidia-cdi-hook
  mounts:
  - containerPath: /usr/lib/libcuda.so
    hostPath: /usr/lib/libcuda.so
    options:
    - ro
    - nosuid
devices:
- name: "0"
  containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
- name: all
  containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
    - path: /dev/nvidia1
      hostPath: /dev/card1
      permissions: rw
    additionalGids: [42, 0, x]
`,
  );

  test('are read from YAML, what is for any device once', async () => {
    const edits = await findCdiDevices(['nvidia.com/gpu=0', 'nvidia.com/gpu=all'], folders);
    assert.equal(edits.length, 3);
    assert.deepEqual(edits[0], {
      env: ['NVIDIA_VISIBLE_DEVICES=void'],
      devices: [{ source: '/dev/nvidiactl', target: '/dev/nvidiactl', access: 'rwm' }],
      mounts: [{ source: '/usr/lib/libcuda.so', target: '/usr/lib/libcuda.so', options: ['ro', 'nosuid'] }],
      hooks: [
        {
          name: 'createContainer',
          path: '/usr/bin/nvidia-cdi-hook',
          args: ['nvidia-cdi-hook', 'update-ldcache'],
        },
      ],
      groups: [],
    });
    assert.deepEqual(edits[2]?.devices[1], { source: '/dev/card1', target: '/dev/nvidia1', access: 'rw' });
    assert.deepEqual(edits[2]?.groups, [42]);
  });

  test('stand for --gpus', async () => {
    assert.deepEqual(await gpuDevices('all', folders), ['nvidia.com/gpu=all']);
    assert.deepEqual(await gpuDevices(2, folders), ['nvidia.com/gpu=0', 'nvidia.com/gpu=1']);
    assert.deepEqual(await gpuDevices(['GPU-1'], folders), ['nvidia.com/gpu=GPU-1']);
    await assert.rejects(gpuDevices('all', []), { code: 'CDI_DEVICE_NOT_FOUND', kind: 'unavailable' });
  });

  test('of the second folder win, and one that makes no sense hurts nobody', async () => {
    const spec = { kind: 'nvidia.com/gpu', devices: [{ name: '0', containerEdits: { env: ['FROM=run'] } }] };
    writeFileSync(join(run, 'override.json'), JSON.stringify(spec));
    writeFileSync(join(run, 'broken.json'), '{');
    writeFileSync(join(run, 'odd.yaml'), 'kind: 7\ndevices: nothing\n');
    writeFileSync(join(run, 'list.json'), '[null, 7]');
    const edits = await findCdiDevices(['nvidia.com/gpu=0'], folders);
    assert.deepEqual(edits.at(-1)?.env, ['FROM=run']);
    assert.deepEqual(await findCdiDevices([], folders), []);
    await assert.rejects(findCdiDevices(['nvidia.com/gpu=9'], folders), (error: { hint: string }) =>
      /nvidia\.com\/gpu=all/.test(error.hint),
    );
  });
});
