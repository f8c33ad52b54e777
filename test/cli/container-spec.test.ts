import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ContainerSpec, Engine } from '../../src/engine/index.ts';
import { cancelled } from '../../src/errors.ts';
import { runPlimsoll } from '../support/run-cli.ts';

/** What `run`, with these words, asks the engine to create. */
async function specOf(words: readonly string[], env: Record<string, string> = {}): Promise<ContainerSpec> {
  let asked: ContainerSpec | undefined;
  const containers = {
    create: async (spec: ContainerSpec) => {
      asked = spec;
      throw cancelled('creating');
    },
  } as unknown as Engine['containers'];
  const images = {
    inspect: () => ({ config: { config: { ExposedPorts: { '80/tcp': {}, '53/udp': {} } } } }),
  } as unknown as Engine['images'];
  const { stderr } = await runPlimsoll(['run', '-d', ...words], {
    engine: { containers, images },
    env,
    cwd: '/srv',
  });
  assert.ok(asked, stderr);
  return asked;
}

test('run passes on only what was given', async () => {
  assert.deepEqual(await specOf(['busybox']), { image: 'busybox' });
});

test('options end at the image: what follows belongs to the command', async () => {
  assert.deepEqual(await specOf(['--rm', 'busybox', 'ls', '--rm', '-la', '--', 'x']), {
    image: 'busybox',
    autoRemove: true,
    command: ['ls', '--rm', '-la', '--', 'x'],
  });
});

test("run reads docker's short options, alone, joined and in clusters", async () => {
  assert.deepEqual(
    await specOf(['-it', '-p8080:80', '-eA=1', '-m', '64m', '-hbox', '-u1000', '-w/tmp', 'busybox']),
    {
      image: 'busybox',
      openStdin: true,
      tty: true,
      ports: [{ protocol: 'tcp', hostAddress: '', hostPort: 8080, containerPort: 80 }],
      env: ['A=1'],
      limits: { memoryBytes: 64 * 1024 ** 2 },
      hostname: 'box',
      user: '1000',
      workdir: '/tmp',
    },
  );
});

test("run reads docker's long options", async () => {
  const words = [
    ...['--name=web', '--restart', 'on-failure:3', '--network', 'none', '--read-only', '--privileged'],
    ...['--cap-add', 'NET_ADMIN', '--cap-drop=ALL', '--security-opt', 'no-new-privileges', '--label', 'a=b'],
    ...[
      '-v',
      './d:/d:ro',
      '-v',
      'files:/f',
      '--tmpfs',
      '/run',
      '--stop-signal',
      'INT',
      '--stop-timeout',
      '3',
    ],
    ...['--dns', '1.1.1.1', '--add-host', 'db:10.0.0.1', '--cpus', '.5', '--pids-limit', '64'],
  ];
  assert.deepEqual(await specOf([...words, 'busybox']), {
    image: 'busybox',
    name: 'web',
    restart: { name: 'on-failure', maximumRetries: 3 },
    network: 'none',
    readOnlyRoot: true,
    privileged: true,
    capAdd: ['NET_ADMIN'],
    capDrop: ['ALL'],
    noNewPrivileges: true,
    labels: { a: 'b' },
    mounts: [
      { type: 'bind', source: '/srv/d', target: '/d', readOnly: true, createSource: true },
      { type: 'volume', name: 'files', target: '/f', readOnly: false },
      { type: 'tmpfs', target: '/run' },
    ],
    stopSignal: 'INT',
    stopTimeoutSeconds: 3,
    dns: ['1.1.1.1'],
    extraHosts: ['db:10.0.0.1'],
    limits: { cpus: 0.5, pids: 64 },
  });
});

test("an entrypoint replaces the image's; an empty one clears it", async () => {
  assert.deepEqual((await specOf(['--entrypoint', 'sh', 'busybox'])).entrypoint, ['sh']);
  assert.deepEqual((await specOf(['--entrypoint', '', 'busybox', 'sh'])).entrypoint, []);
});

test('--env-file comes before --env, so that --env wins', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-env-'));
  try {
    writeFileSync(join(folder, 'env'), 'A=file\nB=file\n');
    const { env } = await specOf(
      ['-e', 'A=word', '-e', 'OWN', '--env-file', join(folder, 'env'), 'busybox'],
      { OWN: 'x' },
    );
    assert.deepEqual(env, ['A=file', 'B=file', 'A=word', 'OWN=x']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('--publish-all publishes what the image exposes, on free ports', async () => {
  const { ports } = await specOf(['-P', 'busybox']);
  assert.deepEqual(
    ports?.map(port => `${port.hostPort}:${port.containerPort}/${port.protocol}`),
    ['0:80/tcp', '0:53/udp'],
  );
});

test('contradictions are refused before anything is made', async () => {
  for (const words of [
    ['--rm', '--restart', 'always', 'x'],
    ['--env-file', '/nope', 'x'],
    ['-m', '1k', 'x'],
    ['--add-host', 'x', 'x'],
    ['-it', 'x'],
  ]) {
    const { code, stderr } = await runPlimsoll(['run', ...words], { engine: {} });
    assert.equal(code, 125, words.join(' '));
    assert.match(stderr, /^plimsoll: .+\n.+\n$/);
  }
});

test('run refuses name servers and search domains that cannot be any', async () => {
  assert.deepEqual(
    await specOf([
      '--dns',
      '10.0.0.53',
      '--dns',
      'fd00::53',
      '--dns-search',
      'a.example.',
      '--dns-search',
      '.',
      'busybox',
    ]),
    {
      image: 'busybox',
      dns: ['10.0.0.53', 'fd00::53'],
      dnsSearch: ['a.example.', '.'],
    },
  );
  for (const words of [
    ['--dns', 'zzz'],
    ['--dns', '1.2.3'],
    ['--dns-search', 'a b'],
    ['--dns-search', 'a..b'],
    ['--dns-search', '-a'],
    ['--dns-search', '12'],
  ]) {
    const { code, stderr } = await runPlimsoll(['run', ...words, 'busybox'], { engine: {} });
    assert.equal(code, 125, words.join(' '));
    assert.match(stderr, /is not (an IP address|a domain)/);
  }
});

test('run takes no image for another processor without a word: it asks a registry, or says so', async () => {
  const images = {
    inspect: () => ({ platform: { os: 'linux', architecture: 'amd64' }, config: {} }),
  } as unknown as Engine['images'];
  const run = (...words: string[]) =>
    runPlimsoll(['create', '--pull', 'never', ...words], {
      engine: {
        images,
        containers: { create: async () => ({ id: 'made', warnings: [] }) } as unknown as Engine['containers'],
      },
    });
  for (const fits of ['linux/amd64', 'amd64', 'linux/x86_64'])
    assert.equal((await run('--platform', fits, 'web')).stdout, 'made\n', fits);
  const other = await run('--platform', 'linux/arm64', 'web');
  assert.deepEqual([other.code, other.stdout], [1, '']);
  assert.match(other.stderr, /"web" is for linux\/amd64, not for linux\/arm64\n'plimsoll pull --platform/);
  assert.match((await run('--platform', 'a/b/c/d', 'web')).stderr, /platform/);
});
