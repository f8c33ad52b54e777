import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { resolveRoot } from '../../src/engine/index.ts';
import { runPlimsoll } from '../support/run-cli.ts';

test("an empty list tells a person, not a script, where root's containers are listed", async t => {
  const { root } = ordinaryRoot(t);
  assert.match((await runPlimsoll(['ps'], { root, tty: true })).stderr, /'sudo plimsoll ps'/);
  assert.match((await runPlimsoll(['images'], { root, tty: true })).stderr, /'sudo plimsoll images'/);
  assert.equal((await runPlimsoll(['ps'], { root })).stderr, '');
});

/** The root of user 1000, in a folder of its own. */
function ordinaryRoot(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'plc-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const env = { XDG_DATA_HOME: folder, XDG_RUNTIME_DIR: folder };
  return { root: resolveRoot({ env, uid: 1000 }) };
}
