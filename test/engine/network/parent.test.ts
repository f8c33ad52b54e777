import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { NetworkRequest } from '../../../src/engine/network/index.ts';
import { parseVlan } from '../../../src/engine/network/parent/parent-link.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import {
  host,
  id,
  inside,
  noNetworks,
  pings,
  publish,
  request,
  serve,
  world,
} from '../../support/network-world.ts';
import { isPrivate, runPrivately } from '../../support/private-network.ts';

if (isPrivate) parentTests();
else runPrivately(import.meta.filename, noNetworks);

function parentTests(): void {
  const has = (kind: string) => {
    const { status } = spawnSync('sh', [
      '-c',
      `ip link add try0 type bridge && ip link add link try0 name try1 ${kind}; code=$?; ip link del try0; exit $code`,
    ]);
    return status !== 0 && `this kernel has no links of "${kind}"`;
  };

  test('a container of macvlan is a machine of its own on the LAN', {
    skip: has('type macvlan'),
  }, async t => {
    lan(t);
    const { networks, root, db } = world(t);
    const made = networks.create({
      name: 'lan',
      driver: 'macvlan',
      options: { parent: 'lan0' },
      ...{ subnet: '192.0.2.0/24', gateway: '192.0.2.2', range: '192.0.2.128/29' },
      ...{ subnet6: '2001:db8::/64', gateway6: '2001:db8::2' },
    });
    assert.equal(made.driver, 'macvlan');
    assert.deepEqual(made.options, { parent: 'lan0', macvlan_mode: 'bridge' });
    const web = await networks.connect({ ...request('web', [publish(18_080, 80)]), network: 'lan' });
    const two = await networks.connect({ ...request('two'), network: 'lan' });
    assert.deepEqual([web.address, two.address], ['192.0.2.128/24', '192.0.2.129/24']);
    assert.match(web.warnings[0] ?? '', /nothing is published.*192\.0\.2\.128/);
    await serve(t, web, 'on the lan');
    const ask = (address: string) =>
      spawnSync('ip', ['netns', 'exec', 'lan', 'busybox', 'nc', '-w', '2', address, '80'], {
        encoding: 'utf8',
      }).stdout;
    assert.equal(ask('192.0.2.128'), 'on the lan');
    assert.equal(ask(web.address6?.replace(/\/.*/, '') ?? ''), 'on the lan');
    assert.equal(pings(two, '192.0.2.128'), true, 'containers reach one another');
    assert.match(inside(web, 'ip', 'route', 'show', 'default'), /via 192\.0\.2\.2/);
    assert.match(inside(web, 'ip', 'link', 'show', 'eth0'), new RegExp(web.mac));
    assert.deepEqual(
      readdirSync('/sys/class/net').filter(link => link.startsWith('plb')),
      [],
      'there is no bridge',
    );
    assert.deepEqual(await networks.leftovers(new Set([id('web'), id('two')])), []);
    await networks.repair(new Set([id('web'), id('two')]));
    assert.equal(ask('192.0.2.128'), 'on the lan', 'after a repair');
    await assert.rejects(networks.remove('lan'), { code: 'NETWORK_IN_USE' });

    const beside = await networks.connect(request('both'));
    await networks.connect({ ...request('both'), network: 'lan' });
    assert.equal(pings(beside, '192.0.2.128'), true, 'a second link');
    await networks.disconnect(id('both'), 'lan');
    assert.doesNotMatch(inside(beside, 'ip', '-br', 'link'), /eth1/);
    await networks.disconnect(id('both'));
    await networks.lowerIfUnused();
    assert.equal(
      readdirSync('/sys/class/net').includes(`plb${root.id}`),
      false,
      'its bridge waits for nobody',
    );

    for (const word of ['web', 'two']) await networks.disconnect(id(word));
    await networks.remove('lan');
    assert.deepEqual(db.all('SELECT * FROM addresses'), []);
    assert.deepEqual(await networks.leftovers(new Set()), []);
  });

  test('private macvlan keeps containers apart; an internal one has no way out', {
    skip: has('type macvlan'),
  }, async t => {
    lan(t);
    const { networks } = world(t);
    networks.create({
      name: 'apart',
      driver: 'macvlan',
      options: { parent: 'lan0', macvlan_mode: 'private' },
      subnet: '192.0.2.0/24',
      gateway: '192.0.2.2',
      internal: true,
    });
    const one = await networks.connect({ ...request('one'), network: 'apart', address: '192.0.2.50' });
    await networks.connect({ ...request('two'), network: 'apart', address: '192.0.2.51' });
    assert.equal(pings(one, '192.0.2.51'), false);
    assert.equal(pings(one, '192.0.2.2'), true);
    assert.equal(inside(one, 'ip', 'route', 'show', 'default'), '');
  });

  test('a container of ipvlan shares the hardware address of its parent', {
    skip: has('type ipvlan'),
  }, async t => {
    lan(t);
    const { networks } = world(t);
    networks.create({
      name: 'shared',
      driver: 'ipvlan',
      options: { parent: 'lan0' },
      subnet: '192.0.2.0/24',
      gateway: '192.0.2.2',
    });
    const one = await networks.connect({ ...request('one'), network: 'shared', address: '192.0.2.50' });
    assert.equal(pings(one, '192.0.2.2'), true);
    networks.create({ name: 'routed', driver: 'ipvlan', options: { parent: 'lan0', ipvlan_mode: 'l3' } });
  });

  test('the link of a VLAN is made for a network and goes with the last', {
    skip: has('type vlan id 5'),
  }, async t => {
    lan(t);
    const { networks } = world(t);
    const on = (name: string) => networks.create({ name, driver: 'macvlan', options: { parent: 'lan0.50' } });
    on('one');
    on('two');
    await networks.connect({ ...request('web'), network: 'one' });
    assert.ok(readdirSync('/sys/class/net').includes('lan0.50'));
    await networks.disconnect(id('web'));
    await networks.remove('one');
    assert.ok(readdirSync('/sys/class/net').includes('lan0.50'));
    await networks.remove('two');
    assert.equal(readdirSync('/sys/class/net').includes('lan0.50'), false);
  });

  test('what the kernel or the host lacks is refused in words, and nothing is left', async t => {
    lan(t);
    const { networks, db } = world(t);
    const refused = (change: Partial<NetworkRequest>) => {
      try {
        networks.create({ name: 'new', driver: 'macvlan', ...change });
        return 'accepted';
      } catch (error) {
        return isPlimsollError(error) ? error.code : error;
      }
    };
    assert.equal(refused({}), 'DRIVER_OPTION_INVALID');
    assert.equal(refused({ options: { parent: 'nowhere7' } }), 'PARENT_NOT_FOUND');
    assert.equal(refused({ options: { parent: '../lan0' } }), 'PARENT_NOT_FOUND');
    assert.equal(refused({ options: { parent: 'lan0', macvlan_mode: 'odd' } }), 'DRIVER_OPTION_INVALID');
    assert.equal(refused({ options: { parent: 'lan0', ipvlan_mode: 'l2' } }), 'DRIVER_OPTION_INVALID');
    const subnet = '192.0.2.0/24';
    assert.equal(refused({ options: { parent: 'lan0' }, subnet, range: '192.0.3.0/28' }), 'RANGE_INVALID');
    if (has('type ipvlan') !== false) {
      networks.create({ name: 'ip', driver: 'ipvlan', options: { parent: 'lan0' }, subnet });
      const error = await networks.connect({ ...request('late'), network: 'ip' }).catch(e => e);
      assert.equal(error.code, 'PARENT_REFUSED');
      assert.match(error.message, /this kernel has no ipvlan/);
    }
    if (has('type vlan id 5') !== false) {
      networks.create({ name: 'vlan', driver: 'macvlan', options: { parent: 'lan0.50' } });
      const error = await networks.connect({ ...request('late'), network: 'vlan' }).catch(e => e);
      assert.equal(error.code, 'VLAN_REFUSED');
    }
    assert.deepEqual(db.all('SELECT * FROM addresses'), []);
    assert.deepEqual(readdirSync('/run/netns'), ['lan']);
  });

  test('parseVlan() knows a VLAN by its name', () => {
    assert.deepEqual(parseVlan('eth0.50'), { link: 'eth0', vlan: 50 });
    for (const name of ['eth0', 'eth0.0', 'eth0.4095', '.5', 'eth0.x'])
      assert.equal(parseVlan(name), undefined, name);
  });
}

/** A link lan0 of the host, and at its other end a neighbour: 192.0.2.2 and 2001:db8::2. */
function lan(t: TestContext): void {
  host('ip netns add lan', 'ip link add lan0 type veth peer name eth0 netns lan', 'ip link set lan0 up');
  host('ip -n lan addr add 192.0.2.2/24 dev eth0', 'ip -n lan addr add 2001:db8::2/64 dev eth0 nodad');
  host('ip -n lan link set eth0 up');
  t.after(() => host('ip link del lan0', 'ip netns del lan'));
}
