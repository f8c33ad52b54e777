import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSshTarget } from '../../src/fleet/parse-ssh-target.ts';
import { parseFleetConfig } from '../../src/fleet/read-fleet-config.ts';
import { plimsollThere, shownHere, sshArguments } from '../../src/fleet/ssh-command.ts';

test('parseFleetConfig() reads machines in both forms, and Prometheus servers', () => {
  const config = parseFleetConfig(
    `machines:
  - deploy@web-1
  - { name: db, ssh: 'root@[::1]:2222', plimsoll: /opt/plimsoll, root: /srv/p, month: 45 }
prometheus: [http://prometheus:9090]
every: 10
`,
    'fleet.yaml',
  );
  assert.deepEqual(config.machines, [
    { name: 'deploy@web-1', target: 'deploy@web-1' },
    {
      name: 'db',
      target: 'root@::1',
      port: 2222,
      command: '/opt/plimsoll',
      root: '/srv/p',
      monthlyPrice: 45,
    },
  ]);
  assert.deepEqual(
    config.prometheus.map(({ url }) => url.href),
    ['http://prometheus:9090/'],
  );
  assert.equal(config.everySeconds, 10);
});

for (const [text, words] of [
  ['machines: [a, a]', /two machines are called "a"/],
  ['machine: [a]', /did you mean machines/],
  ['machines: [-oProxyCommand=reboot]', /is no user@host/],
  ['machines: [{name: a}]', /has no ssh/],
  ['machines: [{ssh: a, month: many}]', /month is not a price/],
  ['prometheus: [file:///etc/passwd]', /is no address/],
  ['every: 0', /every is not/],
  ['machines: [{ssh: a, engine: docker; reboot}]', /is no command/],
  ['machines: [{ssh: a, engine: docker, root: /x}]', /without plimsoll/],
  ['machines: [', /fleet.yaml/],
] as const)
  test(`parseFleetConfig() refuses ${text}`, () => {
    assert.throws(() => parseFleetConfig(text, 'fleet.yaml'), words);
  });

test('parseSshTarget() lets nothing through that ssh takes for an option or a command', () => {
  assert.deepEqual(parseSshTarget('ssh://me@host:22'), { target: 'me@host', port: 22 });
  for (const text of [
    '',
    '-v',
    '-l@host',
    'host -v',
    'a;b',
    'a$(b)',
    'host:0',
    'host:99999',
    '@host',
    'a@-b',
  ])
    assert.equal(parseSshTarget(text), undefined, text);
});

test('sshArguments() quotes what the shell there would split', () => {
  const machine = { name: 'a', target: 'a', root: '/a b' };
  const args = sshArguments(machine, plimsollThere(machine, ['fleet', '--agent']));
  assert.deepEqual(args.slice(-3), ['--', 'a', "plimsoll --root '/a b' fleet --agent"]);
});

test('a dashboard over ssh is told what the terminal here can show', () => {
  assert.equal(shownHere('plimsoll', { TERM: 'xterm' }), 'plimsoll');
  assert.equal(
    shownHere('plimsoll', { LANG: 'C', LC_ALL: 'de_DE.UTF-8', COLORTERM: 'truecolor', NO_COLOR: '' }),
    'env LC_CTYPE=de_DE.UTF-8 COLORTERM=truecolor plimsoll',
  );
  assert.match(shownHere('plimsoll', { LANG: 'C; reboot' }), /^env 'LC_CTYPE=C; reboot' plimsoll$/);
});
