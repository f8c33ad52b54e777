import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { tarOf } from '../support/layer-root.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { runPlimsoll } from '../support/run-cli.ts';

test('save writes a file, load takes it from a file or the input and says what came', {
  skip: noEngine,
}, async () => {
  await using own = await rootOfOwn();
  const cwd = own.folder;
  const run = (argv: string[], input?: Buffer) =>
    runPlimsoll(argv, { root: own.root, cwd, ...(input === undefined ? {} : { input }) });
  assert.deepEqual(await run(['save', '-o', 'b.tar', 'busybox']), { code: 0, stdout: '', stderr: '' });
  const written = readFileSync(join(cwd, 'b.tar'));
  assert.equal((await run(['image', 'rm', 'localhost/busybox'])).code, 0);
  const loaded = await run(['load', '-i', 'b.tar']);
  assert.equal(loaded.stdout, 'Loaded image: localhost/busybox:latest\n');
  assert.match(loaded.stderr, /: Loaded$/m);
  const again = await run(['image', 'load', '-q'], gzipSync(written));
  assert.deepEqual(again, { code: 0, stdout: 'Loaded image: localhost/busybox:latest\n', stderr: '' });
  await run(['import', '-c', 'CMD ["x"]', 'b.tar', 'localhost/busybox']);
  const moved = await run(['load', '-q', '-i', 'b.tar']);
  assert.match(
    moved.stdout,
    /^The image localhost\/busybox:latest already exists, renaming the old one with ID sha256:/,
  );
});

test('what cannot be saved, loaded or imported says so, with exit code 1 and nothing left', {
  skip: noEngine,
}, async () => {
  await using own = await rootOfOwn();
  const cwd = own.folder;
  const run = (argv: string[], more: { input?: Buffer; tty?: boolean } = {}) =>
    runPlimsoll(argv, { root: own.root, cwd, ...more });
  writeFileSync(join(cwd, 'text'), 'no archive');
  for (const [argv, more, words] of [
    [['save', 'busybox'], { tty: true }, 'an archive is nothing for a terminal'],
    [['save', '-o', 'x.tar', 'nothing'], {}, 'No such image: nothing:latest'],
    [['load', '-i', 'missing'], {}, '"missing" cannot be read: there is no such file'],
    [['load', '-i', '.'], {}, '"." cannot be read: it is a folder'],
    [['load', '-q', '-i', 'text'], {}, 'the tar archive cannot be used'],
    [['load', '-q'], { input: Buffer.from('text') }, 'the tar archive cannot be used'],
    [['import', 'missing'], {}, '"missing" cannot be read'],
    [['import', '-c', 'RUN true', 'text'], {}, '"RUN" cannot be a change of an image'],
    [['import', 'http://127.0.0.1:1/x'], {}, 'cannot be downloaded'],
  ] as const) {
    const { code, stdout, stderr } = await run([...argv], more);
    assert.equal(code, 1, argv.join(' '));
    assert.equal(stdout, '');
    assert.ok(stderr.includes(words), `${argv.join(' ')}: ${stderr}`);
  }
  assert.deepEqual(readdirSync(cwd).sort(), ['root', 'text']);
  assert.ok(!existsSync(join(cwd, 'x.tar')));
  assert.equal((await run(['images', '-q'])).stdout.trim().split('\n').length, 1);
});

test('import reads an address, whose password nobody sees in the history', { skip: noEngine }, async () => {
  await using own = await rootOfOwn();
  const rootfs = gzipSync(tarOf({ name: 'etc/motd', content: 'hello' }));
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/rootfs.tar.gz' ? 200 : 404).end(rootfs);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const run = (...argv: string[]) => runPlimsoll(argv, { root: own.root, cwd: own.folder });
    const made = await run('import', `http://${address}/rootfs.tar.gz`, 'motd:1');
    assert.match(made.stdout, /^sha256:[0-9a-f]{64}\n$/);
    assert.match(
      (await run('history', '--no-trunc', 'motd:1')).stdout,
      new RegExp(`Imported from http://${address}/rootfs`),
    );
    assert.match((await run('import', `http://${address}/other`)).stderr, /the server says 404/);
  } finally {
    server.close();
  }
});
