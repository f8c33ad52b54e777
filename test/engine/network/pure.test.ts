import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseSubnet } from '../../../src/engine/network/choose-subnet.ts';
import { chooseSubnet6 } from '../../../src/engine/network/choose-subnet6.ts';
import { formatDnsConfig, parseDnsConfig } from '../../../src/engine/network/dns-config.ts';
import { perAddress } from '../../../src/engine/network/host-address.ts';
import { hostNameservers } from '../../../src/engine/network/host-nameservers.ts';
import { hostRoutes, hostRoutes6, uplink } from '../../../src/engine/network/host-routes.ts';
import {
  formatCidr,
  formatIpv4,
  overlap,
  parseCidr,
  parseIpv4,
  size,
} from '../../../src/engine/network/ipv4.ts';
import {
  formatCidr6,
  formatIpv6,
  overlap6,
  parseCidr6,
  parseIpv6,
} from '../../../src/engine/network/ipv6.ts';
import { bridgeName, linkName, namespaceName, rootOfBridge } from '../../../src/engine/network/names.ts';
import { formatTable } from '../../../src/engine/network/nft-rules.ts';
import { parsePublished } from '../../../src/engine/network/other-roots.ts';
import { socketInodes } from '../../../src/engine/network/port-owner.ts';
import { isPlimsollError } from '../../../src/errors.ts';

test('parseIpv4() and formatIpv4() are a pair, and only dotted decimals are addresses', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), value => parseIpv4(formatIpv4(value)) === value),
  );
  for (const text of ['', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4.5', ' 1.2.3.4', '1.2.3.x'])
    assert.equal(parseIpv4(text), undefined, text);
});

test('parseIpv6() and formatIpv6() are a pair, in the form of RFC 5952', () => {
  fc.assert(fc.property(fc.bigInt(0n, 2n ** 128n - 1n), value => parseIpv6(formatIpv6(value)) === value));
  fc.assert(
    fc.property(fc.ipV6(), text => new URL(`http://[${formatIpv6(parseIpv6(text) ?? -1n)}]`).hostname !== ''),
  );
  const forms = {
    '::': '::',
    '0:0:0:0:0:0:0:1': '::1',
    'FD00:0:0:1::5': 'fd00:0:0:1::5',
    '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
    '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
    '::ffff:192.0.2.1': '::ffff:c000:201',
    'fe80::': 'fe80::',
  };
  for (const [text, form] of Object.entries(forms)) assert.equal(formatIpv6(parseIpv6(text) ?? -1n), form);
  for (const text of ['', '1.2.3.4', ':::', '1::2::3', 'fe80::1%eth0', 'g::'])
    assert.equal(parseIpv6(text), undefined, text);
  assert.equal(formatCidr6(parseCidr6('fd00:1:2:3:4::/64') ?? { base: 0n, prefix: 0 }), 'fd00:1:2:3::/64');
  assert.equal(parseCidr6('fd00::/129'), undefined);
});

test("chooseSubnet6() takes unique local addresses that are the root's own, apart from what is taken", () => {
  const first = chooseSubnet6('1a2b3c4d', []);
  assert.match(formatCidr6(first), /^fd[0-9a-f:]+::\/64$/);
  const second = chooseSubnet6('1a2b3c4d', [first]);
  assert.ok(!overlap6(first, second));
  assert.equal(second.base >> 80n, first.base >> 80n, 'one site');
  assert.notEqual(chooseSubnet6('5e6f7a8b', []).base >> 80n, first.base >> 80n);
});

test('hostRoutes6() leaves out default, link-local and multicast routes', () => {
  const zeros = '0'.repeat(32);
  const line = (destination: string, length: string) =>
    `${destination} ${length} ${zeros} 00 ${zeros} 00000400 00000001 00000000 00000001 eth0`;
  const table = [
    line('fd001122334400000000000000000000', '40'),
    line('fe800000000000000000000000000000', '40'),
    line('ff000000000000000000000000000000', '08'),
    line(zeros, '00'),
  ];
  assert.deepEqual(hostRoutes6(table.join('\n')).map(formatCidr6), ['fd00:1122:3344::/64']);
});

test('a port without an address is on all of the kinds that its network has', () => {
  const port = { protocol: 'tcp', hostAddress: '', hostPort: 80, containerPort: 80 } as const;
  const subnet = '10.7.0.0/24';
  const on = (hostAddress: string, subnet6?: string) =>
    perAddress({ ...port, hostAddress }, subnet6 === undefined ? { subnet } : { subnet, subnet6 }).map(
      each => each.hostAddress,
    );
  assert.deepEqual(on(''), ['0.0.0.0']);
  assert.deepEqual(on('', 'fd00::/64'), ['0.0.0.0', '::']);
  assert.deepEqual(on('0.0.0.0', 'fd00::/64'), ['0.0.0.0'], 'no more than was asked for');
  assert.deepEqual(on('FD00:0::1', 'fd00::/64'), ['fd00::1']);
  assert.deepEqual(on('::'), ['::'], 'a process leads it');
  assert.deepEqual(on('0:0::1', 'fd00::/64'), ['::1']);
  const onSix = (protocol: 'tcp' | 'sctp') =>
    perAddress({ ...port, protocol, hostAddress: '' }, { subnet6: 'fd00::/64' }).map(
      each => each.hostAddress,
    );
  assert.deepEqual(onSix('tcp'), ['0.0.0.0', '::'], 'a process leads IPv4 there');
  assert.deepEqual(onSix('sctp'), ['::'], 'which cannot carry all');
});

test('parseCidr() clears host bits, and takes a lone address as a network of one', () => {
  assert.equal(formatCidr(parseCidr('10.1.2.3/20') ?? { base: 0, prefix: 0 }), '10.1.0.0/20');
  assert.deepEqual(parseCidr('10.0.0.1'), { base: 0x0a00_0001, prefix: 32 });
  assert.equal(parseCidr('10.0.0.0/33'), undefined);
});

test('chooseSubnet() keeps away from every route, and says so when none is left', () => {
  const route = fc.record({
    base: fc.integer({ min: 0x0a58_0000, max: 0x0a7f_ffff }),
    prefix: fc.integer({ min: 14, max: 32 }),
  });
  fc.assert(
    fc.property(fc.array(route, { maxLength: 20 }), fc.nat(), (routes, seed) => {
      const taken = routes.map(({ base, prefix }) => ({ base: base - (base % 2 ** (32 - prefix)), prefix }));
      const subnet = chooseSubnet(taken, seed);
      return taken.every(other => !overlap(other, subnet)) && subnet.base % size(subnet) === 0;
    }),
  );
  const vpn = parseCidr('10.0.0.0/8');
  const all = parseCidr('0.0.0.0/0');
  assert.ok(vpn && all);
  assert.match(formatCidr(chooseSubnet([vpn], 0)), /^172\.16\./);
  assert.throws(
    () => chooseSubnet([all], 0),
    error => isPlimsollError(error, 'resource-exhausted'),
  );
});

test('the nftables script of a root is the one that was tried', () => {
  const script = formatTable({
    table: 'plimsoll_1a2b3c4d',
    mayHaveTwin: true,
    networks: [
      { bridge: 'plb1a2b3c4d', subnet: '10.90.16.0/20', internal: false },
      { bridge: 'plb1a2b3c4d-1', subnet: '10.91.0.0/20', internal: true, subnet6: 'fd5b:7::/64' },
      { bridge: 'plb1a2b3c4d-2', subnet6: 'fd5b:8::/64', internal: false },
    ],
    ports: [
      { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080, containerPort: 80, address: '10.90.16.2' },
      { protocol: 'udp', hostAddress: '127.0.0.1', hostPort: 53, containerPort: 53, address: '10.90.16.3' },
      { protocol: 'sctp', hostAddress: '::', hostPort: 9, containerPort: 9, address: 'fd5b:7::2' },
      { protocol: 'tcp', hostAddress: 'fd00::5', hostPort: 443, containerPort: 443, address: 'fd5b:7::2' },
    ],
  });
  const golden = join(import.meta.dirname, '../../golden/network/table.nft');
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, script);
  assert.equal(script, readFileSync(golden, 'utf8'));
});

test('names of interfaces fit the kernel, and differ between roots', () => {
  const [one, two] = [{ id: '1a2b3c4d' }, { id: '5e6f7a8b' }];
  const container = 'ab'.repeat(32);
  const end = { container, interface: 'eth0' };
  for (const name of [bridgeName(one), bridgeName(one, 999), linkName(one, end)])
    assert.ok(name.length <= 15, name);
  assert.notEqual(linkName(one, end), linkName(two, end));
  assert.notEqual(linkName(one, end), linkName(one, { ...end, interface: 'eth1' }));
  assert.deepEqual(['plb1a2b3c4d', 'plb1a2b3c4d-12', 'plbridge0', 'eth0'].map(rootOfBridge), [
    '1a2b3c4d',
    '1a2b3c4d',
    undefined,
    undefined,
  ]);
  assert.equal(namespaceName(one, container), 'plim-1a2b3c4d-abababababab');
  assert.match(namespaceName(one, 'build/step 3'), /^plim-1a2b3c4d-[0-9a-f]{12}$/);
});

test('hostRoutes() reads /proc/net/route, without default routes and our own bridge', () => {
  const table = [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'plb1a2b3c4d\t00105A0A\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0',
    'wg0\t0000600A\t00000000\t0001\t0\t0\t0\t0000F0FF\t0\t0\t0',
  ].join('\n');
  assert.deepEqual(hostRoutes('plb1a2b3c4d', table).map(formatCidr), ['192.0.2.0/24', '10.96.0.0/12']);
  assert.equal(uplink(table), 'eth0');
  assert.equal(uplink('Iface\n'), undefined);
});

test('hostNameservers() looks behind a resolver on loopback, and has a fallback', () => {
  const files: Record<string, string> = {
    '/etc/resolv.conf': '# stub\nnameserver 127.0.0.53\noptions edns0\n',
    '/run/systemd/resolve/resolv.conf':
      'nameserver 192.0.2.53\nnameserver fe80::1\nnameserver 2001:db8::53\n',
  };
  const read = (path: string) => files[path] ?? '';
  assert.deepEqual(hostNameservers({}, read), ['192.0.2.53']);
  const six = { subnet6: 'fd00::/64' };
  assert.deepEqual(hostNameservers(six, read), ['2001:db8::53'], 'a link-local one is of no use elsewhere');
  assert.deepEqual(
    hostNameservers({}, () => ''),
    ['8.8.8.8', '8.8.4.4'],
  );
  assert.match(hostNameservers(six, () => '').join(), /^2001:4860:/);
});

test('formatDnsConfig() and parseDnsConfig() are a pair', () => {
  const word = fc.stringMatching(/^[a-z0-9-]{1,12}$/);
  const rest = { container: word, names: fc.array(word, { maxLength: 3 }) };
  const record = (addresses: object) => fc.record({ ...rest, ...addresses }, { noNullPrototype: true });
  const entry = fc.oneof(
    record({ address: fc.ipV4() }),
    record({ address6: fc.ipV6() }),
    record({ address: fc.ipV4(), address6: fc.ipV6() }),
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), entries => {
      assert.deepEqual(parseDnsConfig(formatDnsConfig('10.88.0.1', entries)), entries);
    }),
  );
  assert.deepEqual(parseDnsConfig(''), []);
});

test('socketInodes() finds who listens on a TCP port and who has a UDP port', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0 0 10 0',
    '   1: 0100007F:1F90 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 20 4 30 10 -1',
    '   2: 00000000:1F91 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0',
  ].join('\n');
  assert.deepEqual(socketInodes(table, 8080, 'tcp'), ['4711']);
  assert.deepEqual(socketInodes(table, 8081, 'udp'), ['4713']);
  assert.deepEqual(socketInodes(table, 80, 'tcp'), []);
});

test('parsePublished() reads published ports of roots, and of nobody else', () => {
  const listing = [
    'table ip plimsoll_1a2b3c4d {',
    '\tmap ports {',
    '\t\ttype inet_proto . inet_service : ipv4_addr . inet_service',
    '\t\telements = { 6 . 8080 : 10.90.16.2 . 80,',
    '\t\t\t     udp . 53 : 10.90.16.2 . 53 }',
    '\t}',
    '\tmap addressed {',
    '\t\telements = { 127.0.0.1 . tcp . 81 : 10.90.16.2 . 80 }',
    '\t}',
    '}',
    'table ip6 plimsoll_1a2b3c4d {',
    '\tmap ports { elements = { sctp . 9 : fd5b:7::2 . 9 } }',
    '\tmap addressed { elements = { fd00::5 . 6 . 443 : fd5b:7::2 . 443 } }',
    '}',
    'table ip other {',
    '\tmap ports { elements = { tcp . 9 : 10.0.0.1 . 9 } }',
    '}',
  ].join('\n');
  const table = 'plimsoll_1a2b3c4d';
  assert.deepEqual(parsePublished(listing), [
    { table, protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080 },
    { table, protocol: 'udp', hostAddress: '0.0.0.0', hostPort: 53 },
    { table, protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 81 },
    { table, protocol: 'sctp', hostAddress: '::', hostPort: 9 },
    { table, protocol: 'tcp', hostAddress: 'fd00::5', hostPort: 443 },
  ]);
});
