import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { identify } from '../../../src/engine/kernel/index.ts';
import {
  type ConnectRequest,
  type Endpoint,
  lowerForgotten,
  type NetworkRequest,
} from '../../../src/engine/network/index.ts';
import { findNameServer } from '../../../src/engine/network/name-server.ts';
import { createRootFolders } from '../../../src/engine/store/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import {
  assertNothingLeft,
  firewall,
  host,
  id,
  inside,
  listening,
  nameServerPid,
  nft,
  noNetworks,
  pings,
  publish,
  request,
  serve,
  until,
  world,
} from '../../support/network-world.ts';
import { isPrivate, runPrivately } from '../../support/private-network.ts';

const src = join(import.meta.dirname, '../../../src');
const noNameServer = findNameServer() === undefined && 'aardvark-dns is not installed';

if (isPrivate) kernelTests();
else runPrivately(import.meta.filename, noNetworks);

function kernelTests(): void {
  test('containers reach one another and the host, and get what they asked for', async t => {
    const { networks } = world(t);
    const [one, two] = [await networks.connect(request('one')), await networks.connect(request('two'))];
    assert.equal(one.gateway, two.gateway);
    assert.notEqual(one.address, two.address);
    assert.equal(one.namespace, networks.namespacePath(id('one')));
    assert.match(inside(one, 'ip', '-br', 'link', 'show', 'eth0'), new RegExp(one.mac));
    for (const address of [two.address?.split('/')[0] ?? '', one.gateway ?? '']) {
      assert.match(inside(one, 'busybox', 'ping', '-c1', '-W2', address), / 0% packet loss/);
    }
    assert.deepEqual(networks.inspect('bridge').containers, {
      [id('one')]: { address: one.address?.split('/')[0], mac: one.mac },
      [id('two')]: { address: two.address?.split('/')[0], mac: two.mac },
    });
  });

  test('a published port answers on every address of the host, and to the container itself', async t => {
    const { networks, root } = world(t);
    const ports = [publish(18_080, 80), { ...publish(18_081, 80), hostAddress: '127.0.0.1' }, publish(0, 80)];
    const web = await networks.connect(request('web', ports));
    const client = await networks.connect(request('client'));
    await serve(t, web, 'hello from web');
    const chosen =
      web.ports.find(port => port.hostPort !== 18_080 && port.hostPort !== 18_081)?.hostPort ?? 0;
    assert.ok(chosen > 1023, `chose ${chosen}`);
    const ask = (address = '', port: number) =>
      spawnSync('busybox', ['nc', '-w', '2', address, String(port)], { encoding: 'utf8' }).stdout;
    assert.equal(ask('127.0.0.1', 18_080), 'hello from web');
    assert.equal(ask(web.gateway, 18_080), 'hello from web');
    assert.equal(ask('127.0.0.1', 18_081), 'hello from web');
    assert.equal(ask(web.gateway, 18_081), '', 'published on 127.0.0.1 only');
    assert.equal(ask('127.0.0.1', chosen), 'hello from web');
    const from = (endpoint: Endpoint) =>
      inside(endpoint, 'busybox', 'nc', '-w', '2', endpoint.gateway ?? '', '18080');
    assert.equal(from(client), 'hello from web', 'a neighbour, by the host');
    assert.equal(from(web), 'hello from web', 'itself, by the host');
    await networks.disconnect(id('web'));
    assert.equal(ask('127.0.0.1', 18_080), '');
    assert.ok(existsSync(`/sys/class/net/plb${root.id}`), 'the bridge stays while a container is on it');
  });

  test('a narrow uplink narrows the way out, not what goes between containers', async t => {
    const { networks } = world(t);
    const link = ['name', 'up0', 'mtu', '1400', 'type', 'bridge'];
    for (const words of [
      ['link', 'add', ...link],
      ['addr', 'add', '192.0.2.1/24', 'dev', 'up0'],
      ['link', 'set', 'up0', 'up'],
      ['route', 'add', 'default', 'via', '192.0.2.2'],
    ]) {
      assert.equal(spawnSync('ip', words).status, 0, words.join(' '));
    }
    t.after(() => spawnSync('ip', ['link', 'del', 'up0']));
    const one = await networks.connect(request('one'));
    assert.match(inside(one, 'ip', 'link', 'show', 'eth0'), / mtu 1500 /);
    assert.match(inside(one, 'ip', 'route', 'get', '203.0.113.1'), / via /);
    assert.match(inside(one, 'ip', 'route', 'show', 'default'), / mtu 1400/);
    assert.doesNotMatch(inside(one, 'ip', 'route', 'show', 'scope', 'link'), / mtu /);
  });

  test('UDP is published too', async t => {
    const { networks } = world(t);
    const dns = await networks.connect(request('udp', [{ ...publish(18_053, 53), protocol: 'udp' }]));
    const echo = `require('dgram').createSocket('udp4').on('message', m => console.log('got ' + m)).bind(53)`;
    const server = spawn('ip', ['netns', 'exec', basename(dns.namespace), process.execPath, '-e', echo]);
    t.after(() => server.kill());
    await listening(dns, 'udp');
    const socket = createSocket('udp4');
    socket.send('question', 18_053, '127.0.0.1', () => socket.close());
    const [data] = await once(server.stdout, 'data');
    assert.equal(String(data), 'got question\n');
  });

  test('of a range the first port is taken that is free on every address', async t => {
    const { networks } = world(t);
    networks.create({ name: 'six', ipv6: true });
    const server = createServer().listen({ port: 18_300, host: '::', ipv6Only: true });
    await once(server, 'listening');
    t.after(() => server.close());
    const range = { ...publish(18_300, 80), hostAddress: '', lastHostPort: 18_302 };
    const take = async (word: string) =>
      (await networks.connect({ ...request(word, [range]), network: 'six' })).ports;
    const taken = [...(await take('one')), ...(await take('two'))];
    assert.deepEqual(
      taken.map(({ hostAddress, hostPort }) => `${hostAddress} ${hostPort}`),
      ['0.0.0.0 18301', ':: 18301', '0.0.0.0 18302', ':: 18302'],
    );
    await assert.rejects(take('three'), { code: 'PORTS_EXHAUSTED', message: /no free host port/ });
    await take('two');
    await assert.rejects(networks.connect(request('four', [{ ...range, lastHostPort: 3 }])), {
      code: 'PORT_INVALID',
    });
  });

  test('SCTP is published too, and its ports are not those of TCP', async t => {
    const { networks, root } = world(t);
    const sctp = { ...publish(18_310, 80), protocol: 'sctp' as const };
    const web = await networks.connect(request('web', [sctp, publish(18_310, 80)]));
    assert.match(
      nft('list', 'map', 'ip', `plimsoll_${root.id}`, 'ports'),
      new RegExp(`sctp \\. 18310 : ${web.address?.replace(/\/.*/, '')} \\. 80`),
    );
    await assert.rejects(networks.connect(request('two', [sctp])), {
      message: /18310\/sctp is in use by container/,
    });
  });

  test("a port of a host's process is refused with the process's name, and nothing is left", async t => {
    const { networks, root, db } = world(t);
    const server = createServer().listen(18_090, '0.0.0.0');
    await once(server, 'listening');
    t.after(() => server.close());
    const error = await networks.connect(request('late', [publish(18_090, 80)])).catch(e => e);
    assert.ok(isPlimsollError(error, 'conflict'));
    assert.equal(error.code, 'PORT_IN_USE');
    assert.match(error.message, new RegExp(`process ${process.pid} \\(`));
    assert.deepEqual(db.all('SELECT * FROM addresses'), []);
    assert.deepEqual(db.all('SELECT * FROM ports'), []);
    await assertNothingLeft(root.id);
  });

  test('a port of another container is refused with its name, also through 0.0.0.0', async t => {
    const { networks } = world(t);
    await networks.connect(request('first', [{ ...publish(18_091, 80), hostAddress: '127.0.0.1' }]));
    for (const hostAddress of ['127.0.0.1', '0.0.0.0']) {
      const again = networks.connect(request('second', [{ ...publish(18_091, 81), hostAddress }]));
      const error = await again.catch(e => e);
      assert.ok(isPlimsollError(error, 'conflict'));
      assert.match(error.message, /container "[0-9a-f]{12}"/);
    }
    await networks.connect(request('udp', [{ ...publish(18_091, 80), protocol: 'udp' }]));
  });

  test('names resolve from container to container', { skip: noNameServer }, async t => {
    const { networks, root } = world(t);
    const web = await networks.connect({ ...request('web'), names: ['web', 'www'] });
    const client = await networks.connect(request('client'));
    assert.deepEqual(client.nameservers, [client.gateway]);
    const lookup = (name: string) => inside(client, 'busybox', 'nslookup', name, client.gateway ?? '');
    const address = web.address?.split('/')[0] ?? '';
    await until(() => lookup('web.dns.podman').includes(address));
    assert.ok(lookup('www.dns.podman').includes(address));
    const server = nameServerPid(root.runDir);
    process.kill(server, 'SIGKILL');
    await until(() => identify(server) === undefined);
    await networks.connect({ ...request('third'), names: ['third'] });
    await until(() => lookup('web.dns.podman').includes(address));
    assert.notEqual(nameServerPid(root.runDir), server, 'it was started again');
    await networks.disconnect(id('web'));
    await until(() => !lookup('web.dns.podman').includes(address));
  });

  test('when the last container leaves, nothing of the root is left on the host', async t => {
    const { networks, root } = world(t);
    await networks.connect(request('one', [publish(18_100, 80)]));
    await networks.connect(request('two'));
    assert.match(nft('list', 'tables'), new RegExp(`plimsoll_${root.id}`));
    await networks.disconnect(id('one'));
    await networks.disconnect(id('two'));
    await networks.disconnect(id('two'));
    await assertNothingLeft(root.id);
  });

  test('connecting again gives a fresh endpoint', async t => {
    const { networks, db } = world(t);
    await networks.connect(request('one', [publish(18_110, 80)]));
    const again = await networks.connect(request('one', [publish(18_110, 81)]));
    assert.deepEqual(again.ports, [publish(18_110, 81)]);
    assert.equal(db.all('SELECT * FROM addresses').length, 1);
  });

  test('two roots live side by side, and one leaves without the other', async t => {
    const [left, right] = [world(t), world(t)];
    const here = await left.networks.connect(request('same', [publish(18_120, 80)]));
    const there = await right.networks.connect(request('same', [publish(18_121, 80)]));
    assert.notEqual(here.namespace, there.namespace);
    assert.notEqual(here.gateway, there.gateway);
    const rival = await right.networks.connect(request('rival', [publish(18_120, 80)])).catch(e => e);
    assert.ok(isPlimsollError(rival, 'conflict'));
    assert.match(
      rival.message,
      new RegExp(`18120/tcp is in use by another plimsoll root \\(${left.root.id}`),
    );
    await left.networks.disconnect(id('same'));
    await right.networks.connect(request('rival', [publish(18_120, 80)]));
    await assertNothingLeft(left.root.id);
    await serve(t, there, 'right');
    const answer = spawnSync('busybox', ['nc', '-w', '2', '127.0.0.1', '18121'], { encoding: 'utf8' });
    assert.equal(answer.stdout, 'right');
  });

  test('a flushed ruleset is made anew by the next publish', async t => {
    const { networks } = world(t);
    const first = await networks.connect(request('first', [publish(18_130, 80)]));
    nft('flush', 'ruleset');
    await networks.connect(request('second', [publish(18_131, 80)]));
    await serve(t, first, 'still here');
    const answer = spawnSync('busybox', ['nc', '-w', '2', '127.0.0.1', '18130'], { encoding: 'utf8' });
    assert.equal(answer.stdout, 'still here');
    nft('flush', 'ruleset');
    await networks.disconnect(id('second'));
  });

  test('repair() rebuilds what lives and removes what does not', async t => {
    const { networks, root, db } = world(t);
    const live = await networks.connect({ ...request('live', [publish(18_140, 80)]), names: ['live'] });
    await networks.connect(request('dead', [publish(18_141, 80)]));
    spawnSync('ip', ['netns', 'add', `plim-${root.id}-aaaaaaaaaaaa`]);
    spawnSync('ip', ['link', 'del', `plb${root.id}`]);
    nft('flush', 'ruleset');
    const wrong = (await networks.leftovers(new Set([id('live')]))).map(({ subject }) => subject);
    assert.deepEqual(wrong, [
      `plim-${root.id}-aaaaaaaaaaaa`,
      id('dead').slice(0, 12),
      `plb${root.id}`,
      `plimsoll_${root.id}`,
    ]);
    await networks.repair(new Set([id('live')]));
    assert.deepEqual(await networks.leftovers(new Set([id('live')])), []);
    await serve(t, live, 'mended');
    const answer = spawnSync('busybox', ['nc', '-w', '2', '127.0.0.1', '18140'], { encoding: 'utf8' });
    assert.equal(answer.stdout, 'mended');
    assert.deepEqual(readdirSync('/run/netns'), [basename(live.namespace)]);
    assert.equal(db.all('SELECT * FROM ports').length, 1);
    await networks.repair(new Set());
    await assertNothingLeft(root.id);
  });

  test('processes that connect at once get addresses of their own', async t => {
    const { networks, root, db } = world(t);
    await Promise.all(
      [1, 2, 3].map(async worker => {
        const script = `
          import { createNetworkService } from ${JSON.stringify(join(src, 'engine/network/index.ts'))};
          import { createEventService } from ${JSON.stringify(join(src, 'engine/events/index.ts'))};
          import { Database } from ${JSON.stringify(join(src, 'engine/store/index.ts'))};
          const root = ${JSON.stringify(root)};
          const db = Database.open(root.dataDir + '/plimsoll.db');
          const events = createEventService({ root, db, clock: Date.now });
          const networks = createNetworkService({ root, db, events, clock: Date.now });
          for (let i = 0; i < 4; i++) {
            const container = ('${worker}' + i).padEnd(64, 'c');
            await networks.connect({ container, names: ['n${worker}' + i], network: 'bridge', ports: [] });
            if (i === 3) await networks.disconnect(container);
          }`;
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
        assert.deepEqual(await once(child, 'exit'), [0, null]);
      }),
    );
    const addresses = db.all('SELECT address FROM addresses').map(row => String(row.address));
    assert.equal(addresses.length, 9);
    assert.equal(new Set(addresses).size, 9);
    await until(() => readdirSync(`/sys/class/net/plb${root.id}/brif`).length === 9);
    await networks.repair(new Set());
    await assertNothingLeft(root.id);
  });

  test('an unknown network, a bad port and a foreign address are refused in words', async t => {
    const { networks, root } = world(t);
    const refused = async (change: Partial<ConnectRequest>) => {
      const error = await networks.connect({ ...request('bad'), ...change }).catch(e => e);
      assert.ok(isPlimsollError(error));
      return error.code;
    };
    assert.equal(await refused({ network: 'nowhere' }), 'NETWORK_NOT_FOUND');
    assert.equal(await refused({ ports: [publish(70_000, 80)] }), 'PORT_INVALID');
    assert.equal(await refused({ ports: [{ ...publish(80, 80), hostAddress: 'x' }] }), 'PORT_INVALID');
    assert.equal(
      await refused({ ports: [{ ...publish(80, 80), hostAddress: '192.0.2.77' }] }),
      'PORT_INVALID',
    );
    await assertNothingLeft(root.id);
  });

  test('the bridge waits a while for the next container, and goes if none has come', async t => {
    const waits = { begun: 0, pending: false };
    const idle = {
      begin() {
        waits.begun++;
        waits.pending = true;
      },
      isPending: () => waits.pending,
    };
    const { networks, root } = world(t, { idle });
    await networks.tidy();
    await networks.disconnect(id('nobody'));
    assert.equal(waits.begun, 0, 'nothing is up');
    await networks.connect(request('one'));
    await networks.disconnect(id('one'));
    assert.equal(waits.begun, 1);
    assert.deepEqual(await networks.leftovers(new Set()), [], 'it is about to go');
    const two = await networks.connect(request('two'));
    await networks.lowerIfUnused();
    assert.match(inside(two, 'busybox', 'ping', '-c1', '-W2', two.gateway ?? ''), / 0% packet loss/);
    await networks.disconnect(id('two'));
    waits.pending = false; // whoever waited was killed
    assert.notDeepEqual(await networks.leftovers(new Set()), []);
    await networks.tidy();
    assert.equal(waits.pending, true);
    await networks.lowerIfUnused();
    await assertNothingLeft(root.id);
  });

  test('who leaves while others come and the bridge is being taken away leaves nobody without one', async t => {
    const { networks } = world(t, { idle: { begin: () => {}, isPending: () => true } });
    for (let round = 0; round < 6; round++) {
      const [endpoint] = await Promise.all([networks.connect(request('late')), networks.lowerIfUnused()]);
      assert.match(
        inside(endpoint, 'busybox', 'ping', '-c1', '-W2', endpoint.gateway ?? ''),
        / 0% packet loss/,
      );
      await networks.disconnect(id('late'));
    }
  });

  test('networks keep apart, each with its names; a container on two of them reaches both', async t => {
    const { networks, root } = world(t);
    const back = networks.create({ name: 'back', subnet: '10.201.7.0/24', gateway: '10.201.7.254' });
    networks.create({ name: 'front', labels: { tier: 'web' } });
    assert.equal(networks.inspect(back.id).gateway, '10.201.7.254');
    assert.deepEqual(networks.inspect('front').labels, { tier: 'web' });
    const db = await networks.connect({ ...request('db'), network: 'back', names: ['db', 'postgres'] });
    const web = await networks.connect({ ...request('web'), network: 'front' });
    assert.equal(db.address, '10.201.7.1/24', 'the gateway is not the first here');
    const reaches = (from: Endpoint, to: Endpoint) => pings(from, to.address?.split('/')[0] ?? '');
    assert.equal(reaches(web, db), false, 'networks do not reach one another');
    const both = await networks.connect({ ...request('web'), network: 'back', address: '10.201.7.77' });
    assert.equal(both.address, '10.201.7.77/24');
    assert.equal(both.namespace, web.namespace);
    assert.equal(reaches(web, db), true);
    assert.equal(reaches(db, both), true);
    assert.deepEqual(networks.inspect('back').containers, {
      [id('db')]: { address: '10.201.7.1', mac: db.mac },
      [id('web')]: { address: '10.201.7.77', mac: both.mac },
    });
    if (noNameServer === false) {
      const lookup = inside(web, 'busybox', 'nslookup', 'postgres', both.gateway ?? '');
      assert.match(lookup, /10\.201\.7\.1\b/);
    }
    await networks.disconnect(id('web'), 'back');
    assert.equal(reaches(web, db), false);
    assert.match(inside(web, 'ip', '-br', 'link'), /eth0/);
    assert.doesNotMatch(inside(web, 'ip', '-br', 'link'), /eth1/);
    await assert.rejects(networks.remove('back'), { code: 'NETWORK_IN_USE' });
    await networks.disconnect(id('db'));
    await networks.remove('back');
    assert.deepEqual(await networks.leftovers(new Set([id('web')])), []);
    assert.deepEqual(
      readdirSync('/sys/class/net').filter(link => link.startsWith(`plb${root.id}`)),
      [`plb${root.id}-2`],
    );
    await assert.rejects(networks.connect({ ...request('late'), network: 'back' }), {
      code: 'NETWORK_NOT_FOUND',
    });
    await networks.disconnect(id('web'));
    await assertNothingLeft(root.id);
  });

  test('a network with IPv6 gives addresses of both kinds, names, ports and a way out by both', async t => {
    const { networks, root, db } = world(t);
    host('ip netns add lan', 'ip link add lan0 type veth peer name eth0 netns lan');
    host('ip addr add 2001:db8::1/64 dev lan0 nodad', 'ip link set lan0 up');
    host('ip -n lan addr add 2001:db8::2/64 dev eth0 nodad', 'ip -n lan link set eth0 up');
    t.after(() => host('ip link del lan0', 'ip netns del lan'));
    const six = networks.create({ name: 'six', ipv6: true });
    assert.match(six.subnet6 ?? '', /^fd.*::\/64$/);
    const web = await networks.connect({
      ...request('web', [{ ...publish(18_080, 80), hostAddress: '' }, publish(18_081, 80)]),
      network: 'six',
      names: ['web'],
    });
    const client = await networks.connect({ ...request('client'), network: 'six' });
    assert.deepEqual(
      web.ports.map(({ hostAddress, hostPort }) => `${hostAddress} ${hostPort}`),
      ['0.0.0.0 18080', ':: 18080', '0.0.0.0 18081'],
    );
    await serve(t, web, 'hello by six');
    const plain = web.address6?.split('/')[0] ?? '';
    const fetch = (address: string, port: number, from = '') =>
      spawnSync('sh', ['-c', `${from} busybox nc -w 2 ${address} ${port}`], { encoding: 'utf8' }).stdout;
    const lan = 'ip netns exec lan';
    assert.equal(inside(client, 'busybox', 'nc', '-w', '2', plain, '80'), 'hello by six', 'a neighbour');
    assert.equal(fetch('2001:db8::1', 18_080, lan), 'hello by six', 'from outside');
    assert.equal(fetch('2001:db8::1', 18_081, lan), '', 'published on IPv4 only');
    assert.equal(fetch(web.gateway6 ?? '', 18_080), 'hello by six', 'the host');
    assert.equal(fetch('127.0.0.1', 18_080), 'hello by six');
    assert.equal(
      inside(web, 'busybox', 'nc', '-w', '2', web.gateway6 ?? '', '18080'),
      'hello by six',
      'itself',
    );
    const words = ['nc', '-w', '60', '::1', '18080'];
    const atOnce = spawnSync('busybox', words, { encoding: 'utf8', timeout: 30_000 });
    assert.equal(atOnce.stdout, '', 'the kernel leads ::1 nowhere');
    assert.equal(atOnce.signal, null, 'and says so at once, so that a client tries 127.0.0.1');
    host('ip -n lan route add unreachable fd00::/8');
    assert.match(inside(client, 'busybox', 'ping', '-6', '-c1', '-W2', '2001:db8::2'), / 0% packet loss/);
    if (noNameServer === false) {
      const lookup = () =>
        inside(client, 'busybox', 'nslookup', '-type=aaaa', 'web.dns.podman', client.gateway ?? '');
      await until(() => lookup().includes(plain));
    }
    assert.deepEqual(networks.inspect('six').containers[id('web')], {
      address: web.address?.split('/')[0],
      address6: plain,
      mac: web.mac,
    });
    const apart = networks.create({
      name: 'apart',
      subnet6: 'fd12:3456:789a:7::/64',
      gateway6: 'fd12:3456:789a:7::ff',
    });
    const other = await networks.connect({
      ...request('other'),
      network: apart.name,
      address6: 'FD12:3456:789a:7:0::5',
    });
    assert.equal(other.address6, 'fd12:3456:789a:7::5/64');
    assert.equal(other.gateway6, 'fd12:3456:789a:7::ff');
    assert.equal(
      inside(other, 'busybox', 'nc', '-w', '1', plain, '80'),
      '',
      'networks do not reach one another',
    );
    const late = networks.connect({
      ...request('late'),
      network: apart.name,
      address6: 'fd12:3456:789a:7::5',
    });
    await assert.rejects(late, { code: 'ADDRESS_IN_USE' });
    const live = new Set(['web', 'client', 'other'].map(id));
    nft('flush', 'ruleset');
    assert.equal((await networks.leftovers(live)).length, 2, 'a table for each kind');
    await networks.repair(live);
    assert.deepEqual(await networks.leftovers(live), []);
    assert.equal(fetch('2001:db8::1', 18_080, lan), 'hello by six', 'after a repair');
    for (const name of ['web', 'client', 'other']) await networks.disconnect(id(name));
    assert.deepEqual(db.all('SELECT * FROM ports'), []);
    assert.doesNotMatch(nft('list', 'tables'), new RegExp(root.id));
  });

  test('a network of IPv6 alone gives addresses of IPv6 alone, names, ports and a way out by them', async t => {
    const { networks, root, db } = world(t);
    host('ip netns add lan', 'ip link add lan0 type veth peer name eth0 netns lan');
    host('ip addr add 2001:db8::1/64 dev lan0 nodad', 'ip addr add 192.0.2.1/24 dev lan0');
    host('ip -n lan addr add 2001:db8::2/64 dev eth0 nodad', 'ip -n lan addr add 192.0.2.2/24 dev eth0');
    host('ip link set lan0 up', 'ip -n lan link set eth0 up', 'ip -n lan route add unreachable fd00::/8');
    t.after(() => host('ip link del lan0', 'ip netns del lan'));
    const six = networks.create({ name: 'six', ipv4: false, ipv6: true });
    assert.deepEqual([six.subnet, six.gateway], [undefined, undefined]);
    const on = (word: string) => networks.connect({ ...request(word), network: 'six', names: [word] });
    const wish = { ...publish(18_082, 80), hostAddress: '::' };
    const web = await networks.connect({ ...request('web', [wish]), network: 'six', names: ['web'] });
    const client = await on('client');
    assert.deepEqual([web.address, web.gateway], [undefined, undefined]);
    assert.notEqual(web.mac, client.mac);
    assert.equal(inside(web, 'ip', '-4', 'addr', 'show', 'eth0'), '', 'no address of IPv4');
    assert.equal(inside(web, 'ip', '-4', 'route'), '');
    const plain = web.address6?.split('/')[0] ?? '';
    assert.deepEqual(networks.inspect('six').containers[id('web')], { address6: plain, mac: web.mac });
    await serve(t, web, 'hello by six alone');
    const fetch = (address: string, from = '') =>
      spawnSync('sh', ['-c', `${from} busybox nc -w 2 ${address} 18082`], { encoding: 'utf8' }).stdout;
    const ask = (from: Endpoint, address: string, port: string) =>
      inside(from, 'busybox', 'nc', '-w', '2', address, port);
    const lan = 'ip netns exec lan';
    assert.equal(ask(client, plain, '80'), 'hello by six alone', 'a neighbour');
    assert.equal(fetch('2001:db8::1', lan), 'hello by six alone', 'from outside');
    assert.equal(fetch('192.0.2.1', lan), '', 'published on IPv6 only');
    assert.equal(ask(web, web.gateway6 ?? '', '18082'), 'hello by six alone', 'itself, by the host');
    assert.equal(pings(client, '2001:db8::2'), true, 'the way out');
    if (noNameServer === false) {
      assert.deepEqual(web.nameservers, [web.gateway6]);
      const [server = ''] = web.nameservers;
      const lookup = () => inside(client, 'busybox', 'nslookup', '-type=aaaa', 'web.dns.podman', server);
      await until(() => lookup().includes(plain));
    }
    inside(client, 'ip', 'addr', 'add', '10.209.0.2/24', 'dev', 'eth0');
    inside(client, 'ip', 'route', 'add', 'default', 'via', '192.0.2.1', 'dev', 'eth0', 'onlink');
    host(
      'ip -n lan route add 10.209.0.0/24 via 192.0.2.1',
      'ip route add 10.209.0.0/24 dev plb' + root.id + '-1',
    );
    assert.equal(pings(client, '192.0.2.2'), false, 'nor by an address that it gives itself');

    networks.create({ name: 'apart', ipv4: false, subnet6: 'fd12:3456:789a:9::/64', internal: true });
    const wanted = { network: 'apart', address6: 'fd12:3456:789a:9::5' };
    const other = await networks.connect({ ...request('other'), ...wanted });
    assert.equal(other.address6, 'fd12:3456:789a:9::5/64');
    assert.equal(inside(other, 'ip', '-6', 'route', 'show', 'default'), '');
    inside(other, 'ip', 'route', 'add', 'default', 'via', other.gateway6 ?? '');
    assert.equal(ask(other, plain, '80'), '', 'networks do not reach one another');
    assert.equal(pings(other, '2001:db8::2'), false, 'nor does an internal one reach the world');
    await assert.rejects(networks.connect({ ...request('late'), ...wanted }), { code: 'ADDRESS_IN_USE' });
    const four = networks.connect({ ...request('late'), network: 'apart', address: '10.9.9.9' });
    await assert.rejects(four, { code: 'ADDRESS_INVALID' });

    const both = await networks.connect(request('client'));
    assert.match(both.address ?? '', /^\d+\.\d+\.\d+\.\d+\/20$/, 'a second network may be of IPv4');
    const live = new Set(['web', 'client', 'other'].map(id));
    nft('flush', 'ruleset');
    assert.equal((await networks.leftovers(live)).length, 2, 'a table for each kind');
    await networks.repair(live);
    assert.deepEqual(await networks.leftovers(live), []);
    assert.equal(fetch('2001:db8::1', lan), 'hello by six alone', 'after a repair');
    for (const name of ['web', 'client', 'other']) await networks.disconnect(id(name));
    assert.deepEqual(db.all('SELECT * FROM ports'), []);
    await networks.remove('six');
    await networks.remove('apart');
    assert.deepEqual(await networks.leftovers(new Set()), []);
  });

  test('a host that listens to its routers goes on so when it forwards IPv6', async t => {
    const { networks } = world(t);
    const sysctl = (link: string) => readFileSync(`/proc/sys/net/ipv6/conf/${link}/accept_ra`, 'utf8').trim();
    host(
      'sysctl -qw net.ipv6.conf.all.forwarding=0',
      'ip link add ra0 type bridge',
      'ip link add ra1 type bridge',
    );
    host('sysctl -qw net.ipv6.conf.ra0.accept_ra=1', 'sysctl -qw net.ipv6.conf.ra1.accept_ra=0');
    t.after(() => host('ip link del ra0', 'ip link del ra1'));
    networks.create({ name: 'six', ipv6: true });
    await networks.connect(request('four'));
    assert.equal(sysctl('ra0'), '1', 'nothing is changed for IPv4 alone');
    await networks.connect({ ...request('one'), network: 'six' });
    assert.equal(readFileSync('/proc/sys/net/ipv6/conf/all/forwarding', 'utf8').trim(), '1');
    assert.deepEqual([sysctl('ra0'), sysctl('ra1')], ['2', '0']);
  });

  test('an internal network reaches nothing but its own and the host', async t => {
    const { networks } = world(t);
    const outside = await networks.connect(request('outside'));
    networks.create({ name: 'vault', internal: true });
    const one = await networks.connect({ ...request('one'), network: 'vault' });
    const two = await networks.connect({ ...request('two'), network: 'vault' });
    assert.equal(pings(one, two.address?.split('/')[0] ?? ''), true);
    assert.equal(pings(one, one.gateway ?? ''), true);
    assert.equal(inside(one, 'ip', 'route', 'show', 'default'), '');
    inside(one, 'ip', 'route', 'add', 'default', 'via', one.gateway ?? '');
    assert.equal(
      pings(one, outside.address?.split('/')[0] ?? ''),
      false,
      'also with a route of its own making',
    );
    const published = networks.connect({ ...request('three', [publish(18_095, 80)]), network: 'vault' });
    await assert.rejects(published, { code: 'PORTS_OF_INTERNAL' });
  });

  test('a network that cannot be is refused in words', async t => {
    const { networks } = world(t);
    networks.create({ name: 'taken', subnet: '10.202.0.0/16' });
    const refused = (change: Partial<NetworkRequest>) => {
      try {
        networks.create({ name: 'new', ...change });
        return 'accepted';
      } catch (error) {
        return isPlimsollError(error) ? error.code : error;
      }
    };
    assert.equal(refused({ name: 'taken' }), 'NETWORK_EXISTS');
    assert.equal(refused({ name: 'host' }), 'NETWORK_EXISTS');
    assert.equal(refused({ name: '-x' }), 'NETWORK_NAME_INVALID');
    assert.equal(refused({ subnet: '10.202.3.0/24' }), 'SUBNET_IN_USE');
    assert.equal(refused({ subnet: '10.203.0.0/31' }), 'SUBNET_INVALID');
    assert.equal(refused({ subnet: '10.203.0.0' }), 'SUBNET_INVALID');
    assert.equal(refused({ subnet6: 'fd00::/127' }), 'SUBNET_INVALID');
    assert.equal(refused({ subnet6: 'fd00::' }), 'SUBNET_INVALID');
    assert.equal(refused({ subnet6: 'fd00::/64', gateway6: 'fd01::1' }), 'GATEWAY_INVALID');
    networks.create({ name: 'six', subnet6: 'fd77::/64' });
    assert.equal(refused({ subnet6: 'fd77::/80' }), 'SUBNET_IN_USE');
    assert.equal(refused({ ipv4: false }), 'NETWORK_WITHOUT_IP');
    assert.equal(refused({ ipv4: false, ipv6: true, subnet: '10.203.0.0/24' }), 'NETWORK_WITHOUT_IPV4');
    assert.equal(refused({ subnet: '10.203.0.0/24', gateway: '10.204.0.1' }), 'GATEWAY_INVALID');
    const address = async (wanted: string) =>
      await networks.connect({ ...request(`a${wanted}`), network: 'taken', address: wanted }).then(
        () => 'accepted',
        error => error.code,
      );
    assert.equal(await address('10.202.0.1'), 'ADDRESS_INVALID', "the gateway's");
    assert.equal(await address('10.9.9.9'), 'ADDRESS_INVALID');
    assert.equal(await address('10.202.9.9'), 'accepted');
    await assert.rejects(networks.connect({ ...request('v6'), network: 'taken', address6: 'fd77::5' }), {
      code: 'ADDRESS_INVALID',
    });
    networks.create({ name: 'other' });
    const twin = networks.connect({ ...request('twin'), network: 'taken', address: '10.202.9.9' });
    await assert.rejects(twin, { code: 'ADDRESS_IN_USE' });
    await assert.rejects(networks.remove('bridge'), { code: 'NETWORK_BUILT_IN' });
    await assert.rejects(networks.remove('nowhere'), { code: 'NETWORK_NOT_FOUND' });
  });

  test("a published port answers through Docker's firewall, whose rules stay as they were", async t => {
    if (spawnSync('which', ['iptables']).status !== 0) return t.skip('iptables is not installed');
    host('ip netns add lan', 'ip link add lan0 type veth peer name eth0 netns lan');
    host('ip addr add 192.0.2.1/24 dev lan0', 'ip link set lan0 up');
    host('ip -n lan addr add 192.0.2.2/24 dev eth0', 'ip -n lan link set eth0 up');
    host('iptables -P FORWARD DROP', 'iptables -N DOCKER-USER', 'iptables -A FORWARD -j DOCKER-USER');
    host('iptables -A DOCKER-USER -s 198.51.100.7/32 -j DROP', 'iptables -A DOCKER-USER -j RETURN');
    t.after(() => {
      host('iptables -P FORWARD ACCEPT', 'iptables -F FORWARD', 'iptables -F DOCKER-USER');
      host('iptables -X DOCKER-USER', 'ip link del lan0', 'ip netns del lan');
    });
    const fetchFromLan = () =>
      spawnSync('ip', ['netns', 'exec', 'lan', 'busybox', 'nc', '-w', '2', '192.0.2.1', '18080'], {
        encoding: 'utf8',
        timeout: 60_000,
      }).stdout;
    const before = firewall();

    const { networks } = world(t);
    const web = await networks.connect(request('web', [publish(18_080, 80)]));
    await serve(t, web, 'hello from web');
    assert.equal(fetchFromLan(), 'hello from web');
    assert.deepEqual(web.warnings, []);
    assert.deepEqual(
      firewall().filter(rule => !/\b(pl|plimsoll)\w*/.test(rule)),
      before,
      'nothing of others is removed, changed or put in another order',
    );
    host('iptables -F DOCKER-USER');
    assert.equal(fetchFromLan(), '', 'without our rules it is closed: they are what opened it');

    host('iptables -A DOCKER-USER -s 198.51.100.7/32 -j DROP', 'iptables -A DOCKER-USER -j RETURN');
    await networks.disconnect(id('web'));
    await networks.lowerIfUnused();
    const again = await networks.connect(request('again'));
    assert.notDeepEqual(firewall(), before, `rules for ${again.address}`);
    await networks.disconnect(id('again'));
    await networks.lowerIfUnused();
    assert.deepEqual(firewall(), before, 'all of ours are gone');
  });

  test('lowerForgotten() finds what a deleted root has left by the names alone', async t => {
    const { networks, root } = world(t);
    await networks.connect(request('forgotten'));
    await lowerForgotten(root);
    await assertNothingLeft(root.id);
    createRootFolders(root);
  });

  test('lowerForgotten() works without the run folder, where its locks were', async t => {
    const { networks, root } = world(t);
    await networks.connect({ ...request('forgotten'), names: [] });
    rmSync(root.runDir, { recursive: true });
    await lowerForgotten(root);
    await assertNothingLeft(root.id);
    createRootFolders(root);
  });
}
