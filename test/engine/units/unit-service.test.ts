import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { createUnitService, type UnitServiceOptions } from '../../../src/engine/units/index.ts';
import { withoutSystemd } from '../../../src/engine/units/without-systemd.ts';
import { noSystemdAnalyze, verifyUnit } from '../../support/verify-unit.ts';

const folder = mkdtempSync(join(tmpdir(), 'plu-'));
after(() => rmSync(folder, { recursive: true }));

const launcher = resolve(import.meta.dirname, '../../../bin/plimsoll');
const root = {
  id: '0a1b2c3d',
  dataDir: '/var/lib/plimsoll',
  runDir: '/run/plimsoll/0a1b2c3d',
  rootless: false,
};

/** A service over a folder of its own, whose calls of systemctl are written down. */
function serviceOn(more: Partial<UnitServiceOptions> = {}) {
  const calls: string[] = [];
  const service = createUnitService({
    root,
    self: [launcher],
    env: { HOME: folder, USER: 'nobody-lingers' },
    systemFolder: join(folder, 'system'),
    isBooted: () => true,
    systemctl: async args => {
      calls.push(args.join(' '));
      return { code: 0, signal: null, stdout: '', stderr: '' };
    },
    ...more,
  });
  return { service, calls };
}

test('install writes the unit of the boot, enables it, and uninstall takes it away again', async () => {
  const { service, calls } = serviceOn();
  const { units, advice } = await service.install({ user: false });
  const [unit] = units;
  assert.equal(unit?.path, join(folder, 'system/plimsoll-boot.service'));
  assert.equal(readFileSync(unit.path, 'utf8'), unit.text);
  assert.match(unit.text, /^ExecStart=\S+\/bin\/plimsoll --root \/var\/lib\/plimsoll system boot$/m);
  assert.match(unit.text, /^WantedBy=multi-user.target$/m);
  assert.deepEqual(advice, []);
  assert.deepEqual(calls, ['daemon-reload', 'enable --now plimsoll-boot.service']);
  calls.length = 0;
  assert.deepEqual(await service.uninstall({ user: false }), [unit.path]);
  assert.equal(existsSync(unit.path), false);
  assert.deepEqual(calls, ['disable --now plimsoll-boot.service', 'daemon-reload']);
  assert.deepEqual(await service.uninstall({ user: false }), []);
});

test("a user's unit is in the user's folder, and what it needs beyond is said", async () => {
  const { service, calls } = serviceOn({ root: { ...root, rootless: true } });
  const { units, advice } = await service.install({ user: true });
  assert.equal(units[0]?.path, join(folder, '.config/systemd/user/plimsoll-boot.service'));
  assert.match(units[0].text, /^WantedBy=default.target$/m);
  assert.deepEqual(calls, ['--user daemon-reload', '--user enable --now plimsoll-boot.service']);
  assert.match(advice.join(), /loginctl enable-linger nobody-lingers/);
  await assert.rejects(service.install({ user: false }), { kind: 'permission-denied', code: 'NEEDS_ROOT' });
});

test('units of two roots do not get into one another’s way', () => {
  const other = serviceOn({ root: { ...root, dataDir: '/srv/a root' } }).service.plan({ user: false });
  assert.equal(other.units[0]?.name, 'plimsoll-boot-0a1b2c3d.service');
  assert.match(other.units[0].text, /--root "\/srv\/a root" system boot$/m);
});

test('where systemd does not run, it says what to do instead, and touches nothing', async () => {
  const { service, calls } = serviceOn({ isBooted: () => false });
  const refusal = { kind: 'unavailable', code: 'NO_SYSTEMD' };
  await assert.rejects(service.install({ user: false }), refusal);
  await assert.rejects(service.uninstall({ user: true }), refusal);
  assert.deepEqual(calls, []);
  assert.equal(existsSync(join(folder, 'system/plimsoll-boot.service')), false);
  const command = ['/opt/a b/plimsoll', 'system', 'boot'];
  assert.match(withoutSystemd(command, false, false).hint ?? '', /@reboot root .*>\/etc\/cron\.d\/plimsoll$/);
  assert.match(withoutSystemd(command, true, false).hint ?? '', /\| crontab -$/);
  assert.match(withoutSystemd(command, false, true).hint ?? '', /\/etc\/local\.d\/plimsoll\.start/);
});

test('a systemctl that fails is said in its own words', async () => {
  const systemctl = async () => ({ code: 1, signal: null, stdout: '', stderr: 'Failed to connect to bus\n' });
  const { service } = serviceOn({ systemctl });
  await assert.rejects(service.install({ user: true }), {
    code: 'SYSTEMCTL_FAILED',
    message: 'systemctl --user daemon-reload failed: Failed to connect to bus',
  });
});

test('systemd finds nothing wrong with the units', { skip: noSystemdAnalyze }, () => {
  for (const dataDir of ['/var/lib/plimsoll', '/srv/100% "odd" $HOME']) {
    const { service } = serviceOn({ root: { ...root, dataDir } });
    for (const user of [false, true])
      for (const { name, text } of service.plan({ user }).units) assert.equal(verifyUnit(name, text), '');
  }
});
