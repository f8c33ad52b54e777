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
