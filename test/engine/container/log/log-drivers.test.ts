import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cannotRun, type Home, openHome } from '../../../e2e/dashboard.ts';

const noJournal = existsSync('/run/systemd/journal/socket')
  ? false
  : 'needs journald: systemd does not run here';

describe('log drivers, by the real program', { skip: cannotRun() ?? false }, () => {
  let home: Home;
  before(() => {
    home = openHome();
  });
  after(() => home[Symbol.dispose]());
  const inspect = (name: string) => JSON.parse(home.plimsoll('inspect', name))[0];

  test('max-size and max-file keep a log small, and what is left of it has no gap (pain 13)', async () => {
    // Each turn is more than a file may have, so that each look finds something to rotate.
    const script =
      'n=0; for turn in 1 2 3 4 5 6 7 8; do for i in $(seq 500); do echo "line $n"; n=$((n+1)); done; sleep 0.2; done';
    const options = ['--network', 'none', '--log-opt', 'max-size=8k', '--log-opt', 'max-file=3'];
    home.plimsoll('run', '-d', '--name', 'talker', ...options, 'busybox', 'sh', '-c', script);
    while (home.plimsoll('ps', '-q') !== '') await sleep(50); // each call rotates in passing
    const files = readdirSync(dirname(inspect('talker').LogPath)).filter(name => name.startsWith('ctr.log'));
    assert.ok(files.length > 1 && files.length <= 3, files.join());
    const lines = home.plimsoll('logs', 'talker').trim().split('\n');
    assert.ok(lines.length < 4000, 'something was thrown away');
    assert.deepEqual(
      lines,
      lines.map((_, i) => `line ${4000 - lines.length + i}`),
    );
  });

  test('with none nothing is kept, and logs says so; a terminal sees it as it comes', () => {
    const none = ['--network', 'none', '--log-driver', 'none'];
    assert.equal(home.plimsoll('run', '--name', 'silent', ...none, 'busybox', 'echo', 'ahoy'), 'ahoy\n');
    const { code, stderr } = home.attempt('logs', 'silent');
    assert.equal(code, 1);
    assert.match(stderr, /kept nowhere/);
    assert.equal(inspect('silent').LogPath, '');
  });

  test('options that are not understood leave no container behind', () => {
    const { code, stderr } = home.attempt(
      'create',
      '--name',
      'wrong',
      '--log-opt',
      'max-size=much',
      'busybox',
    );
    assert.equal(code, 1);
    assert.match(stderr, /no size of a log/);
    assert.match(home.attempt('create', '--log-driver', 'syslog', 'busybox').stderr, /json-file.*journald/);
    assert.doesNotMatch(home.plimsoll('ps', '-a'), /wrong/);
  });

  test('the journal is refused where it is not', { skip: noJournal ? false : 'journald runs here' }, () => {
    const { stderr, code } = home.attempt('run', '--log-driver', 'journald', 'busybox', 'true');
    assert.equal(code, 125);
    assert.match(stderr, /journald does not run on this machine/);
  });

  test('the journal keeps it, and logs reads it back', { skip: noJournal }, () => {
    const journal = ['--network', 'none', '--log-driver', 'journald'];
    home.plimsoll('run', '--name', 'filed', ...journal, 'busybox', 'sh', '-c', 'echo out; echo err >&2');
    const { stdout, stderr } = home.attempt('logs', 'filed');
    assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
  });
});
