import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    groupFile: join(folder, 'group'),
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

test('with the daemon come a socket that is enabled and the service behind it; uninstall takes all away', async () => {
  const { service, calls } = serviceOn();
  const { units, advice } = await service.install({ user: false, daemon: true });
  const [boot, socket, daemon] = units.map(({ path }) => path);
  assert.deepEqual(
    units.map(({ name, enabled }) => [name, enabled]),
    [
      ['plimsoll-boot.service', true],
      ['plimsoll-daemon.socket', true],
      ['plimsoll-daemon.service', false],
    ],
  );
  assert.match(units[1]?.text ?? '', /^ListenStream=%t\/plimsoll\.sock\nSocketMode=0660\nBacklog/m);
  const text = readFileSync(daemon ?? '', 'utf8');
  assert.match(text, /^ExecStart=\S+\/bin\/plimsoll --root \/var\/lib\/plimsoll daemon -H fd:\/\/$/m);
  for (const line of [
    'Type=notify',
    'Restart=on-failure',
    'SuccessExitStatus=143',
    'WatchdogSec=60',
    'KillMode=process',
  ])
    assert.ok(text.includes(`\n${line}\n`), line);
  assert.doesNotMatch(text, /^(Protect|Private|Restrict|NoNewPrivileges|SystemCall|Capability)/m);
  assert.match(advice.join('\n'), /DOCKER_HOST=unix:\/\/\/run\/plimsoll\.sock\n.*groupadd --system plimsoll/);
  assert.deepEqual(calls, ['daemon-reload', 'enable --now plimsoll-boot.service plimsoll-daemon.socket']);
  calls.length = 0;
  assert.deepEqual(await service.uninstall({ user: false }), [boot, socket, daemon]);
  assert.deepEqual(calls, [
    'disable --now plimsoll-boot.service plimsoll-daemon.socket plimsoll-daemon.service',
    'daemon-reload',
  ]);
});

test("the machine's socket is also for the group plimsoll where there is one, a user's for that user alone", () => {
  writeFileSync(join(folder, 'plimsoll-group'), 'root:x:0:\nplimsoll:x:990:ann\n');
  const { service } = serviceOn({ groupFile: join(folder, 'plimsoll-group') });
  const { units, advice } = service.plan({ user: false, daemon: true });
  assert.match(units[1]?.text ?? '', /^SocketGroup=plimsoll$/m);
  assert.doesNotMatch(advice.join(), /groupadd/);
  const own = serviceOn({ root: { ...root, rootless: true } }).service.plan({ user: true, daemon: true });
  assert.match(own.units[1]?.text ?? '', /^SocketMode=0600$/m);
  assert.doesNotMatch(own.units[1]?.text ?? '', /SocketGroup/);
  assert.match(own.advice.join('\n'), /unix:\/\/\$XDG_RUNTIME_DIR\/plimsoll\.sock$/);
});

test('units of two roots do not get into one another’s way', () => {
  const { service } = serviceOn({ root: { ...root, dataDir: '/srv/a root' } });
  const other = service.plan({ user: false, daemon: true });
  assert.equal(other.units[0]?.name, 'plimsoll-boot-0a1b2c3d.service');
  assert.match(other.units[0].text, /--root "\/srv\/a root" system boot$/m);
  assert.match(other.units[1]?.text ?? '', /^ListenStream=%t\/plimsoll-0a1b2c3d\.sock$/m);
  assert.match(other.units[2]?.text ?? '', /^Requires=plimsoll-daemon-0a1b2c3d\.socket$/m);
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
    for (const user of [false, true]) {
      const { units } = service.plan({ user, daemon: true });
      for (const { name, text } of units) assert.equal(verifyUnit(name, text, units), '');
    }
  }
});
