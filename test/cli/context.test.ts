import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runPlimsoll } from '../support/run-cli.ts';

test('context ls marks the current one for people, and gives scripts its name alone', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-context-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const ls = async (...words: string[]) =>
    (await runPlimsoll(['context', 'ls', ...words], { env: { HOME: folder, XDG_CONFIG_HOME: folder } }))
      .stdout;
  assert.match(await ls(), /^NAME .*\ndefault \* /);
  assert.equal(await ls('-q'), 'default\n');
  assert.equal(await ls('--format', '{{.Name}} {{.Current}}'), 'default true\n');
});
