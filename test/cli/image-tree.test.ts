import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { runPlimsoll } from '../support/run-cli.ts';

test('images --tree shows each image once, with its names and the platform that it is for', {
  skip: noEngine,
}, async () => {
  await using own = await rootOfOwn();
  const run = (...argv: string[]) => runPlimsoll(argv, { root: own.root, cwd: own.folder });
  await run('tag', 'busybox', 'shop/web:1');
  await run('create', '--network', 'none', 'busybox', 'true');
  const { stdout } = await run('images', '--tree');
  assert.match(
    stdout,
    /^IMAGE +ID +DISK USAGE +UNIQUE SIZE +CONTAINERS\n\S+ +[0-9a-f]{12} +\S+B +\S+B +1\n\S+\n└─ linux\/\w+\n$/,
  );
  assert.ok(stdout.includes('\nlocalhost/busybox:latest') && stdout.includes('\nshop/web:1'));
  assert.match((await run('images', '--tree', '-q')).stderr, /--tree does not go with --quiet/);
});
