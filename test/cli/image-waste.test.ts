import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { alignCosts } from '../../src/cli/step-costs.ts';
import { cannotRunContainers } from '../support/busybox-rootfs.ts';
import { rootOfOwn } from '../support/root-of-own.ts';
import { runPlimsoll } from '../support/run-cli.ts';

test('image waste shows bytes that ship and never show, and which line costs what', {
  skip: cannotRunContainers,
}, async () => {
  await using own = await rootOfOwn();
  const run = (...argv: string[]) => runPlimsoll(argv, { root: own.root, cwd: own.folder });
  const context = join(own.folder, 'context');
  mkdirSync(context);
  const lines = [
    'FROM localhost/busybox',
    'ARG UNUSED=1',
    'RUN head -c 3000000 /dev/zero >/big; head -c 2000000 /dev/zero >/kept',
    'RUN rm /big; echo changed >/kept',
    'CMD ["sh"]',
  ];
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await run('build', '-t', 'first:1', context);
  writeFileSync(join(context, 'Dockerfile'), `${lines.slice(0, 3).join('\n')}\n`);
  await run('build', '-t', 'second:1', context);
  const { stdout, code } = await run('image', 'waste', 'first:1');
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^first:1: 6\.98MB, of which 6\.98MB are shared with other images and 8B only its own;$/m,
  );
  assert.match(stdout, /^5MB \(72%\) are deleted or overwritten by later steps/m);
  assert.match(stdout, /^a snapshot of this machine would hold [\d.]+[GT]B, [\d,]+ times as much$/m);
  assert.match(
    stdout,
    /^3 +5MB +5MB +1 image +\d+\.\ds +miss: never built before +RUN \|1 UNUSED=1 \/bin\/sh -c head/m,
  );
  assert.match(stdout, /^4 +8B +0B +- +\d+\.\ds +miss: .* RUN \|1 UNUSED=1 \/bin\/sh -c rm/m);
  assert.match(stdout, /^3MB +3 +deleted by step 4 +\/big$/m);
  assert.match(stdout, /^2MB +3 +overwritten by step 4 +\/kept$/m);
  assert.match((await run('image', 'waste', 'second:1')).stdout, /^3 +5MB +0B +1 image +\d+\.\ds +hit +RUN/m);
  const json = JSON.parse((await run('image', 'waste', '--json', '--files', '1', 'first:1')).stdout);
  assert.deepEqual([json.hiddenBytes, json.files.length, json.fileCount], [5_000_000, 1, 2]);
});

test('alignCosts() pairs the steps of the last stage with the end of the history', () => {
  const cost = (name: string) => ({ name, outcome: 'done', milliseconds: 1 }) as const;
  const costs = [
    cost('[a 1/1] FROM x'),
    cost('[b 1/4] FROM a'),
    cost('[b 2/4] ARG V'),
    cost('[b 3/4] RUN x'),
    cost('[b 4/4] COPY x y'),
  ];
  const history = ['CMD of the base', 'RUN of the base', 'RUN /bin/sh -c x', 'COPY x y'].map(createdBy => ({
    createdBy,
  }));
  assert.deepEqual(alignCosts(history, costs), [undefined, undefined, costs[3], costs[4]]);
  assert.deepEqual(alignCosts(history, []), [undefined, undefined, undefined, undefined]);
});
