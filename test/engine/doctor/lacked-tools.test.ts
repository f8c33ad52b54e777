import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { lackedTools } from '../../../src/engine/index.ts';
import { noEngine } from '../../support/root-of-own.ts';

const door = resolve(import.meta.dirname, '../../../src/engine/index.ts');

test('a machine that has all lacks nothing; one without nft is told so', {
  skip: noEngine,
}, () => {
  assert.deepEqual(lackedTools(process.env.PATH), []);
  const ask = `import('${door}').then(({ lackedTools }) => console.log(lackedTools('').join()))`;
  const node = [process.execPath, '--disable-warning=ExperimentalWarning', '-e', ask];
  const hidden = spawnSync(
    'unshare',
    ['-m', 'sh', '-c', 'mount -t tmpfs none /usr/sbin; exec "$@"', 'sh', ...node],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(hidden.stdout, 'nftables\n', hidden.stderr);
});
