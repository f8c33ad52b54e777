import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { basename } from 'node:path';
import { type TestContext, test } from 'node:test';
import { identify } from '../../../src/engine/kernel/index.ts';
import { type Endpoint, forwardBlocks } from '../../../src/engine/network/index.ts';
import { findNameServer } from '../../../src/engine/network/name-server.ts';
import { socketInodes } from '../../../src/engine/network/port-owner.ts';
import {
  host,
  id,
  inside,
  listening,
  nameServerPid,
  nft,
  noNetworks,
  publish,
  request,
  serve,
  until,
  world,
} from '../../support/network-world.ts';
import { isPrivate, runPrivately } from '../../support/private-network.ts';

const noNameServer = findNameServer() === undefined && 'aardvark-dns is not installed';

if (isPrivate) painTests();
else runPrivately(import.meta.filename, noNetworks);

/** What users of other engines have suffered from for years; the issue is in each test's name. */
function painTests(): void {
  test("moby#22054 #4737: published ports do not bypass the host's firewall, and it is said which chain closes them", async t => {
    const fromLan = lan(t);
    const guard = `table inet guard { chain forward { type filter hook forward priority 10; policy drop;
      ct state established,related accept; iifname "eth7" accept; }; }`;
    host(`nft '${guard}'`);
    t.after(() => host('nft delete table inet guard'));
    const { networks } = world(t);
    const web = await networks.connect(request('web', [publish(18_080, 80)]));
    await serve(t, web, 'let in');
    assert.equal(fromLan('192.0.2.1', 18_080), '', "the host's word is respected");
    assert.equal(web.warnings.length, 1);
    assert.match(web.warnings[0] ?? '', /closed from outside.*nftables, chain "inet guard forward"/);
    const [block, ...others] = await forwardBlocks();
    assert.deepEqual(others, []);
    host((block?.advice ?? 'false').replaceAll('sudo ', ''));
    assert.equal(fromLan('192.0.2.1', 18_080), 'let in', 'what is advised helps');
    assert.deepEqual(await forwardBlocks(), []);
    const later = await networks.connect(request('later', [publish(18_081, 80)]));
    assert.deepEqual(later.warnings, []);
    const quiet = await networks.connect(request('quiet'));
    assert.deepEqual(quiet.warnings, [], 'nothing is published');
  });

  test('moby#22054: ufw and firewalld are known by name, with their own commands', async t => {
    t.after(() => nft('flush', 'ruleset'));
    host(
      `nft 'table ip filter { chain ufw-user-forward { }; chain FORWARD { type filter hook forward priority 0; policy drop; jump ufw-user-forward; }; }'`,
      `nft 'table inet firewalld { chain filter_FORWARD { type filter hook forward priority 10; ct state established accept; reject with icmpx admin-prohibited; }; }'`,
    );
    const blocks = await forwardBlocks({ bridge: 'plb1a2b3c4d' });
    assert.deepEqual(
      blocks.map(({ keeper, chain, advice }) => `${keeper} | ${chain} | ${advice}`),
      [
        'ufw | ip filter FORWARD | sudo ufw route allow out on plb1a2b3c4d && sudo ufw route allow in on plb1a2b3c4d',
        'firewalld | inet firewalld filter_FORWARD | sudo firewall-cmd --zone=trusted --add-interface=plb1a2b3c4d',
      ],
    );
    host('nft insert rule inet firewalld filter_FORWARD ct status dnat accept');
    assert.deepEqual(
      (await forwardBlocks()).map(({ keeper }) => keeper),
      ['ufw'],
      'one that lets in what is published closes nothing',
    );
  });

  test('moby#22054: a port published on 127.0.0.1 is not reached from outside, whatever route a neighbour takes', async t => {
    const fromLan = lan(t);
    const { networks } = world(t);
    const web = await networks.connect(
      request('web', [{ ...publish(18_080, 80), hostAddress: '127.0.0.1' }]),
    );
    await serve(t, web, 'for the host alone');
    assert.equal(ask('127.0.0.1', 18_080), 'for the host alone');
    assert.equal(fromLan('192.0.2.1', 18_080), '');
    host(
      'ip -n lan route add 127.0.0.0/8 via 192.0.2.1 dev eth0 table 7',
      'ip -n lan rule add pref 0 table 7',
    );
    assert.equal(fromLan('127.0.0.1', 18_080), '');
    const address = web.address?.replace(/\/.*/, '') ?? '';
    host(`ip -n lan route add ${address} via 192.0.2.1`);
    assert.equal(fromLan(address, 80), '', 'nor by the address of the container');
  });

  test('podman#5138, moby#41789 #45742: a server in a container sees the address of its client, by IPv4 and IPv6', async t => {
    const fromLan = lan(t);
    const { networks } = world(t);
    networks.create({ name: 'six', ipv6: true });
    const web = await networks.connect({
      ...request('web', [{ ...publish(18_080, 80), hostAddress: '' }]),
      network: 'six',
    });
    await run(t, web, "require('net').createServer(s => s.end(s.remoteAddress)).listen(80)");
    assert.match(fromLan('192.0.2.1', 18_080), /\b192\.0\.2\.2$/);
    assert.equal(fromLan('2001:db8::1', 18_080), '2001:db8::2');
  });

  test('podman#28219 #17865: as root nothing stands between the loopback and a container but the kernel', async t => {
    const { networks } = world(t);
    const web = await networks.connect(request('web', [publish(18_080, 80)]));
    const bytes = 64 * 2 ** 20;
    await run(t, web, `require('net').createServer(s => s.end(Buffer.alloc(${bytes}))).listen(80)`);
    const tables = ['tcp', 'tcp6'].map(name => readFileSync(`/proc/net/${name}`, 'latin1'));
    const sockets = tables.flatMap(table => socketInodes(table, 18_080, 'tcp'));
    assert.deepEqual(sockets, [], 'no process listens on the published port');
    let received = 0;
    const client = createConnection({ host: '127.0.0.1', port: 18_080 });
    client.on('data', chunk => {
      received += chunk.length;
    });
    await once(client, 'close');
    assert.equal(received, bytes);
  });

  test('moby#20486 #36591: "port is already allocated" names its owner, and after a crash the port is free again', async t => {
    const { networks, db, root } = world(t);
    const dead = id('crashed');
    await networks.connect(request('crashed', [publish(18_080, 80)]));
    // Its process is gone without a word: the booking and the rule are still there.
    const refused = networks.connect(request('next', [publish(18_080, 80)]));
    await assert.rejects(refused, {
      code: 'PORT_IN_USE',
      message: new RegExp(`by container "${dead.slice(0, 12)}"`),
    });
    await networks.repair(new Set());
    await networks.connect(request('next', [publish(18_080, 80)]));
    assert.match(nft('list', 'map', 'ip', `plimsoll_${root.id}`, 'ports'), /18080/);
    assert.deepEqual(
      db.all('SELECT container FROM ports').map(row => row.container),
      [id('next')],
    );
  });

  test('docker/for-linux#599, moby#21776: a hundred networks, none in the way of a VPN, and one says when all is taken', async t => {
    lan(t);
    const { networks } = world(t);
    host('ip route add 10.96.0.0/12 via 192.0.2.2', 'ip route add 172.20.0.0/16 via 192.0.2.2');
    const subnets = Array.from({ length: 100 }, (_, i) => networks.create({ name: `n${i}` }).subnet ?? '');
    assert.equal(new Set(subnets).size, 100);
    for (const subnet of subnets) assert.doesNotMatch(subnet, /^10\.(9[6-9]|10\d|11[01])\.|^172\.20\./);
    host('ip route add 10.0.0.0/8 via 192.0.2.2');
    assert.match(networks.create({ name: 'beside' }).subnet ?? '', /^172\./, 'a VPN with all of 10.0.0.0/8');
    host('ip route add 172.16.0.0/12 via 192.0.2.2', 'ip route add 192.168.0.0/16 via 192.0.2.2');
    assert.throws(() => networks.create({ name: 'late' }), {
      code: 'SUBNETS_EXHAUSTED',
      message: /no free subnet is left/,
    });
  });

  test('moby#46329 #20029: names are answered again after the name server died, with no container started', {
    skip: noNameServer,
  }, async t => {
    const { networks, root } = world(t);
    const web = await networks.connect({ ...request('web'), names: ['web'] });
    const client = await networks.connect(request('client'));
    const found = lookup(client);
    await until(() => found('web').includes(plain(web)));
    const server = nameServerPid(root.runDir);
    process.kill(server, 'SIGKILL');
    await until(() => identify(server) === undefined);
    await networks.tidy(); // what each command does first
    await until(() => found('web').includes(plain(web)));
  });

  test('moby#36057, libnetwork#1085: a name shared by two containers follows restarts, joining and leaving', {
    skip: noNameServer,
  }, async t => {
    const { networks } = world(t);
    const client = await networks.connect(request('client'));
    const found = lookup(client);
    const join = (word: string) => networks.connect({ ...request(word), names: [word, 'db'] });
    const one = await join('one');
    const two = await join('two');
    await until(() => found('db').includes(plain(one)) && found('db').includes(plain(two)));
    await networks.disconnect(id('one'));
    const again = await join('one');
    assert.notEqual(again.address, one.address, 'an address is not given again at once');
    await until(() => found('db').includes(plain(again)) && !found('db').split(/\s+/).includes(plain(one)));
    assert.ok(found('db').includes(plain(two)));
    await networks.disconnect(id('two'));
    await until(() => !found('db').split(/\s+/).includes(plain(two)));
    assert.ok(found('db').includes(plain(again)));
  });
}

/** A neighbour of the host at 192.0.2.2 and 2001:db8::2; asks the host at .1 and ::1, and gets what is said to it. */
function lan(t: TestContext): (address: string, port: number) => string {
  host('ip netns add lan', 'ip link add lan0 type veth peer name eth0 netns lan');
  host(
    'ip addr add 192.0.2.1/24 dev lan0',
    'ip addr add 2001:db8::1/64 dev lan0 nodad',
    'ip link set lan0 up',
  );
  host('ip -n lan link set lo up', 'ip -n lan addr add 192.0.2.2/24 dev eth0');
  host('ip -n lan addr add 2001:db8::2/64 dev eth0 nodad', 'ip -n lan link set eth0 up');
  t.after(() => host('ip link del lan0', 'ip netns del lan'));
  return (address, port) => ask(address, port, 'ip', 'netns', 'exec', 'lan');
}

function ask(address: string, port: number, ...from: string[]): string {
  const [command = '', ...args] = [...from, 'busybox', 'nc', '-w', '1', address, String(port)];
  return spawnSync(command, args, { encoding: 'utf8', timeout: 60_000 }).stdout;
}

/** Runs a program of Node that listens on port 80 in the namespace of an endpoint. */
async function run(t: TestContext, endpoint: Endpoint, program: string): Promise<void> {
  const args = ['netns', 'exec', basename(endpoint.namespace), process.execPath, '-e', program];
  const server = spawn('ip', args, { stdio: 'ignore' });
  t.after(() => server.kill());
  await listening(endpoint, 'tcp');
}

function lookup(client: Endpoint): (name: string) => string {
  return name => inside(client, 'busybox', 'nslookup', `${name}.dns.podman`, client.gateway ?? '');
}

function plain({ address }: Endpoint): string {
  return (address ?? '').replace(/\/.*/, '');
}
