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
  hardLimits: { nofile: 4096, memlock: 65_536 },
  mostOpenFiles: 1_048_576,
  oomScoreAdj: 0,
  apparmor: false,
  messageQueues: true,
  oneUser: false,
  idCounts: { uid: 65_537, gid: 1001 },
  can: {
    swappiness: true,
    oomKillDisable: true,
    realtime: true,
    blockWeight: true,
    blockThrottle: true,
    memoryReservation: true,
  },
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
const number = () => ({ major: 8, minor: 16 });
const parts = { seccomp: () => undefined, hostDevices: [], devices: [], deviceNumber: number };
const build = (changes: Partial<ProcessRequest> = {}, features: Partial<HostFeatures> = {}) =>
  buildSpec({ ...request, ...changes }, { ...host, ...features }, parts).spec;
const warningsOf = (changes: Partial<ProcessRequest>, features: Partial<HostFeatures> = {}) =>
  buildSpec({ ...request, ...changes }, { ...host, ...features }, parts).warnings;
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
  assert.equal(build({}, { hardLimits: {} }).process.rlimits[0]?.hard, 1_048_576);
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
    limitsToResources(limits, { ...host, swapAccounting }, number).resources.memory;
  const MiB = 1024 ** 2;
  assert.deepEqual(memory({ memoryBytes: 64 * MiB }), { limit: 64 * MiB, swap: 128 * MiB });
  assert.deepEqual(memory({ memoryBytes: 64 * MiB, memorySwapBytes: -1 }), { limit: 64 * MiB, swap: -1 });
  assert.deepEqual(memory({ memoryBytes: 64 * MiB }, false), { limit: 64 * MiB });
  assert.deepEqual(limitsToResources({ cpus: 1.5, pids: -1 }, host, number).resources, {
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
    { cpus: 1, cpuQuota: 1000 },
    { cpuPeriod: 10 },
    { cpuQuota: 5 },
    { cpusetMems: 'x' },
    { memorySwappiness: 101 },
    { blockWeight: 5 },
    { blockWeightDevices: [{ path: '/dev/sda', rate: 2000 }] },
    { unified: { 'no such/file': '1' } },
  ];
  for (const limits of wrong)
    assert.throws(() => validateLimits(limits, 4), { code: 'LIMIT_INVALID' }, JSON.stringify(limits));
  validateLimits(
    { memoryBytes: 1e8, memorySwapBytes: 1e8, cpus: 4, cpusetCpus: '0-1,3', pids: -1, cpuShares: 1024 },
    4,
  );
});

test('buildSpec() cuts limits of processes to what the caller may give, and says so', () => {
  const poor = { boundingCapabilities: allCapabilities.filter(cap => cap !== 'CAP_SYS_RESOURCE') };
  const limit = (name: string, soft: number, hard: number, features: Partial<HostFeatures> = poor) => {
    const ulimits = [{ name, soft, hard }];
    const found = build({ ulimits }, features).process.rlimits.find(
      ({ type }) => type === `RLIMIT_${name.toUpperCase()}`,
    );
    return [found?.soft, found?.hard, warningsOf({ ulimits }, features).length];
  };
  assert.deepEqual(limit('nofile', 100, 200), [100, 200, 0]);
  assert.deepEqual(limit('nofile', 100, 5000), [100, 4096, 1]);
  assert.deepEqual(limit('memlock', -1, -1), [65_536, 65_536, 1]);
  assert.deepEqual(limit('core', -1, -1), [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0]);
  assert.deepEqual(limit('memlock', -1, -1, {}), [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0]);
  assert.deepEqual(limit('nofile', 5000, 2 ** 30, {}), [5000, 1_048_576, 1]);
  assert.equal(build({ oomScoreAdj: -500 }, poor).process.oomScoreAdj, 0);
  assert.equal(warningsOf({ oomScoreAdj: -500 }, poor).length, 1);
  assert.equal(build({ oomScoreAdj: -500 }).process.oomScoreAdj, -500);
  assert.equal(build({ oomScoreAdj: 300 }, poor).process.oomScoreAdj, 300);
});

test('buildSpec() joins namespaces of others, or leaves those of the host', () => {
  const joined = build({
    namespaces: { pid: { path: '/proc/7/ns/pid' }, ipc: 'host', uts: 'host', cgroup: 'host' },
  });
  assert.deepEqual(joined.linux.namespaces[0], { type: 'pid', path: '/proc/7/ns/pid' });
  assert.equal(types(joined), 'pid mount network');
  assert.equal(joined.hostname, undefined);
  assert.equal(joined.mounts.find(({ destination }) => destination === '/dev/mqueue')?.type, 'bind');
  assert.equal(
    types(build({ namespaces: { cgroup: 'private' } }, { cgroup: 'v1' })),
    'pid ipc uts mount cgroup network',
  );
});

test('buildSpec() lets a mount of the user take the place of a usual one, and options the place of theirs', () => {
  const at = (spec: ReturnType<typeof build>, path: string) =>
    spec.mounts.filter(({ destination }) => destination === path);
  const shm = at(
    build({ mounts: [{ type: 'bind', source: '/x', target: '/dev/shm', readOnly: false }] }),
    '/dev/shm',
  );
  assert.deepEqual(
    shm.map(({ source }) => source),
    ['/x'],
  );
  assert.deepEqual(at(build({ shm: 'none' }), '/dev/shm'), []);
  assert.equal(at(build({ shm: { path: '/y' } }), '/dev/shm')[0]?.source, '/y');
  const tmpfs = (more: object) =>
    at(build({ mounts: [{ type: 'tmpfs', target: '/t', ...more }] }), '/t')[0]?.options.join();
  assert.equal(tmpfs({ sizeBytes: 9, mode: 0o700 }), 'nosuid,nodev,noexec,mode=700,size=9');
  assert.equal(tmpfs({ options: ['exec', 'uid=7', 'mode=750'] }), 'nosuid,nodev,exec,uid=7,mode=750');
  const alone = (option: string) =>
    build({ mounts: [{ type: 'tmpfs', target: '/t', options: [option] }] }, { oneUser: true });
  assert.equal(at(alone('uid=0'), '/t').length, 1);
  assert.throws(() => alone('gid=7'), /the tmpfs "\/t" cannot have gid=7: you have no sub-ids/);
  assert.equal(tmpfs({ options: ['uid=65536', 'mode=750'] }), 'nosuid,nodev,noexec,uid=65536,mode=750');
  assert.throws(
    () => tmpfs({ options: ['uid=65537'] }),
    /cannot have uid=65537: the highest uid here is 65536/,
  );
  assert.throws(() => tmpfs({ options: ['gid=1001'] }), /cannot have gid=1001: the highest gid here is 1000/);
  const bind = (more: object) =>
    build({ mounts: [{ type: 'bind', source: '/s', target: '/t', readOnly: true, ...more }] });
  assert.equal(at(bind({}), '/t')[0]?.options.join(), 'rbind,rprivate,ro');
  assert.equal(
    at(bind({ recursive: false, propagation: 'rslave' }), '/t')[0]?.options.join(),
    'bind,slave,ro',
  );
  assert.equal(bind({ propagation: 'shared' }).linux.rootfsPropagation, 'shared');
});

test('buildSpec() binds a device under another name for an ordinary user, whose runtime binds it at its own only', () => {
  const found = { path: '/dev/x', type: 'c', major: 1, minor: 2, fileMode: 0o600, uid: 0, gid: 0 };
  const { spec } = buildSpec(
    request,
    { ...host, rootless: true },
    {
      ...parts,
      devices: [
        { source: '/dev/x', target: '/dev/y', access: 'rw', found },
        { source: '/dev/x', target: '/dev/x', access: 'rw', found },
      ],
    },
  );
  assert.deepEqual(spec.linux.devices, [found]);
  assert.deepEqual(spec.mounts.at(-1), {
    destination: '/dev/y',
    type: 'bind',
    source: '/dev/x',
    options: ['bind', 'private', 'rw'],
  });
});

test('buildSpec() gives devices, rules and kernel settings only of the container alone', () => {
  const found = { path: '/dev/x', type: 'c', major: 1, minor: 2, fileMode: 0o600, uid: 0, gid: 0 };
  const { spec } = buildSpec({ ...request, deviceRules: ['c 10:* r', 'a *:* m'] }, host, {
    ...parts,
    devices: [{ source: '/dev/x', target: '/dev/y', access: 'rw', found }],
  });
  assert.deepEqual(spec.linux.devices, [{ ...found, path: '/dev/y' }]);
  assert.deepEqual(spec.linux.resources.devices?.slice(-3), [
    { allow: true, type: 'c', major: 1, minor: 2, access: 'rw' },
    { allow: true, type: 'c', major: 10, access: 'r' },
    { allow: true, type: 'a', access: 'm' },
  ]);
  assert.throws(() => build({ deviceRules: ['x 1:2 r'] }), { code: 'DEVICE_INVALID' });
  const set = (name: string, more: Partial<ProcessRequest> = {}) =>
    build({ sysctls: { [name]: '1' }, ...more });
  assert.equal(set('net.core.somaxconn').linux.sysctl?.['net.core.somaxconn'], '1');
  assert.equal(set('kernel.shmmax').linux.sysctl?.['kernel.shmmax'], '1');
  for (const wrong of [
    () => set('net.core.somaxconn', { network: 'host' }),
    () => set('kernel.shmmax', { namespaces: { ipc: 'host' } }),
    () => set('vm.swappiness'),
    () => set('kernel.hostname'),
  ])
    assert.throws(wrong, { code: 'SYSCTL_NOT_OWN' });
  assert.equal(build({ unmasked: true }).linux.maskedPaths, undefined);
});

test('limitsToResources() knows all of them, and leaves out what this kernel lacks, saying so', () => {
  const all = {
    memorySwappiness: 10,
    oomKillDisable: true,
    cpuQuota: 5000,
    cpuPeriod: 10_000,
    cpusetMems: '0',
    cpuRealtimeRuntime: 1000,
    blockWeight: 300,
    blockWeightDevices: [{ path: '/dev/sdb', rate: 200 }],
    deviceReadBytes: [{ path: '/dev/sdb', rate: 1000 }],
    deviceWriteOperations: [{ path: '/dev/sdb', rate: 5 }],
    memoryReservationBytes: 1e8,
    unified: { 'memory.high': '1G' },
  };
  const rich = limitsToResources(all, host, number);
  assert.deepEqual(rich, {
    resources: {
      memory: { reservation: 1e8, swappiness: 10, disableOOMKiller: true },
      cpu: { period: 10_000, quota: 5000, realtimeRuntime: 1000, mems: '0' },
      blockIO: {
        weight: 300,
        throttleReadBpsDevice: [{ major: 8, minor: 16, rate: 1000 }],
        throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 5 }],
        weightDevice: [{ major: 8, minor: 16, weight: 200 }],
      },
      unified: { 'memory.high': '1G' },
    },
    warnings: [],
  });
  const can = Object.fromEntries(
    Object.keys(host.can).map(key => [key, false]),
  ) as unknown as HostFeatures['can'];
  const poor = limitsToResources(all, { ...host, can, cgroup: 'v1' }, number);
  assert.deepEqual(poor.resources, { cpu: { period: 10_000, quota: 5000, mems: '0' } });
  assert.equal(poor.warnings.length, 8);
});
