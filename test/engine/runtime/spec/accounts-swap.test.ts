import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { accountsSwap } from '../../../../src/engine/runtime/spec/accounts-swap.ts';

const session = '0::/user.slice/session-1.scope\n';

test('accountsSwap() finds the limit of cgroup v2 in the own cgroup, or in one at the top', t => {
  const recorded = resolve(import.meta.dirname, '../../../fixtures/cgroups/v2/cgroup');
  assert.ok(accountsSwap('v2', recorded, '0::/limited\n'));
  assert.ok(accountsSwap('v2', tree(t, 'system.slice/memory.swap.max'), '0::/\n'));
});

test('accountsSwap() is not fooled by cgroup v2 with memory but without swap', t => {
  assert.ok(!accountsSwap('v2', tree(t, 'user.slice/session-1.scope/memory.max'), session));
  assert.ok(!accountsSwap('v2', tree(t, 'system.slice/memory.max'), '0::/\n'));
});

test('accountsSwap() asks the memory controller of cgroup v1', t => {
  assert.ok(accountsSwap('v1', tree(t, 'memory/memory.memsw.limit_in_bytes'), ''));
  assert.ok(!accountsSwap('hybrid', tree(t, 'memory/memory.limit_in_bytes'), ''));
});

/** A cgroup mount with one file in it. */
function tree(t: TestContext, file: string): string {
  const mount = mkdtempSync(join(tmpdir(), 'plimsoll-swap-'));
  t.after(() => rmSync(mount, { recursive: true }));
  mkdirSync(join(mount, dirname(file)), { recursive: true });
  writeFileSync(join(mount, file), 'max\n');
  return mount;
}
