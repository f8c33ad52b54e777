import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runArguments } from '../../src/cli/generate/run-arguments.ts';
import type { ContainerSpec, Engine } from '../../src/engine/index.ts';
import { cancelled } from '../../src/errors.ts';
import { cannotRun, type Home, openHome } from '../e2e/dashboard.ts';
import { runPlimsoll } from '../support/run-cli.ts';
import { noSystemdAnalyze, unitWords, verifyUnit } from '../support/verify-unit.ts';

/** Everything that `create` takes, with what is hard to quote. */
const full: ContainerSpec = {
  image: 'localhost/web:1',
  command: ['serve', '--motto', 'fair "winds" & 100 % $HOME\\'],
  entrypoint: ['/entry'],
  env: ['A=1', 'B=two words', 'C=a"b$c%d'],
  labels: { team: 'deck', 'com.example.note': 'with = sign' },
  annotations: { 'org.x': 'y' },
  user: '1000:1000',
  workdir: '/srv',
  hostname: 'keel',
  domainname: 'example.org',
  tty: true,
  openStdin: true,
  init: true,
  readOnlyRoot: true,
  privileged: true,
  ports: [
    { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, containerPort: 80 },
    { protocol: 'udp', hostAddress: '', hostPort: 0, containerPort: 53 },
  ],
  mounts: [
    {
      type: 'bind',
      source: '/srv/data',
      target: '/data',
      readOnly: true,
      propagation: 'rslave',
      createSource: true,
    },
    { type: 'bind', source: '/srv/mine', target: '/mine', readOnly: false, idmap: true, createSource: true },
    { type: 'volume', name: 'files', target: '/files', readOnly: false, noCopy: true },
    { type: 'volume', name: '', target: '/anonymous', readOnly: false },
    { type: 'bind', source: '/srv/kept', target: '/kept', readOnly: false },
    { type: 'bind', source: '/a:b', target: '/colon', readOnly: true, recursive: 'readonly' },
    { type: 'volume', name: 'files', target: '/part', readOnly: true, subpath: 'a/b' },
    { type: 'tmpfs', target: '/run', sizeBytes: 1048576, options: ['mode=755', 'exec'] },
  ],
  volumesFrom: [{ container: 'other', readOnly: true }],
  network: 'back',
  attachments: [{ network: 'back', aliases: ['www'], address: '10.9.0.5' }, { network: 'front' }],
  dns: ['10.0.0.1'],
  dnsSearch: ['example.org'],
  dnsOptions: ['ndots:2'],
  extraHosts: ['db:10.0.0.2'],
  expose: ['9000/tcp'],
  capAdd: ['NET_ADMIN'],
  capDrop: ['CHOWN'],
  groupAdd: ['wheel'],
  noNewPrivileges: true,
  seccomp: 'unconfined',
  apparmor: 'mine',
  unmasked: true,
  sysctls: { 'net.core.somaxconn': '1024' },
  ulimits: [{ name: 'nofile', soft: 10, hard: 20 }],
  devices: [{ source: '/dev/fuse', target: '/dev/fuse', access: 'rwm' }],
  cdiDevices: ['vendor.com/gpu=0'],
  deviceRules: ['c 10:200 rwm'],
  gpus: ['0', '1'],
  cgroupParent: '/below',
  ipc: 'private',
  pid: 'host',
  uts: 'host',
  cgroupns: 'private',
  userns: 'host',
  shmBytes: 8388608,
  oomScoreAdj: -5,
  stopSignal: 'SIGINT',
  stopTimeoutSeconds: 3,
  health: { command: 'test -e /ok', intervalMs: 1500, retries: 2, onFailure: 'restart' },
  log: { driver: 'k8s-file', options: { 'max-size': '10m', 'max-file': '2' } },
  limits: {
    memoryBytes: 512 * 1024 ** 2,
    memorySwapBytes: -1,
    cpus: 1.5,
    cpusetCpus: '0-1',
    pids: 100,
    blockWeight: 300,
    deviceReadBytes: [{ path: '/dev/null', rate: 1000 }],
    unified: { 'memory.high': '400M' },
  },
};

/** What `create`, with these words, asks the engine for. */
async function readBack(words: readonly string[]): Promise<ContainerSpec | undefined> {
  let asked: ContainerSpec | undefined;
  const containers = {
    create: async (spec: ContainerSpec) => {
      asked = spec;
      throw cancelled('creating');
    },
  } as unknown as Engine['containers'];
  const { stderr } = await runPlimsoll(['create', ...words], { engine: { containers } });
  assert.ok(asked, stderr);
  return asked;
}

const wordsOf = (spec: ContainerSpec) => {
  const { options, image, command } = runArguments(spec);
  return [...options.flat().filter(word => word !== undefined), image, ...command];
};

test('the options made of a container are those that make it again', async () => {
  assert.deepEqual(await readBack(wordsOf(full)), full);
  assert.deepEqual(await readBack(wordsOf({ image: 'busybox' })), { image: 'busybox' });
  const cleared = { image: 'x', entrypoint: [], health: { command: '' } };
  assert.deepEqual(await readBack(wordsOf(cleared)), cleared);
  const nested = { image: 'x', entrypoint: ['sh', '-c'], command: ['true'] };
  assert.deepEqual(await readBack(wordsOf(nested)), {
    ...nested,
    entrypoint: ['sh'],
    command: ['-c', 'true'],
  });
});

const details = { id: 'f'.repeat(64), name: 'web', spec: full, mounts: full.mounts ?? [], limits: {} };
const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const engine = {
  containers: { inspect: () => details } as unknown as Engine['containers'],
  units: { command: [launcher, '--root', '/srv/a root'] } as unknown as Engine['units'],
};

test('generate systemd makes units with which systemd finds nothing wrong', {
  skip: noSystemdAnalyze,
}, async () => {
  for (const flags of [
    [],
    ['--name'],
    ['--new'],
    ['--new', '--restart-policy', 'always', '--restart-sec', '5'],
  ]) {
    const { stdout, code } = await runPlimsoll(['generate', 'systemd', ...flags, 'web'], { engine });
    assert.equal(code, 0);
    assert.equal(verifyUnit('container-web.service', stdout), '', stdout);
  }
});

test('generate systemd --new creates by the options of the container, quoted for systemd', async () => {
  const { stdout } = await runPlimsoll(['generate', 'systemd', '--new', 'web'], { engine });
  const create = /^ExecStartPre=(.* create .*)$/m.exec(stdout)?.[1] ?? '';
  const words = unitWords(create);
  assert.deepEqual(words.slice(0, 6), [launcher, '--root', '/srv/a root', 'create', '--name', 'web']);
  assert.deepEqual(await readBack(words.slice(6)), full);
  assert.match(stdout, /^Restart=on-failure$/m);
  assert.match(stdout, /^TimeoutStopSec=63$/m);
});

test('generate --files writes a file for each', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plg-'));
  try {
    const paths = async (...words: string[]) =>
      (await runPlimsoll(['generate', ...words, '--files', 'web'], { engine, cwd: folder })).stdout.trim();
    assert.equal(await paths('systemd', '--name'), join(folder, 'container-web.service'));
    assert.equal(await paths('systemd', '--name', '--container-prefix', ''), join(folder, 'web.service'));
    assert.equal(await paths('quadlet'), join(folder, 'web.container'));
    assert.match(readFileSync(join(folder, 'web.container'), 'utf8'), /^\[Container\]$/m);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('generate quadlet writes keys where Quadlet has some, and arguments of podman for the rest', async () => {
  const { stdout } = await runPlimsoll(['generate', 'quadlet', 'web'], { engine });
  for (const line of [
    'ContainerName=web',
    'Image=localhost/web:1',
    'Environment="B=two words"',
    'PublishPort=127.0.0.1:8080:80',
    'Volume=/srv/data:/data:ro,rslave',
    'NoNewPrivileges=true',
    'HealthCmd=test -e /ok',
    'Restart=no',
  ])
    assert.ok(stdout.split('\n').includes(line), `${line} in\n${stdout}`);
  const rest = unitWords(/^PodmanArgs=(.*)$/m.exec(stdout)?.[1] ?? '');
  for (const word of ['--memory=512m', '--user=1000:1000', '--ulimit=nofile=10:20'])
    assert.ok(rest.includes(word), word);
});

const generator = ['/usr/libexec/podman/quadlet', '/usr/lib/podman/quadlet'].find(existsSync);
test("podman's Quadlet takes the file", {
  skip: generator === undefined ? 'needs quadlet (podman 4.4 or newer)' : false,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plg-'));
  try {
    await runPlimsoll(['generate', 'quadlet', '--files', 'web'], { engine, cwd: folder });
    const { status, stderr, stdout } = spawnSync(generator ?? '', ['-dryrun'], {
      encoding: 'utf8',
      env: { ...process.env, QUADLET_UNIT_DIRS: folder },
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout + stderr, /ExecStart=.*podman run/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

describe('a generated unit, run as systemd would', { skip: cannotRun() ?? false }, () => {
  let home: Home;
  before(() => {
    home = openHome();
  });
  after(() => home[Symbol.dispose]());

  /** Runs the command lines of a key one after the other; the last one's process. */
  const runKey = (unit: string, key: string) => {
    const runtime = join(home.folder, 'run');
    mkdirSync(runtime, { recursive: true });
    const lines = unit.split('\n').filter(line => line.startsWith(`${key}=`));
    return lines.map(line => {
      const [program = '', ...args] = unitWords(line.slice(key.length + 1).replace(/^-/, '')).map(word =>
        word.replace('%t/%N', join(runtime, 'unit')),
      );
      return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    });
  };

  test('it ends when the container ends, with its exit code, and stops it when it is stopped', async () => {
    home.plimsoll(
      'create',
      '--name',
      'seven',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'sleep 0.2; exit 7',
    );
    const seven = home.plimsoll('generate', 'systemd', '--name', 'seven');
    const [main] = runKey(seven, 'ExecStart');
    assert.ok(main);
    assert.deepEqual(await once(main, 'exit'), [7, null]);

    home.plimsoll(
      'create',
      '--name',
      'long',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'trap "exit 0" TERM; sleep 100 & wait',
    );
    const long = home.plimsoll('generate', 'systemd', '--new', 'long');
    for (const pre of ['ExecStartPre']) {
      for (const line of long.split('\n').filter(each => each.startsWith(`${pre}=`))) {
        const [child] = runKey(line, pre);
        if (child) assert.equal((await once(child, 'exit'))[0], 0, line);
      }
    }
    const [waiter] = runKey(long, 'ExecStart');
    assert.ok(waiter);
    const gone = once(waiter, 'exit');
    while (!home.plimsoll('ps').includes('long')) await sleep(50);
    const [stop] = runKey(long, 'ExecStop');
    assert.ok(stop);
    assert.equal((await once(stop, 'exit'))[0], 0);
    assert.deepEqual(await gone, [0, null]);
    const [post] = runKey(long, 'ExecStopPost');
    assert.ok(post);
    assert.equal((await once(post, 'exit'))[0], 0);
    assert.doesNotMatch(home.plimsoll('ps', '-a'), /long/);
  });
});
