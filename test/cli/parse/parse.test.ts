import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDevice, parseGpus } from '../../../src/cli/parse/parse-device.ts';
import { parseFilters } from '../../../src/cli/parse/parse-filters.ts';
import { parseLimits } from '../../../src/cli/parse/parse-limits.ts';
import { parseMount, parseTmpfs, parseVolume } from '../../../src/cli/parse/parse-mount.ts';
import { parseNetworks } from '../../../src/cli/parse/parse-networks.ts';
import { parseBuildArgs, parseEnv, parseEnvFile, parsePairs } from '../../../src/cli/parse/parse-pairs.ts';
import { formatPort, parsePort } from '../../../src/cli/parse/parse-port.ts';
import { formatRestart, parseRestart } from '../../../src/cli/parse/parse-restart.ts';
import { parseSecurity } from '../../../src/cli/parse/parse-security.ts';
import { formatSize, parseSize } from '../../../src/cli/parse/parse-size.ts';
import { parseDuration, parseTime } from '../../../src/cli/parse/parse-time.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { passes, passesLabels } from '../../../src/words/index.ts';

/** Refusals are for users: our error, of the right kind, with a hint. */
function refused(action: () => unknown): void {
  assert.throws(action, error => isPlimsollError(error, 'invalid-argument') && error.hint !== undefined);
}

test('parseSize() reads what formatSize() writes', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 50 }), bytes => assert.equal(parseSize(formatSize(bytes)), bytes)),
  );
});

test("parseSize() knows docker's units, all binary", () => {
  assert.equal(parseSize('512m'), 512 * 1024 ** 2);
  assert.equal(parseSize('1.5G'), 1.5 * 1024 ** 3);
  assert.equal(parseSize('64MiB'), 64 * 1024 ** 2);
  assert.equal(parseSize('10kb'), 10 * 1024);
  assert.equal(parseSize('4096'), 4096);
  assert.equal(parseSize('-1', { unlimited: true }), -1);
  for (const bad of ['', 'm', '1x', '-1', '1 2', '1mm', 'NaN', '1e3']) refused(() => parseSize(bad));
});

test('parseNetworks() reads names, long forms, and what is said of the first network', () => {
  assert.deepEqual(parseNetworks({}), {});
  assert.deepEqual(parseNetworks({ network: ['host'] }), { network: 'host' });
  assert.deepEqual(parseNetworks({ ip: '10.0.0.5' }), {
    attachments: [{ network: 'bridge', address: '10.0.0.5' }],
  });
  assert.deepEqual(
    parseNetworks({
      network: ['front', 'name=back,alias=db,alias=sql,mac-address=02:42:AC:11:00:02'],
      networkAlias: ['web'],
    }),
    {
      network: 'front',
      attachments: [
        { network: 'front', aliases: ['web'] },
        { network: 'back', aliases: ['db', 'sql'], mac: '02:42:ac:11:00:02' },
      ],
    },
  );
  for (const network of [
    'alias=x',
    'name=a,colour=red',
    'name=a,ip=10.0.0',
    'name=a,mac-address=1',
    'name=a,mac-address=01:00:5e:00:00:01',
    'name=a,mac-address=00:00:00:00:00:00',
  ])
    assert.throws(() => parseNetworks({ network: [network] }), { code: 'BAD_OPTION' });
});

test('parsePort() reads what formatPort() writes', () => {
  const port = fc.record(
    {
      protocol: fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const),
      hostAddress: fc.oneof(fc.constant(''), fc.ipV4(), fc.ipV6()),
      hostPort: fc.nat({ max: 65535 }),
      containerPort: fc.integer({ min: 1, max: 65535 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(port, each => assert.deepEqual(parsePort(formatPort(each)), [each])));
});

test('parsePort() pairs ranges, and leaves the host port open where none is given', () => {
  assert.deepEqual(
    parsePort('8000-8002:80-82/udp').map(port => [port.hostPort, port.containerPort, port.protocol]),
    [
      [8000, 80, 'udp'],
      [8001, 81, 'udp'],
      [8002, 82, 'udp'],
    ],
  );
  assert.deepEqual(parsePort('8000-8010:80'), [
    { protocol: 'tcp', hostAddress: '', hostPort: 8000, lastHostPort: 8010, containerPort: 80 },
  ]);
  assert.equal(formatPort({ ...parsePort('8000-8010:80/udp')[0] } as never), '8000-8010:80/udp');
  assert.equal(parsePort('80')[0]?.hostPort, 0);
  assert.equal(parsePort('127.0.0.1::80')[0]?.hostAddress, '127.0.0.1');
});

test('parsePort() refuses what is no port', () => {
  const bad = ['', 'http', '80:', '80:0', '70000:80', '80:70000', '1-3:1-2', '9-7:9-7', '1.2.3:80:80'];
  for (const text of [
    ...bad,
    '256.1.1.1:80:80',
    '[::g]:80:80',
    '[127.0.0.1]:80:80',
    '::1:80:80',
    '80/dccp',
    ':',
    '1:2:3:4',
  ]) {
    refused(() => parsePort(text));
  }
});

test('parsePort() never throws anything but a refusal', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      try {
        parsePort(text);
      } catch (error) {
        assert.ok(isPlimsollError(error, 'invalid-argument'));
      }
    }),
  );
});

test('parseRestart() reads what formatRestart() writes', () => {
  const policy = fc.oneof(
    fc.constantFrom('no' as const, 'always' as const, 'unless-stopped' as const).map(name => ({ name })),
    fc.nat().map(maximumRetries => ({ name: 'on-failure' as const, maximumRetries })),
  );
  fc.assert(fc.property(policy, each => assert.deepEqual(parseRestart(formatRestart(each)), each)));
  for (const bad of ['', 'never', 'always:3', 'on-failure:x', 'on-failure:-1'])
    refused(() => parseRestart(bad));
});

test('parseVolume() tells binds, named volumes and anonymous ones apart', () => {
  assert.deepEqual(parseVolume('./data:/data:ro', '/srv'), {
    type: 'bind',
    source: '/srv/data',
    target: '/data',
    readOnly: true,
    createSource: true,
  });
  assert.deepEqual(parseVolume('/a/../b:/c', '/srv'), {
    type: 'bind',
    source: '/b',
    target: '/c',
    readOnly: false,
    createSource: true,
  });
  assert.deepEqual(parseVolume('files:/srv:rw,z', '/'), {
    type: 'volume',
    name: 'files',
    target: '/srv',
    readOnly: false,
  });
  assert.deepEqual(parseVolume('/cache', '/'), {
    type: 'volume',
    name: '',
    target: '/cache',
    readOnly: false,
  });
  for (const bad of [
    '',
    'files',
    'a:b',
    '/a:',
    ':/a',
    '/a:/b:rx',
    '/a:/b:ro:x',
    '/a:/',
    '/a:/..',
    'a b:/c',
    'a/b:/c',
  ]) {
    refused(() => parseVolume(bad, '/'));
  }
});

test("parseMount() takes docker's long form, and refuses keys it does not know", () => {
  assert.deepEqual(parseMount('type=bind,source=x,target=/y,readonly', '/srv'), {
    type: 'bind',
    source: '/srv/x',
    target: '/y',
    readOnly: true,
  });
  assert.deepEqual(parseMount('src=files,dst=/y', '/'), {
    type: 'volume',
    name: 'files',
    target: '/y',
    readOnly: false,
  });
  assert.deepEqual(parseMount('type=tmpfs,target=/t,tmpfs-size=1m', '/'), {
    type: 'tmpfs',
    target: '/t',
    sizeBytes: 1024 ** 2,
  });
  for (const bad of [
    '',
    'type=bind,target=/a',
    'type=nfs,target=/a',
    'target=a',
    'type=bind,from=/x,target=/y',
  ]) {
    refused(() => parseMount(bad, '/'));
  }
});

test('parseTmpfs() reads the size among its options, and no option that is not of a tmpfs', () => {
  assert.deepEqual(parseTmpfs('/run'), { type: 'tmpfs', target: '/run' });
  assert.deepEqual(parseTmpfs('/run:rw,size=64m,noexec'), {
    type: 'tmpfs',
    target: '/run',
    sizeBytes: 64 * 1024 ** 2,
    options: ['rw', 'noexec'],
  });
  assert.deepEqual(parseTmpfs('/t:mode=1770,uid=7,exec'), {
    type: 'tmpfs',
    target: '/t',
    options: ['mode=1770', 'uid=7', 'exec'],
  });
  for (const bad of ['run', '/t:evil', '/t:mode=9', '/t:upperdir=/etc']) refused(() => parseTmpfs(bad));
});

test('parseEnv() takes a bare name from the caller, and leaves it out where there is none', () => {
  const env = { HOME: '/root', EMPTY: '' };
  assert.deepEqual(parseEnv(['A=1', 'B=', 'C==x', 'HOME', 'EMPTY', 'NOPE'], env), [
    'A=1',
    'B=',
    'C==x',
    'HOME=/root',
    'EMPTY=',
  ]);
  refused(() => parseEnv(['=x'], {}));
  assert.deepEqual(parseBuildArgs(['V=1', 'HOME', 'NOPE'], env), { V: '1', HOME: '/root' });
});

test('parseEnvFile() skips comments and empty lines, and keeps the value as it is', () => {
  assert.deepEqual(parseEnvFile('# comment\n\n  A=1 # no comment\r\nB="quoted"\nHOME\n', { HOME: '/h' }), [
    'A=1 # no comment',
    'B="quoted"',
    'HOME=/h',
  ]);
  refused(() => parseEnvFile('A B=1', {}));
});

test('parsePairs() splits at the first equals sign; the last of a name wins', () => {
  const name = fc.string({ minLength: 1 }).filter(text => !text.includes('=') && text !== '__proto__');
  fc.assert(
    fc.property(name, fc.string(), (key, value) => {
      assert.deepEqual(parsePairs([`${key}=old`, `${key}=${value}`], '--label'), { [key]: value });
    }),
  );
  assert.deepEqual(parsePairs(['a'], '--label'), { a: '' });
  refused(() => parsePairs(['=a'], '--label'));
});

test("parseLimits() keeps only what was given, within docker's bounds", () => {
  assert.deepEqual(parseLimits({}), {});
  assert.deepEqual(parseLimits({ memory: '128m', memoryReservation: '64m', memorySwap: '-1', cpus: '1.5' }), {
    memoryBytes: 128 * 1024 ** 2,
    memoryReservationBytes: 64 * 1024 ** 2,
    memorySwapBytes: -1,
    cpus: 1.5,
  });
  assert.deepEqual(parseLimits({ cpuShares: '512', cpusetCpus: '0-2,4', pidsLimit: '100' }), {
    cpuShares: 512,
    cpusetCpus: '0-2,4',
    pids: 100,
  });
  assert.deepEqual(parseLimits({ pidsLimit: '-1' }), { pids: -1 });
  assert.deepEqual(
    parseLimits({
      cpuPeriod: '50000',
      cpuQuota: '-1',
      cpusetMems: '0-1',
      blkioWeight: '300',
      deviceReadBps: ['/dev/sda:1mb', '/dev/sdb:2k'],
      deviceWriteIops: ['/dev/sda:9'],
      memorySwappiness: '60',
      oomKillDisable: true,
      cgroupConf: ['memory.high=1G'],
    }),
    {
      memorySwappiness: 60,
      oomKillDisable: true,
      cpusetMems: '0-1',
      cpuPeriod: 50_000,
      cpuQuota: -1,
      blockWeight: 300,
      deviceReadBytes: [
        { path: '/dev/sda', rate: 1024 ** 2 },
        { path: '/dev/sdb', rate: 2048 },
      ],
      deviceWriteOperations: [{ path: '/dev/sda', rate: 9 }],
      unified: { 'memory.high': '1G' },
    },
  );
  const bad = [
    { memory: '1m' },
    { memory: '10m', memoryReservation: '20m' },
    { memory: '20m', memorySwap: '10m' },
    { cpus: '0' },
    { cpus: 'x' },
    { cpuShares: '1' },
    { cpusetCpus: '3-1' },
    { cpusetCpus: 'a' },
    { pidsLimit: '1.5' },
    { cpuPeriod: '10' },
    { blkioWeight: 'x' },
    { deviceReadBps: ['sda:1'] },
    { deviceReadBps: ['/dev/sda'] },
  ];
  for (const options of bad) refused(() => parseLimits(options));
});

test("parseDuration() reads Go's durations", () => {
  assert.equal(parseDuration('1h30m'), 5_400_000);
  assert.equal(parseDuration('1.5s'), 1500);
  assert.equal(parseDuration('250ms'), 250);
  assert.equal(parseDuration('90'), 90_000);
  for (const bad of ['', 's', '1x', '1h 30m', '-1s']) refused(() => parseDuration(bad));
});

test('parseTime() takes moments, and durations as that long ago', () => {
  const now = Date.parse('2026-06-01T00:00:00Z');
  assert.equal(parseTime('2026-01-31T12:00:00Z', now), Date.parse('2026-01-31T12:00:00Z'));
  assert.equal(parseTime('1780000000.5', now), 1_780_000_000_500);
  assert.equal(parseTime('10m', now), now - 600_000);
  for (const bad of ['', 'yesterday', '2026-13-01', '10x']) refused(() => parseTime(bad, now));
});

test('parseFilters() refuses a key that is not there, and names the near one', () => {
  assert.throws(
    () => parseFilters(['statsu=running'], ['status', 'name']),
    error => isPlimsollError(error) && error.hint === 'did you mean status?',
  );
  for (const bad of ['status', '=x', 'colour=red']) refused(() => parseFilters([bad], ['status', 'name']));
});

test('filters of one key are alternatives, labels are all required', () => {
  const filters = parseFilters(
    ['status=running', 'status=paused', 'label=a', 'label=b=2'],
    ['status', 'label'],
  );
  assert.ok(passes(filters, 'status', value => value === 'paused'));
  assert.ok(!passes(filters, 'status', value => value === 'exited'));
  assert.ok(
    passes(filters, 'name', () => false),
    'a filter that was not given lets all through',
  );
  assert.ok(passesLabels(filters, { a: '', b: '2' }));
  assert.ok(!passesLabels(filters, { a: '', b: '3' }));
  assert.ok(!passesLabels(filters, { b: '2' }));
});

test('parseSecurity() knows four options, and refuses the rest but labels', () => {
  assert.deepEqual(parseSecurity(['no-new-privileges', 'seccomp=unconfined'], '/'), {
    noNewPrivileges: true,
    seccomp: 'unconfined',
  });
  assert.deepEqual(parseSecurity(['no-new-privileges:false'], '/'), { noNewPrivileges: false });
  assert.deepEqual(parseSecurity(['apparmor=x', 'systempaths=unconfined', 'label=disable'], '/'), {
    apparmor: 'x',
    unmasked: true,
  });
  for (const bad of [
    'apparmor',
    'systempaths=x',
    'seccomp',
    'seccomp=/nope.json',
    'no-new-privileges=maybe',
    '',
  ]) {
    refused(() => parseSecurity([bad], '/'));
  }
});

test('parseDevice() tells devices of the host from CDI names', () => {
  const device = (source: string, target: string, access: string) => ({ device: { source, target, access } });
  assert.deepEqual(parseDevice('/dev/fuse'), device('/dev/fuse', '/dev/fuse', 'rwm'));
  assert.deepEqual(parseDevice('/dev/sdc:r'), device('/dev/sdc', '/dev/sdc', 'r'));
  assert.deepEqual(parseDevice('/dev/sdc:/dev/xvdc:rw'), device('/dev/sdc', '/dev/xvdc', 'rw'));
  assert.deepEqual(parseDevice('nvidia.com/gpu=all'), { cdi: 'nvidia.com/gpu=all' });
  for (const bad of ['', 'fuse', '/dev/a:b', '/dev/a:/dev/b:x', '/dev/a:/dev/b:r:w', 'gpu=0'])
    refused(() => parseDevice(bad));
});

test("parseGpus() reads docker's forms", () => {
  assert.equal(parseGpus('all'), 'all');
  assert.equal(parseGpus('2'), 2);
  assert.deepEqual(parseGpus('device=0,GPU-3a'), ['0', 'GPU-3a']);
  assert.deepEqual(parseGpus('"device=0,1",capabilities=utility'.replaceAll('"', '')), ['0', '1']);
  assert.equal(parseGpus('count=all,capabilities=compute'), 'all');
  for (const bad of ['', 'some', 'driver=nvidia']) refused(() => parseGpus(bad));
});
