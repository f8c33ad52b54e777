import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findDevices } from '../../../../src/engine/runtime/index.ts';

test('findDevices() finds devices below a folder, through links, and passes over what the caller may not read', t => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-devices-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'sub/locked'), { recursive: true });
  symlinkSync('/dev/null', join(folder, 'sub/nothing'));
  symlinkSync('/nowhere', join(folder, 'dangling'));
  chmodSync(join(folder, 'sub/locked'), 0);
  assert.deepEqual(
    asUser(() => findDevices(join(folder, 'sub'))).map(({ below }) => below),
    ['/nothing'],
  );
  assert.throws(() => asUser(() => findDevices(join(folder, 'sub/locked'))), {
    code: 'DEVICE_INVALID',
    message: /has no devices in it$/,
  });
  assert.throws(() => asUser(() => findDevices(join(folder, 'sub/locked/x'))), { code: 'DEVICE_INVALID' });

  function asUser<T>(look: () => T): T {
    if (process.geteuid?.() !== 0) return look();
    chmodSync(folder, 0o755);
    process.seteuid?.(65534);
    try {
      return look();
    } finally {
      process.seteuid?.(0);
    }
  }
});
