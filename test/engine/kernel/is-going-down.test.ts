import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isGoingDown } from '../../../src/engine/kernel/is-going-down.ts';

test('isGoingDown() takes the word of systemd, where there is one', async t => {
  systemctl(t, 'echo stopping; exit 1');
  assert.equal(await isGoingDown({ systemd: true }), true);
  assert.equal(await isGoingDown({ systemd: false }), false);
  systemctl(t, 'echo degraded; exit 1');
  assert.equal(await isGoingDown({ systemd: true }), false);
});

/** Puts a systemctl before the others that does what the script says. */
function systemctl(t: TestContext, script: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-systemctl-'));
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env.PATH = `${folder}:${path}`;
}
