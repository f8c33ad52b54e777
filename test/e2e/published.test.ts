import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { callers, openHome } from './dashboard.ts';

const noIpv6 = existsSync('/proc/net/if_inet6') ? false : 'needs IPv6';

for (const { who, skip } of callers) {
  test(`${who} publishes on ::1 from a network without IPv6; a killed forwarder is brought back by any call, and goes when nobody needs it`, {
    skip: skip || noIpv6,
  }, async () => {
    using home = openHome(who);
    const serve = ['busybox', 'nc', '-ll', '-p', '7', '-e', 'echo', 'aye'];
    home.plimsoll('run', '-d', '--name', 'six', '-p', '[::1]::7', '-p', '[::1]::9/udp', ...serve);
    const [, port = ''] = /^\[::1\]:(\d+)$/.exec(home.plimsoll('port', 'six', '7').trim()) ?? [];
    assert.equal(await answered(port, '::1'), 'aye\n');
    await assert.rejects(text(connect(Number(port), '127.0.0.1')), { code: 'ECONNREFUSED' });
    assert.match(
      home.attempt('run', '--rm', '-p', `[::1]:${port}:80`, 'busybox', 'true').stderr,
      /is in use/,
    );

    const [forwarder = 0, ...others] = forwarders(home.leftovers());
    assert.deepEqual(others, [], 'one for both ports');
    process.kill(forwarder, 'SIGKILL');
    assert.match(home.attempt('system', 'check').stdout, /consistent|nothing opens its published ports/);
    home.plimsoll('ps');
    assert.equal(await answered(port, '::1'), 'aye\n');

    home.plimsoll('rm', '-f', 'six');
    for (let waited = 0; home.leftovers().length > 0; waited += 250) {
      if (waited > 120_000) assert.deepEqual(home.leftovers(), []);
      await sleep(250);
    }
    assert.equal(home.plimsoll('system', 'check'), 'the root is consistent\n');
  });

  test(`${who} has a network of IPv6 alone: names, and ports that clients of IPv4 reach too; a killed container leaves nothing`, {
    skip: skip || noIpv6,
  }, async () => {
    using home = openHome(who);
    const { plimsoll } = home;
    assert.match(
      home.attempt('network', 'create', '--ipv4=false', 'bare').stderr,
      /^plimsoll: IPv4 or IPv6 must be enabled\n/,
    );
    plimsoll('network', 'create', '--ipv4=false', '--ipv6', '--subnet', 'fd5b:77::/64', 'six');
    assert.equal(
      plimsoll('network', 'inspect', '-f', '{{.EnableIPv4}} {{.EnableIPv6}} {{len .IPAM.Config}}', 'six'),
      'false true 1\n',
    );
    assert.match(plimsoll('network', 'ls'), / six +bridge .*fd5b:77::\/64\n/);
    assert.match(plimsoll('network', 'ls', '--format', '{{.Name}} {{.IPv4}} {{.IPv6}}'), /^six false true$/m);
    const serve = ['busybox', 'nc', '-ll', '-p', '7', '-e', 'echo', 'aye'];
    const run = ['run', '-d', '--network', 'six', '--ip6', 'fd5b:77::7'];
    plimsoll(...run, '--name', 'web', '-p', ':7', ...serve);
    const place =
      '{{with .NetworkSettings.Networks.six}}{{.IPAddress}} {{.GlobalIPv6Address}}/{{.GlobalIPv6PrefixLen}}{{end}}';
    assert.equal(plimsoll('inspect', '-f', place, 'web'), ' fd5b:77::7/64\n');
    const ports = plimsoll('port', 'web', '7').trim().split('\n');
    const [, port = ''] = /^0\.0\.0\.0:(\d+)$/.exec(ports[0] ?? '') ?? [];
    assert.deepEqual(ports, [`0.0.0.0:${port}`, `[::]:${port}`]);
    assert.equal(await answered(port, '127.0.0.1'), 'aye\n', 'a process leads IPv4 there');

    const asking = (address: string) => `until nc ${address} < /dev/null 2> /dev/null; do sleep 0.1; done`;
    const ask = (address: string) =>
      plimsoll('run', '--rm', '--network', 'six', 'busybox', 'sh', '-c', asking(address));
    assert.equal(ask('web 7'), 'aye\n', 'by name, which may be just about to be known');
    assert.equal(ask('fd5b:77::7 7'), 'aye\n');
    assert.equal(ask(`fd5b:77::1 ${port}`), 'aye\n', 'by the host');
    assert.match(plimsoll('exec', 'web', 'cat', '/etc/resolv.conf'), /^nameserver fd5b:77::1$/m);
    assert.match(plimsoll('exec', 'web', 'cat', '/etc/hosts'), /^fd5b:77::7\s.*\bweb\b/m);
    assert.equal(plimsoll('exec', 'web', 'ip', '-4', 'addr', 'show', 'eth0'), '');

    const pid = Number(plimsoll('inspect', '-f', '{{.State.Pid}}', 'web'));
    process.kill(pid, 'SIGKILL');
    plimsoll('wait', 'web');
    const said = async () => await text(connect(Number(port), '127.0.0.1')).catch(({ code }) => code);
    while ((await said()) !== 'ECONNREFUSED') await sleep(100);
    plimsoll('rm', 'web');
    plimsoll('network', 'rm', 'six');
    assert.equal(plimsoll('system', 'check'), 'the root is consistent\n');
  });
}

/** What the server says; it may be just about to listen. */
async function answered(port: string, host: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    const said = await text(connect(Number(port), host)).catch(error => {
      if (tries >= 600) throw error;
    });
    if (said) return said;
    await sleep(100);
  }
}

function forwarders(leftovers: readonly string[]): number[] {
  return leftovers
    .filter(each => each.startsWith('process') && each.includes('internal forward'))
    .map(each => Number(each.split(' ')[1]));
}
