import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { parseCgroupHierarchy } from '../../../src/engine/stats/index.ts';
import { nameMachine } from '../../../src/engine/stats/machine-name.ts';

const recorded = resolve(import.meta.dirname, '../../fixtures/cgroups/v2/proc/self/mountinfo');
const v1Lines = [
  '31 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw shared:5 - cgroup cgroup rw,cpu,cpuacct',
  '32 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
  '33 24 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd',
];

test('parseCgroupHierarchy() tells v1, v2 and hybrid apart, with co-mounted controllers', () => {
  assert.deepEqual(parseCgroupHierarchy(readFileSync(recorded, 'utf8')), {
    version: 'v2',
    v1: {},
    v2: '/sys/fs/cgroup',
  });
  const v1 = {
    cpu: '/sys/fs/cgroup/cpu,cpuacct',
    cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
    memory: '/sys/fs/cgroup/memory',
  };
  assert.deepEqual(parseCgroupHierarchy(v1Lines.join('\n')), { version: 'v1', v1 });
  const unified = '34 24 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
  assert.deepEqual(parseCgroupHierarchy([...v1Lines, unified].join('\n')), {
    version: 'hybrid',
    v1,
    v2: '/sys/fs/cgroup/unified',
  });
});

test('nameMachine() names clouds with their instance type, then hypervisors, then what else it is', () => {
  const none = { vendor: '', product: '', assetTag: '', virtual: false, virtualHost: '' };
  assert.equal(nameMachine({ ...none, vendor: 'Amazon EC2', product: 'm7i.large' }), 'Amazon EC2 m7i.large');
  assert.equal(
    nameMachine({ ...none, vendor: 'Google', product: 'Google Compute Engine' }),
    'Google Compute Engine',
  );
  const microsoft = { ...none, vendor: 'Microsoft Corporation', product: 'Virtual Machine', virtual: true };
  assert.equal(nameMachine(microsoft), 'Hyper-V');
  assert.equal(nameMachine({ ...microsoft, assetTag: '7783-7084-3265-9085-8269-3286-77' }), 'Azure');
  assert.equal(nameMachine({ ...none, vendor: 'QEMU', product: 'Standard PC (Q35 + ICH9, 2009)' }), 'KVM');
  assert.equal(nameMachine({ ...none, vendor: 'Dell Inc.', product: 'PowerEdge R640' }), 'physical');
  assert.equal(nameMachine({ ...none, virtual: true, virtualHost: 'KVM' }), 'KVM');
  assert.equal(nameMachine({ ...none, virtual: true }), 'virtual');
});
