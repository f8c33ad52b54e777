import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as listen } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeYard, read, type Yard } from './yard.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const skipGit = skip || (hasGit() ? false : 'needs git');

describe('ADD of a git repository', { skip: skipGit }, () => {
  test('takes a branch, a tag, a commit or a folder, with or without .git', async () => {
    await using server = await gitServer();
    await using yard = makeYard();
    const tree = (line: string) => built(yard, line, rootfs => readdirSync(join(rootfs, 'd')).sort());
    assert.deepEqual(await tree(`ADD ${server.url} /d`), ['docs', 'readme']);
    assert.deepEqual(await tree(`ADD ${server.url}#v1 /d`), ['readme']);
    assert.deepEqual(await tree(`ADD ${server.url}#${server.commits.v1} /d/`), ['readme']);
    assert.deepEqual(await tree(`ADD ${server.url}?branch=side&subdir=docs /d`), ['page']);
    assert.deepEqual(await tree(`ADD --keep-git-dir=true ${server.url}#v1 /d`), ['.git', 'readme']);
    assert.deepEqual(await tree(`ADD --exclude=docs ${server.url} /d`), ['readme']);
    const owner = await built(yard, `ADD --chown=7:8 ${server.url} /d`, rootfs =>
      statSync(join(rootfs, 'd/readme')),
    );
    assert.deepEqual([owner.uid, owner.gid], [7, 8]);
    assert.deepEqual(yard.leftovers(), []);
  });

  test('is cached by the commit, and names the repository that moved', async () => {
    await using server = await gitServer();
    await using yard = makeYard();
    const line = `ADD ${server.url}#main /d`;
    const again = async () => (await yard.build(`FROM scratch\n${line}\n`)).steps[line];
    assert.equal(await again(), 'never built before');
    assert.equal(await again(), 'cached');
    server.commit('more', 'more');
    assert.equal(await again(), `${server.url}#main changed`);
  });

  test('refuses another commit than the checksum, and what is not there', async () => {
    await using server = await gitServer();
    await using yard = makeYard();
    const add = (words: string) => yard.build(`FROM scratch\nADD ${words} /d\n`);
    await add(`--checksum=${server.commits.v1} ${server.url}#v1`);
    await add(`${server.url}?tag=v1&checksum=${server.commits.v1.slice(0, 12)}`);
    await assert.rejects(add(`--checksum=${server.commits.v1} ${server.url}#main`), {
      code: 'CHECKSUM_MISMATCH',
    });
    await assert.rejects(add(`${server.url}#nothing`), {
      code: 'GIT_REF_NOT_FOUND',
      lines: { start: 2, end: 2 },
    });
    await assert.rejects(add(`${server.url}#${'0'.repeat(40)}`), { code: 'GIT_REF_NOT_FOUND' });
    await assert.rejects(add('git://127.0.0.1:1/x.git'), { code: 'GIT_FAILED' });
    assert.deepEqual(yard.leftovers(), []);
  });

  test('hands the secret GIT_AUTH_TOKEN to the host that it is for, and keeps it nowhere', async () => {
    await using yard = makeYard();
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers.authorization);
      response.writeHead(403).end();
    }).listen(0, '127.0.0.1');
    try {
      await new Promise(resolve => server.once('listening', resolve));
      const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
      const add = (secrets: Record<string, { value: string }>) =>
        assert.rejects(yard.build(`FROM scratch\nADD http://${host}/a.git /d\n`, { secrets }), {
          code: 'GIT_FAILED',
        });
      await add({ GIT_AUTH_TOKEN: { value: 'general' } });
      await add({ [`GIT_AUTH_TOKEN.${host}`]: { value: 'special' }, GIT_AUTH_TOKEN: { value: 'general' } });
      await add({ GIT_AUTH_HEADER: { value: 'Bearer x' } });
      await add({});
    } finally {
      server.close();
    }
    const basic = (token: string) => `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
    assert.deepEqual([...new Set(asked)], [basic('general'), basic('special'), 'Bearer x', undefined]);
  });
});

describe('a context that is fetched', { skip: skipGit }, () => {
  test('is a repository, at the ref and in the folder that it names', async () => {
    await using server = await gitServer();
    await using yard = makeYard();
    server.commit('docker/Dockerfile', 'FROM scratch\nCOPY . /d/\n');
    server.commit('docker/file', 'x');
    const list = async (context: string, dockerfile?: string) => {
      const { image } = await yard.builds.build({
        context,
        ...(dockerfile === undefined ? {} : { dockerfile }),
      });
      return await yard.inside(image, rootfs => readdirSync(join(rootfs, 'd')).sort());
    };
    assert.deepEqual(await list(`${server.url}#:docker`), ['Dockerfile', 'file']);
    assert.deepEqual(await list(server.url, 'docker/Dockerfile'), ['docker', 'docs', 'readme']);
    assert.equal(yard.builds.list()[0]?.context, server.url);
    await assert.rejects(list(`${server.url}#v1`), { code: 'DOCKERFILE_NOT_FOUND' });
    await assert.rejects(list(server.url, '../../../../../../etc/passwd'), { code: 'DOCKERFILE_NOT_FOUND' });
    assert.deepEqual(yard.leftovers(), []);
  });

  test('is an archive or a Dockerfile, from an address or a stream', async () => {
    await using yard = makeYard();
    yard.write('Dockerfile', 'FROM scratch\nCOPY f /\n');
    yard.write('f', 'x');
    const tar = execFileSync('tar', ['-C', yard.context, '-cz', '.']);
    const server = createServer((request, response) => {
      if (request.url === '/Dockerfile') response.end('FROM scratch\nCOPY <<E /g\ny\nE\n');
      else if (request.url === '/x.tar.gz') response.end(tar);
      else response.end(Buffer.from([0, 1, 2]));
    }).listen(0, '127.0.0.1');
    try {
      await new Promise(resolve => server.once('listening', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const list = async (request: { context: string; stream?: Readable }) =>
        await yard.inside((await yard.builds.build(request)).image, rootfs => readdirSync(rootfs));
      assert.deepEqual(await list({ context: `${url}/x.tar.gz` }), ['f']);
      assert.deepEqual(await list({ context: `${url}/Dockerfile` }), ['g']);
      assert.deepEqual(await list({ context: '-', stream: Readable.from([tar]) }), ['f']);
      assert.deepEqual(
        await list({ context: '-', stream: Readable.from(['FROM scratch\nCOPY <<E /h\nE\n']) }),
        ['h'],
      );
      await assert.rejects(list({ context: `${url}/other` }), { code: 'CONTEXT_INVALID' });
      const contexts = { more: { address: `${url}/x.tar.gz` } };
      const named = await yard.build('FROM scratch\nCOPY --from=more f /more\n', { contexts });
      await yard.inside(named.image, rootfs => assert.deepEqual(readdirSync(rootfs), ['more']));
    } finally {
      server.close();
    }
    assert.deepEqual(yard.leftovers(), []);
  });
});

describe('a named context', { skip }, () => {
  test('is a source of COPY, of mounts and of FROM, less what its own ignore file leaves out', async () => {
    await using yard = makeYard();
    const other = join(yard.folder, 'other');
    mkdirSync(join(other, 'sub'), { recursive: true });
    for (const path of ['sub/a', 'b', 'left-out']) writeFileSync(join(other, path), path);
    writeFileSync(join(other, '.dockerignore'), 'left-out\n.dockerignore\n');
    const contexts = { other: { folder: other } };
    const copied = await yard.build('FROM scratch\nCOPY --from=other . /d/\nCOPY --from=OTHER b /c\n', {
      contexts,
    });
    await yard.inside(copied.image, rootfs => {
      assert.deepEqual(readdirSync(join(rootfs, 'd')).sort(), ['b', 'sub']);
      assert.equal(read(rootfs, 'c'), 'b');
    });
    const based = await yard.build('FROM other\nCOPY --from=other b /sub/b\n', { contexts });
    await yard.inside(based.image, rootfs =>
      assert.deepEqual(readdirSync(join(rootfs, 'sub')).sort(), ['a', 'b']),
    );
    assert.equal(based.config.history.length, based.config.rootfs.diff_ids.length);
    await assert.rejects(yard.build('FROM scratch\nCOPY --from=other left-out /\n', { contexts }), {
      code: 'SOURCE_NOT_FOUND',
    });
    await assert.rejects(yard.build('FROM scratch\n', { contexts: { x: { folder: join(other, 'none') } } }), {
      code: 'CONTEXT_NOT_FOUND',
    });
  });

  test('takes the place of a stage or an image of its name', async () => {
    await using yard = makeYard();
    await yard.makeBase('real', rootfs => writeFileSync(join(rootfs, 'f'), 'real'));
    await yard.makeBase('other', rootfs => writeFileSync(join(rootfs, 'f'), 'other'));
    const text = 'FROM real AS one\nFROM scratch AS two\nCOPY --from=one /f /f\nFROM two\n';
    const content = async (contexts: Record<string, { image: string }>) => {
      const { image } = await yard.build(text, { contexts });
      return await yard.inside(image, rootfs => read(rootfs, 'f'));
    };
    assert.equal(await content({}), 'real');
    assert.equal(await content({ real: { image: 'other' } }), 'other');
    assert.equal(await content({ one: { image: 'other' } }), 'other');
  });
});

describe('COPY --link', { skip }, () => {
  test('stays when what is below it changes, and looks at nothing of it', async () => {
    await using yard = makeYard({
      fakeRun: (_, rootfs) => {
        writeFileSync(join(rootfs, `made-${Date.now()}-${Math.random()}`), '');
        return 0;
      },
    });
    await yard.makeBase('base', rootfs =>
      writeFileSync(join(rootfs, 'd'), 'a file where the copy wants a folder'),
    );
    yard.write('f', 'x');
    const text = (below: string) =>
      `FROM base\nRUN ${below}\nCOPY --link --chown=5 --chmod=600 f /d/e/\nRUN last\n`;
    const first = await yard.build(text('one'));
    const second = await yard.build(text('two'));
    assert.equal(second.steps['RUN two'], 'never built before');
    assert.equal(second.steps['COPY --link --chown=5 --chmod=600 f /d/e/'], 'cached');
    assert.equal(second.steps['RUN last'], 'an earlier step changed');
    assert.equal(second.config.rootfs.diff_ids[2], first.config.rootfs.diff_ids[2]);
    await yard.inside(second.image, rootfs => {
      const { uid, gid, mode } = statSync(join(rootfs, 'd/e/f'));
      assert.deepEqual([uid, gid, mode & 0o777], [5, 5, 0o600]);
    });
    assert.equal(second.config.history.length, second.config.rootfs.diff_ids.length);
  });

  test('looks names of owners up in what is below it', async () => {
    await using yard = makeYard();
    await yard.makeBase('base', rootfs => {
      mkdirSync(join(rootfs, 'etc'));
      writeFileSync(join(rootfs, 'etc/passwd'), 'me:x:11:12::/:/bin/sh\n');
    });
    yard.write('f', 'x');
    const { image } = await yard.build('FROM base\nCOPY --link --chown=me f /f\n');
    await yard.inside(image, rootfs => assert.equal(statSync(join(rootfs, 'f')).uid, 11));
  });
});

async function built<T>(yard: Yard, line: string, look: (rootfs: string) => T): Promise<T> {
  const { image } = await yard.build(`FROM scratch\n${line}\n`);
  return await yard.inside(image, look);
}

/** A repository served by git's own daemon on loopback: tag v1 with one file, main and side with another one. */
async function gitServer() {
  const folder = mkdtempSync(join(tmpdir(), 'plg-'));
  const work = join(folder, 'r.git');
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'init.defaultBranch=main'];
  const git = (...args: string[]) =>
    execFileSync('git', [...identity, ...args], {
      cwd: existsSync(work) ? work : folder,
      encoding: 'utf8',
    }).trim();
  const commit = (path: string, content: string) => {
    mkdirSync(join(work, path, '..'), { recursive: true });
    writeFileSync(join(work, path), content);
    git('add', '.');
    git('commit', '-qm', path);
    return git('rev-parse', 'HEAD');
  };
  git('init', '-q', work);
  const v1 = commit('readme', '1');
  git('tag', '-a', 'v1', '-m', 'one');
  commit('docs/page', '2');
  git('branch', 'side');
  const port = await freePort();
  const args = [
    'daemon',
    '--export-all',
    `--base-path=${folder}`,
    '--listen=127.0.0.1',
    `--port=${port}`,
    '--reuseaddr',
  ];
  const daemon = spawn('git', args, { stdio: 'ignore', detached: true });
  await reachable(port);
  return {
    url: `git://127.0.0.1:${port}/r.git`,
    commits: { v1 },
    commit,
    async [Symbol.asyncDispose]() {
      if (daemon.pid !== undefined) process.kill(-daemon.pid);
      await new Promise(resolve => daemon.once('exit', resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = listen().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}

async function reachable(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answered = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1');
      socket.on('connect', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('close', () => resolve(false));
      socket.unref();
      setTimeout(() => socket.destroy(), 100).unref();
    });
    if (answered) return;
    await sleep(25);
  }
  throw new Error('git daemon does not answer');
}

function hasGit(): boolean {
  try {
    execFileSync('git', ['daemon', '--help'], { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as { code?: string }).code !== 'ENOENT';
  }
}
