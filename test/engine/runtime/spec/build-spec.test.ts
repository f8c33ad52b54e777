import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSpec } from '../../../../src/engine/runtime/spec/build-spec.ts';
import {
  allCapabilities,
  defaultCapabilities,
  resolveCapabilities,
} from '../../../../src/engine/runtime/spec/capabilities.ts';
import type { HostFeatures } from '../../../../src/engine/runtime/spec/host-features.ts';
import { limitsToResources, validateLimits } from '../../../../src/engine/runtime/spec/limits.ts';
import type { ProcessRequest } from '../../../../src/engine/runtime/types.ts';

const host: HostFeatures = {
  arch: 'amd64',
  kernel: [6, 1],
  boundingCapabilities: allCapabilities,
  hardOpenFiles: 4096,
  cgroup: 'v2',
  swapAccounting: true,
  rootless: false,
};
const request: ProcessRequest = {
  id: 'x',
  rootfs: '/r',
  args: ['true'],
  env: [],
  cwd: '/',
  user: { uid: 0, gid: 0, additionalGids: [] },
  hostname: 'h',
  tty: false,
  readOnlyRoot: false,
  privileged: false,
  capAdd: [],
  capDrop: [],
  noNewPrivileges: false,
  network: '/run/netns/n',
  mounts: [],
  limits: {},
  cgroupPath: '/plimsoll-0/x',
};
const build = (changes: Partial<ProcessRequest> = {}, features: Partial<HostFeatures> = {}) =>
  buildSpec(
    { ...request, ...changes },
    { ...host, ...features },
    { seccomp: () => undefined, hostDevices: [] },
  ).spec;
const types = (spec: ReturnType<typeof build>) => spec.linux.namespaces.map(({ type }) => type).join(' ');

test('buildSpec() gives namespaces of its own; one of cgroups only with cgroup v2', () => {
  assert.equal(types(build()), 'pid ipc uts mount cgroup network');
  assert.equal(types(build({}, { cgroup: 'v1' })), 'pid ipc uts mount network');
  assert.equal(types(build({ network: 'host' })), 'pid ipc uts mount cgroup');
  assert.deepEqual(build().linux.namespaces.at(-1), { type: 'network', path: '/run/netns/n' });
  assert.deepEqual(build({ network: 'new' }).linux.namespaces.at(-1), { type: 'network' });
});

test("buildSpec() asks for no more open files than the caller's own hard limit", () => {
  assert.deepEqual(build().process.rlimits, [{ type: 'RLIMIT_NOFILE', soft: 4096, hard: 4096 }]);
  assert.equal(build({}, { hardOpenFiles: 2 ** 40 }).process.rlimits[0]?.hard, 1_048_576);
});

test('buildSpec() hides the host from an ordinary container, and not from a privileged one', () => {
  const plain = build();
  assert.ok(
    plain.linux.maskedPaths?.includes('/proc/kcore') && plain.linux.readonlyPaths?.includes('/proc/sys'),
  );
  assert.deepEqual(plain.linux.resources.devices?.[0], { allow: false, access: 'rwm' });
  const privileged = build({ privileged: true });
  assert.equal(privileged.linux.maskedPaths, undefined);
  assert.deepEqual(privileged.linux.resources.devices, [{ allow: true, access: 'rwm' }]);
  assert.equal(privileged.mounts.find(({ type }) => type === 'sysfs')?.options.includes('ro'), false);
});

test('buildSpec() opens low ports and ping only in a network of its own', () => {
  assert.deepEqual(Object.keys(build().linux.sysctl ?? {}), [
    'net.ipv4.ip_unprivileged_port_start',
    'net.ipv4.ping_group_range',
  ]);
  assert.equal(build({ network: 'host' }).linux.sysctl, undefined);
});

test('resolveCapabilities() adds, drops, and leaves out what the caller lacks, saying so', () => {
  const ask = (add: string[], drop: string[], bounding = allCapabilities) =>
    resolveCapabilities({ privileged: false, add, drop, bounding });
  assert.deepEqual(new Set(ask([], []).capabilities), new Set(defaultCapabilities));
  assert.deepEqual(ask(['net_admin'], ['ALL']).capabilities, ['CAP_NET_ADMIN']);
  assert.equal(ask(['ALL'], ['CAP_KILL']).capabilities.length, allCapabilities.length - 1);
  const poor = ask(
    ['SYS_ADMIN'],
    [],
    allCapabilities.filter(cap => cap !== 'CAP_SYS_ADMIN'),
  );
  assert.ok(!poor.capabilities.includes('CAP_SYS_ADMIN'));
  assert.match(poor.warnings[0] ?? '', /CAP_SYS_ADMIN/);
  assert.throws(() => ask(['NOPE'], []), { code: 'CAPABILITY_UNKNOWN' });
});

test("limitsToResources() follows docker's rule for swap", () => {
  const memory = (limits: object, swapAccounting = true) =>
    limitsToResources(limits, { swapAccounting }).resources.memory;
  const MiB = 1024 ** 2;
  assert.deepEqual(memory({ memoryBytes: 64 * MiB }), { limit: 64 * MiB, swap: 128 * MiB });
  assert.deepEqual(memory({ memoryBytes: 64 * MiB, memorySwapBytes: -1 }), { limit: 64 * MiB, swap: -1 });
  assert.deepEqual(memory({ memoryBytes: 64 * MiB }, false), { limit: 64 * MiB });
  assert.deepEqual(limitsToResources({ cpus: 1.5, pids: -1 }, { swapAccounting: true }).resources, {
    cpu: { quota: 150_000, period: 100_000 },
  });
});

test('validateLimits() refuses what cannot be', () => {
  const wrong = [
    { memoryBytes: 1 },
    { cpus: 9 },
    { cpus: 0 },
    { cpusetCpus: '0-8' },
    { cpusetCpus: 'x' },
    { pids: 0 },
    { cpuShares: 1 },
    { memorySwapBytes: 1e9 },
    { memoryBytes: 1e8, memorySwapBytes: 1e7 },
    { memoryBytes: Number.NaN },
  ];
  for (const limits of wrong)
    assert.throws(() => validateLimits(limits, 4), { code: 'LIMIT_INVALID' }, JSON.stringify(limits));
  validateLimits(
    { memoryBytes: 1e8, memorySwapBytes: 1e8, cpus: 4, cpusetCpus: '0-1,3', pids: -1, cpuShares: 1024 },
    4,
  );
});
