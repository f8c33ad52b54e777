import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseBuildContexts } from '../../src/cli/parse/parse-build-context.ts';
import { parseSecrets } from '../../src/cli/parse/parse-secret.ts';
import { parseSsh } from '../../src/cli/parse/parse-ssh.ts';
import { parseUlimit } from '../../src/cli/parse/parse-ulimit.ts';
import type { BuildRequest } from '../../src/engine/index.ts';
import { isPlimsollError } from '../../src/errors.ts';
import { runPlimsoll } from '../support/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'plc-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function refused(action: () => unknown): void {
  assert.throws(action, error => isPlimsollError(error, 'invalid-argument') && error.hint !== undefined);
}

/** What `build` asks the engine for. */
async function requestOf(words: readonly string[], env: Record<string, string> = {}): Promise<BuildRequest> {
  let asked: BuildRequest | undefined;
  const builds = {
    build: async (request: BuildRequest) => {
      asked = request;
      return { build: 'b', image: 'sha256:0' };
    },
  };
  const engine = { builds } as unknown as NonNullable<Parameters<typeof runPlimsoll>[1]>['engine'];
  const result = await runPlimsoll(['build', ...words], { cwd: folder, env, ...(engine ? { engine } : {}) });
  assert.equal(result.code, 0, result.stderr);
  assert.ok(asked !== undefined);
  return asked;
}

test('build hands every option of docker build to the engine', async () => {
  writeFileSync(join(folder, 'token'), 't');
  const request = await requestOf(
    [
      ...'-t a:1 -t b --build-arg V=1 --build-arg HOME --label l=x --target t --pull --tls-verify=false --platform linux/arm64'.split(
        ' ',
      ),
      ...'--no-cache-filter one,two --no-cache-filter 3 --secret id=s,src=token --secret id=E'.split(' '),
      ...'--network default --add-host db:10.0.0.1 --add-host v6=[::1] --allow network.host'.split(' '),
      ...'-m 64m --cpu-quota 50000 --shm-size 1m --ulimit nofile=10:20 --cgroup-parent builds'.split(' '),
      ...'--cache-from reg.example/c --cache-from type=local,src=c --cache-to type=inline'.split(' '),
      ...'--cache-to type=registry,ref=reg.example/c,mode=max,ignore-error=true'.split(' '),
      ...'--jobs 3 --build-context base=docker-image://x --build-context src=. -f sub/D .'.split(' '),
    ],
    { HOME: '/home/me', E: 'value' },
  );
  const { signal: _, onProgress: _progress, ...rest } = request;
  assert.deepEqual(rest, {
    context: folder,
    dockerfile: join(folder, 'sub/D'),
    tags: ['a:1', 'b'],
    buildArgs: { V: '1', HOME: '/home/me' },
    labels: { l: 'x' },
    target: 't',
    platform: 'linux/arm64',
    pull: 'always',
    registry: { tlsVerify: false },
    cacheFrom: [
      { type: 'registry', name: 'reg.example/c', tlsVerify: false },
      { type: 'local', folder: join(folder, 'c') },
    ],
    cacheTo: [
      { type: 'inline' },
      { type: 'registry', name: 'reg.example/c', tlsVerify: false, mode: 'max', ignoreErrors: true },
    ],
    noCache: false,
    noCacheStages: ['one', 'two', '3'],
    contexts: { base: { image: 'x' }, src: { folder } },
    secrets: { s: { file: join(folder, 'token') }, E: { value: 'value' } },
    ssh: {},
    network: 'bridge',
    hosts: ['db:10.0.0.1', 'v6:::1'],
    allow: ['network.host'],
    limits: { memoryBytes: 64 * 1024 ** 2, cpus: 0.5 },
    ulimits: [{ name: 'nofile', soft: 10, hard: 20 }],
    shmBytes: 1024 ** 2,
    cgroupParent: '/builds',
    jobs: 3,
  });
});

test('build takes a repository, an address or the input for its context', async () => {
  const git = await requestOf(['-f', 'docker/D', 'https://example.com/r.git#main']);
  assert.deepEqual([git.context, git.dockerfile], ['https://example.com/r.git#main', 'docker/D']);
  const input = await requestOf(['-']);
  assert.ok(input.context === '-' && input.stream !== undefined);
  const dockerfile = await requestOf(['-f', '-', '.']);
  assert.deepEqual([dockerfile.context, dockerfile.dockerfile], [folder, '/dev/stdin']);
});

test('build takes the options that mean nothing here, and refuses others with a reason', async () => {
  await requestOf(['--rm', '--force-rm', '--load', '--compress', '--isolation', 'default', '.']);
  for (const words of [
    ['--isolation', 'hyperv'],
    ['--cpuset-mems', '0'],
    ['--security-opt', 'seccomp=x'],
    ['--builder', 'remote'],
    ['--allow', 'everything'],
    ['--add-host', 'x:host-gateway'],
    ['--network', 'other'],
    ['--progress', 'fancy'],
  ]) {
    const { code, stderr } = await runPlimsoll(['build', ...words, '.'], { cwd: folder });
    assert.ok(code === 1 || code === 125, words.join(' '));
    const [option = '', value = ''] = words;
    assert.ok(stderr.includes(value.split(':').at(-1) ?? '') || stderr.includes(option), stderr);
  }
});

test('parseSecrets() reads files and variables, and says what is not there', () => {
  writeFileSync(join(folder, 'plain'), 'x');
  const place = { cwd: folder, env: { TOKEN: 't', plain: 'variable wins' } };
  assert.deepEqual(parseSecrets(['id=plain'], place), { plain: { value: 'variable wins' } });
  assert.deepEqual(parseSecrets(['id=plain,type=file'], place), { plain: { file: join(folder, 'plain') } });
  assert.deepEqual(parseSecrets(['id=a,env=TOKEN', 'type=env,id=b,src=TOKEN'], place), {
    a: { value: 't' },
    b: { value: 't' },
  });
  for (const bad of [
    'src=plain',
    'id=none',
    'id=x,env=NONE',
    'id=x,src=none',
    'id=x,file=plain',
    'id=x,type=y',
  ])
    refused(() => parseSecrets([bad], place));
});

test('parseSsh() tells the agent of the caller, a socket and keys apart', async () => {
  const socket = join(folder, 'agent');
  const server = createServer();
  await new Promise<void>(resolve => server.listen(socket, resolve));
  try {
    writeFileSync(join(folder, 'key'), 'k');
    const place = { cwd: folder, env: { SSH_AUTH_SOCK: '/run/agent' } };
    assert.deepEqual(parseSsh(['default', 'a=agent', 'b=key,key'], place), {
      default: { socket: '/run/agent' },
      a: { socket },
      b: { keys: [join(folder, 'key'), join(folder, 'key')] },
    });
    for (const bad of ['=x', 'a=none', 'a=agent,key']) refused(() => parseSsh([bad], place));
    refused(() => parseSsh(['default'], { cwd: folder, env: {} }));
  } finally {
    server.close();
  }
});

test('parseUlimit() reads soft and hard limits', () => {
  assert.deepEqual(parseUlimit('nofile=1024:2048'), { name: 'nofile', soft: 1024, hard: 2048 });
  assert.deepEqual(parseUlimit('core=0'), { name: 'core', soft: 0, hard: 0 });
  assert.deepEqual(parseUlimit('stack=5:unlimited'), { name: 'stack', soft: 5, hard: -1 });
  assert.deepEqual(parseUlimit('memlock=-1:-1'), { name: 'memlock', soft: -1, hard: -1 });
  for (const bad of ['nofile', 'nofiles=1', 'nofile=2:1', 'nofile=x', 'nofile=-1:5', 'nofile=1:2:3'])
    refused(() => parseUlimit(bad));
});

test('parseBuildContexts() tells folders, images and addresses apart', () => {
  assert.deepEqual(
    parseBuildContexts(['a=sub', 'b=docker-image://x:1', 'c=git@h:r', 'd=https://h/x.tar'], '/w'),
    {
      a: { folder: '/w/sub' },
      b: { image: 'x:1' },
      c: { address: 'git@h:r' },
      d: { address: 'https://h/x.tar' },
    },
  );
  for (const bad of ['a', 'a=', '=b', 'a=target://x']) refused(() => parseBuildContexts([bad], '/w'));
});
