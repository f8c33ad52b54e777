import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { installCommand, packagesFor, parseOsRelease } from '../../../src/engine/doctor/distro.ts';
import { examineTools, missingTools } from '../../../src/engine/doctor/examine-tools.ts';
import { type HostFacts, readHostFacts } from '../../../src/engine/doctor/host-facts.ts';
import { hostTools, toolFolders } from '../../../src/engine/doctor/host-tools.ts';
import { examineHost } from '../../../src/engine/doctor/index.ts';
import { judgeFacts } from '../../../src/engine/doctor/judge-facts.ts';

const healthy: HostFacts = {
  uid: 0,
  limits: true,
  user: 'root',
  kernel: '6.1.0',
  capabilities: 0x1ff_ffff_ffffn,
  storage: { driver: 'overlay', isForced: false, refused: {} },
  userNamespaces: 1000,
  unprivilegedUserNamespaces: true,
  cgroup: { version: 'v2', controllers: ['cpu', 'memory', 'pids', 'io'] },
  seccomp: true,
  nftAsked: true,
  forwardBlocks: [],
  ipForward: false,
  tun: true,
  subordinateIds: true,
  disk: { path: '/var/lib', freeBytes: 50e9, writable: true },
};

test('parseOsRelease() knows a family by ID, else by ID_LIKE', () => {
  assert.deepEqual(parseOsRelease('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'), {
    name: 'Debian GNU/Linux 12 (bookworm)',
    family: 'debian',
  });
  assert.equal(parseOsRelease('ID=linuxmint\nID_LIKE="ubuntu debian"').family, 'debian');
  assert.equal(parseOsRelease('ID="rocky"\nID_LIKE="rhel centos fedora"').family, 'fedora');
  assert.deepEqual(parseOsRelease('ID=plan9'), { name: 'plan9' });
});

test('every host tool names its package for Debian, and what it is for', () => {
  for (const tool of hostTools) {
    assert.ok(tool.packages.debian, `${tool.name} has no Debian package`);
    assert.match(tool.purpose, /^(starts|watches|unpacks|enters|makes|gives|lets|is|maps) /);
  }
});

test('a tool of another make is missing, one that is too busy to answer is not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-tools-'));
  try {
    const tar = hostTools.filter(tool => tool.name === 'GNU tar');
    const host = { folders: [folder], distro: { name: 'Debian' }, root: true, patienceMs: 2000 };
    const found = async (script: string) => {
      writeFileSync(join(folder, 'tar'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return (await examineTools(tar, host))[0];
    };
    assert.equal((await found('echo bsdtar 3.6'))?.status, 'missing');
    assert.match((await found('echo tar "(GNU tar)" 1.34'))?.found ?? '', /tar 1\.34$/);
    const busy = await found('exec sleep 60');
    assert.equal(busy?.status, 'ok');
    assert.match(busy?.found ?? '', /too busy to say its version$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('installCommand() is one line to type, with sudo for an ordinary user', () => {
  const tools = hostTools.filter(tool => ['iproute2', 'util-linux'].includes(tool.name));
  const debian = { name: 'Debian', family: 'debian' } as const;
  assert.deepEqual(packagesFor(debian, tools), ['util-linux', 'mount', 'iproute2']);
  assert.equal(
    installCommand(debian, tools, { root: false }),
    'sudo apt-get install -y --no-install-recommends util-linux mount iproute2',
  );
  assert.equal(
    installCommand({ name: 'Fedora', family: 'fedora' }, tools, { root: true }),
    'dnf install -y util-linux iproute',
  );
  assert.equal(installCommand({ name: 'plan9' }, tools, { root: true }), undefined);
});

test('missingTools() takes any of the alternatives, all where all are needed, and only a static busybox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-tools-'));
  const put = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), 0o755);
  };
  try {
    const names = () => missingTools(hostTools, [folder]).map(tool => tool.name);
    assert.ok(names().includes('OCI runtime'));
    put('runc', '');
    assert.ok(!names().includes('OCI runtime'));
    put('newuidmap', '');
    assert.ok(names().includes('uidmap'));
    put('newgidmap', '');
    assert.ok(!names().includes('uidmap'));
    put('busybox', '\x7fELF....\0/lib64/ld-linux-x86-64.so.2\0');
    assert.ok(names().includes('static busybox'));
    put('busybox', '\x7fELF....');
    assert.ok(!names().includes('static busybox'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('toolFolders() looks where an ordinary PATH does not', () => {
  assert.deepEqual(toolFolders('/home/me/bin:/usr/bin').slice(0, 2), ['/home/me/bin', '/usr/bin']);
  assert.ok(toolFolders(undefined).includes('/usr/sbin'));
  assert.ok(toolFolders('').includes('/usr/lib/podman'));
});

test('judgeFacts() finds nothing wrong with a healthy machine', () => {
  assert.deepEqual(
    judgeFacts(healthy).filter(finding => finding.status !== 'ok'),
    [],
  );
});

test('judgeFacts() gives each failure a consequence and a fix', () => {
  const sick: [Partial<HostFacts>, string, 'warn' | 'missing'][] = [
    [{ uid: 1000, limits: false }, 'limits', 'warn'],
    [{ uid: 1000, lingers: false }, 'lingering', 'warn'],
    [{ uid: 1000, unprivilegedUserNamespaces: false }, 'user namespaces', 'missing'],
    [{ capabilities: 0n }, 'capabilities', 'missing'],
    [
      { storage: { driver: 'fuse-overlayfs', isForced: false, refused: { overlay: 'EPERM' } } },
      'root filesystems',
      'warn',
    ],
    [
      {
        storage: {
          driver: 'copy',
          isForced: false,
          refused: { overlay: 'EPERM', 'fuse-overlayfs': 'it is not installed' },
        },
      },
      'root filesystems',
      'warn',
    ],
    [{ seccomp: false }, 'seccomp', 'warn'],
    [{ cgroup: { version: 'v2', controllers: ['cpu', 'pids'] } }, 'cgroups', 'warn'],
    [{ userNamespaces: 0 }, 'user namespaces', 'warn'],
    [{ nftProblem: 'Operation not permitted' }, 'nft rules', 'missing'],
    [{ uid: 1000, tun: false }, '/dev/net/tun', 'warn'],
    [{ uid: 1000, subordinateIds: false }, 'subordinate ids', 'warn'],
    [{ disk: { path: '/', freeBytes: 1000, writable: true } }, 'free disk', 'warn'],
    [{ disk: { path: '/', freeBytes: 50e9, writable: false } }, 'root folder', 'missing'],
  ];
  for (const [change, name, status] of sick) {
    const finding = judgeFacts({ ...healthy, ...change }).find(row => row.name === name);
    assert.equal(finding?.status, status, name);
    assert.ok(finding.without && finding.fix, `${name} lacks its consequence or fix`);
  }
});

test('an nft that does not answer in time is busy, one that refuses is missing', async t => {
  if (process.getuid?.() !== 0) return t.skip('only root may ask nft');
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-nft-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const row = async (script: string) => {
    const nft = join(folder, 'nft');
    writeFileSync(nft, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const facts = await readHostFacts({ dataDir: folder, nft, patienceMs: 300 });
    return judgeFacts(facts).find(({ name }) => name === 'nft rules');
  };
  assert.deepEqual(pick(await row('exec sleep 60')), ['ok', 'nft is too busy to say']);
  assert.deepEqual(pick(await row('echo "Operation not permitted" >&2; exit 1')), [
    'missing',
    'Operation not permitted',
  ]);
});

const pick = (row: { status: string; found: string } | undefined) => [row?.status, row?.found];

test('examineHost() looks at the real machine and changes nothing', async () => {
  const findings = await examineHost({ dataDir: '/nowhere/at/all' });
  assert.ok(findings.some(({ name }) => name === 'conmon'));
  assert.ok(findings.some(({ name, found }) => name === 'free disk' && / at \/$/.test(found)));
  for (const { name, status, fix } of findings) assert.ok(status === 'ok' || fix, `${name} lacks a fix`);
});
