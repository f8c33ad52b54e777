import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { findNameServer } from '../../src/engine/network/name-server.ts';
import { isPrivate, runPrivately } from '../support/private-network.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { type CliOptions, runPlimsoll } from '../support/run-cli.ts';

const missing = ['ip', 'nft', 'unshare'].filter(tool => spawnSync('which', [tool]).status !== 0);
const reason = noEngine || (missing.length > 0 && `needs the host commands ${missing.join(', ')}`);
const noNames = findNameServer() === undefined && 'aardvark-dns is not installed';

if (isPrivate) networkTests();
else runPrivately(import.meta.filename, reason);

function networkTests(): void {
  test('containers join networks and leave them, stopped or running, and find one another by name', async t => {
    await using own = await rootOfOwn();
    const { root, folder } = own;
    const plimsoll = async (words: string, options: CliOptions = {}) => {
      const result = await runPlimsoll(words.split(' '), { root, cwd: folder, ...options });
      return { ...result, out: result.stdout.trim() };
    };
    const ok = async (words: string) => {
      const result = await plimsoll(words);
      assert.equal(result.code, 0, `${words}: ${result.stderr}`);
      return result.out;
    };
    const interfaces = async (name: string) =>
      (await ok(`exec ${name} ls /sys/class/net`)).split('\n').filter(each => each.startsWith('eth'));

    assert.match(await ok('network create --subnet 10.201.0.0/24 --label tier=data back'), /^[0-9a-f]{64}$/);
    await ok('network create front');
    await ok('run -d --name db --network back --network-alias postgres --ip 10.201.0.9 busybox sleep 1000');
    await ok('run -d --name web --network front busybox sleep 1000');
    assert.deepEqual(await interfaces('web'), ['eth0']);

    await t.test('a running one reaches what it is put beside, by name', { skip: noNames }, async () => {
      await ok('network connect --alias www back web');
      assert.deepEqual(await interfaces('web'), ['eth0', 'eth1']);
      assert.match(await ok('exec web ping -c1 -W2 postgres'), /10\.201\.0\.9/);
      assert.match(await ok('exec db ping -c1 -W2 www'), / 0% packet loss/);
      assert.match(
        (await plimsoll('network connect back web')).stderr,
        /"web" is on the network "back" already/,
      );
    });

    await t.test('a restart keeps its networks', async () => {
      await ok('restart -t 0 web');
      assert.deepEqual(await interfaces('web'), noNames === false ? ['eth0', 'eth1'] : ['eth0']);
      const [inspected] = JSON.parse(await ok('network inspect back'));
      assert.equal(Object.values(inspected.containers).includes('10.201.0.9'), true);
      assert.deepEqual(inspected.labels, { tier: 'data' });
    });

    await t.test(
      'a network in use is not removed; the last one of a container is not taken away',
      async () => {
        const rm = await plimsoll('network rm back');
        assert.equal(rm.code, 1);
        assert.match(rm.stderr, /the network "back" is in use by .*db/);
        assert.match(
          (await plimsoll('network disconnect back db')).stderr,
          /is the only one of the container "db"/,
        );
        assert.match(
          (await plimsoll('network disconnect bridge db')).stderr,
          /"db" is not on the network "bridge"/,
        );
      },
    );

    await t.test('host and none go with no other network', async () => {
      const both = await plimsoll('run --rm --network host --network back busybox true');
      assert.equal(both.code, 125);
      assert.match(both.stderr, /goes with no other/);
      await ok('create --name lonely --network none busybox true');
      assert.match(
        (await plimsoll('network connect back lonely')).stderr,
        /"none" goes with no other network/,
      );
    });

    await t.test('prune removes what nobody wants to be on', async () => {
      await ok('network create idle');
      assert.equal(await ok('network prune -f'), 'idle');
      await ok('rm -f web db lonely');
      assert.deepEqual((await ok('network prune')).split('\n').sort(), ['back', 'front']);
      await ok('system check');
    });
  });
}
