import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { runPlimsoll } from '../support/run-cli.ts';

test('system df has the columns of docker, and a row for what docker does not say', {
  skip: noEngine,
}, async () => {
  await using own = await rootOfOwn();
  const run = (...argv: string[]) => runPlimsoll(argv, { root: own.root, cwd: own.folder });
  mkdirSync(join(own.root.dataDir, 'layers/0123456789ab'));
  writeFileSync(join(own.root.dataDir, 'layers/0123456789ab/file'), Buffer.alloc(50_000));
  const { stdout } = await run('system', 'df');
  const lines = stdout.split('\n');
  assert.match(lines[0] ?? '', /^TYPE +TOTAL +ACTIVE +SIZE +RECLAIMABLE$/);
  assert.match(lines[1] ?? '', /^Images +1 +0 +\d[\d.]*MB +\d[\d.]*MB \(\d+%\)$/);
  assert.deepEqual(
    lines.slice(2, 6).map(line => line.split(/ {2,}/)[0]),
    ['Containers', 'Local Volumes', 'Build Cache', 'Orphans'],
  );
  assert.ok(stdout.includes(`in ${own.root.dataDir}\n`));
  const whole = (await run('system', 'df', '-v')).stdout;
  assert.match(whole, /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS$/m);
  assert.match(whole, /^localhost\/busybox +latest +[0-9a-f]{12} .* 0B +\d[\d.]*MB +0$/m);
  assert.match(whole, /^layers\/0123456789ab +\d+\.\d+kB$/m);
  const json = JSON.parse((await run('system', 'df', '--json')).stdout);
  assert.equal(json.orphans.length, 1);
  assert.equal((await run('system', 'df', '-v', '--format', 'json')).code, 1);
  assert.match((await run('system', 'df', '--format', 'json')).stdout, /^\{"Type":"Images","TotalCount":"1"/);
});

test('system prune says what went and why', { skip: noEngine }, async () => {
  await using own = await rootOfOwn();
  const run = (...argv: string[]) => runPlimsoll(argv, { root: own.root, cwd: own.folder });
  mkdirSync(join(own.root.dataDir, 'layers/0123456789ab'));
  await run('create', '--name', 'old', 'busybox');
  const { stdout } = await run('system', 'prune', '-f', '-a');
  assert.match(stdout, /^Deleted Containers \(stopped\):\n[0-9a-f]{64}\n\n/m);
  assert.match(stdout, /^Deleted Images and layers \(of no name, or unused\):\ndeleted: sha256:/m);
  assert.match(stdout, /^Deleted orphans \(named by no record\):\nlayers\/0123456789ab /m);
  assert.match(stdout, /\nTotal reclaimed space: \d[\d.]*MB\n$/);
  assert.equal((await run('system', 'prune')).stdout, 'Total reclaimed space: 0B\n');
});
