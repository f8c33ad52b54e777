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
      const members: { Name: string; IPv4Address: string }[] = Object.values(inspected.Containers);
      assert.ok(members.some(({ Name, IPv4Address }) => Name === 'db' && IPv4Address === '10.201.0.9/24'));
      assert.deepEqual(inspected.Labels, { tier: 'data' });
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

    await t.test('a network with IPv6: addresses, hosts, names, ports, name servers', async () => {
      await ok('network create --ipv6 --subnet fd51:7:7::/64 --subnet 10.207.0.0/24 six');
      const options = '--network six --ip6 fd51:7:7::99 -p 18088:80 --dns fd51::53';
      await ok(`run -d --name dual ${options} busybox sleep 1000`);
      assert.match(await ok('exec dual cat /etc/hosts'), /^10\.207\.0\.2\t.*\nfd51:7:7::99\t.*dual$/m);
      assert.match(await ok('exec dual cat /etc/resolv.conf'), /^nameserver fd51::53$/m);
      assert.equal(await ok('port dual'), '80/tcp -> 0.0.0.0:18088\n80/tcp -> [::]:18088');
      assert.match(await ok('ps'), /0\.0\.0\.0:18088->80\/tcp, \[::\]:18088->80\/tcp/);
      assert.match(
        await ok('run --rm --network six busybox ping -6 -c1 -W2 fd51:7:7::99'),
        / 0% packet loss/,
      );
      assert.match(await ok('network ls'), /six +bridge +local +10\.207\.0\.0\/24, fd51:7:7::\/64/);
      for (let i = 0; i < 10; i++) {
        // In this process there is no program to start for it. What is being created meanwhile is waited for.
        const refused = await plimsoll('run --rm -p [::1]:18089:80 busybox true');
        assert.match(refused.stderr, /nothing can lead "::1"/);
      }
      await ok('restart -t 0 dual');
      assert.match(await ok('exec dual ip -6 addr show eth0'), /fd51:7:7::99/);
      await ok('rm -f dual');
      await ok('network rm six');
    });

    const noMacvlan =
      spawnSync('sh', [
        '-c',
        `ip link add ma0 type bridge && ip link set ma0 up &&
      ip link add link ma0 name ma1 type macvlan && ip link del ma1`,
      ]).status !== 0;
    await t.test(
      'macvlan: an address on a link of the host, which is said where ports are asked for',
      { skip: noMacvlan && 'this kernel has no macvlan' },
      async () => {
        const place = '--subnet 192.0.2.0/24 --gateway 192.0.2.1 --ip-range 192.0.2.64/28';
        await ok(`network create -d macvlan -o parent=ma0 ${place} lan`);
        const run = await plimsoll('run -d --name cam --network lan -p 18090:80 busybox sleep 1000');
        assert.equal(run.code, 0, run.stderr);
        assert.match(run.stderr, /nothing is published: on "lan" \(macvlan\).* 192\.0\.2\.64/);
        assert.match(await ok('exec cam ip route'), /^default via 192\.0\.2\.1 dev eth0/m);
        await ok('restart -t 0 cam');
        assert.match(await ok('exec cam ip addr show eth0'), /inet 192\.0\.2\.\d+\/24/);
        assert.match(await ok('network ls'), /lan +macvlan +local +192\.0\.2\.0\/24/);
        await ok('rm -f cam');
        await ok('network rm lan');
        const bad = await plimsoll('network create -d macvlan lan');
        assert.match(bad.stderr, /none is named\nadd -o parent=eth0/);
      },
    );

    await t.test('prune removes what nobody wants to be on', async () => {
      await ok('network create idle');
      assert.equal(await ok('network prune -f'), 'Deleted Networks:\nidle');
      await ok('rm -f web db lonely');
      assert.deepEqual((await ok('network prune')).split('\n').sort(), [
        'Deleted Networks:',
        'back',
        'front',
      ]);
      await ok('system check');
    });
  });
}
