import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPlimsollError } from '../../src/errors.ts';
import { toContainerSpec } from '../../src/wire/index.ts';

const context = { exposed: [] };

test('toContainerSpec() reads what docker run sends, and takes what is empty for what is not there', () => {
  const body = {
    Hostname: '',
    User: 'daemon',
    Cmd: ['serve', '-v'],
    Entrypoint: null,
    Env: ['A=1'],
    Image: 'web',
    Volumes: { '/data': {}, '/kept': {} },
    Labels: {},
    OpenStdin: true,
    Tty: false,
    ExposedPorts: { '80/tcp': {} },
    Healthcheck: { Test: ['CMD', 'probe', "it's"], Interval: 2_000_000_000, Retries: 3 },
    HostConfig: {
      Binds: ['/srv:/srv:ro', 'files:/kept'],
      PortBindings: {
        '80/tcp': [
          { HostIp: '', HostPort: '8080' },
          { HostIp: '127.0.0.1', HostPort: '' },
        ],
      },
      NetworkMode: 'default',
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
      Memory: 64 * 1024 * 1024,
      NanoCpus: 1_500_000_000,
      MemorySwappiness: -1,
      OomKillDisable: false,
      Tmpfs: { '/run': 'size=1m,mode=755' },
      ShmSize: 0,
    },
    NetworkingConfig: { EndpointsConfig: { default: { Aliases: ['w'] }, other: null } },
  };
  assert.deepEqual(toContainerSpec(body, { name: 'w1', exposed: [] }), {
    image: 'web',
    name: 'w1',
    user: 'daemon',
    command: ['serve', '-v'],
    env: ['A=1'],
    labels: {},
    openStdin: true,
    expose: ['80/tcp'],
    health: { command: `probe 'it'\\''s'`, intervalMs: 2000, retries: 3 },
    mounts: [
      { type: 'bind', source: '/srv', target: '/srv', readOnly: true, createSource: true },
      { type: 'volume', name: 'files', target: '/kept', readOnly: false },
      { type: 'tmpfs', target: '/run', options: ['size=1m', 'mode=755'] },
      { type: 'volume', name: '', target: '/data', readOnly: false },
    ],
    ports: [
      { protocol: 'tcp', hostAddress: '', hostPort: 8080, containerPort: 80 },
      { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 0, containerPort: 80 },
    ],
    network: 'bridge',
    attachments: [{ network: 'bridge', aliases: ['w'] }, { network: 'other' }],
    restart: { name: 'on-failure', maximumRetries: 3 },
    limits: { memoryBytes: 64 * 1024 * 1024, cpus: 1.5 },
  });
});

test('toContainerSpec() publishes all that is exposed when it is asked to, each once', () => {
  const body = { Image: 'web', ExposedPorts: { '80/tcp': {} }, HostConfig: { PublishAllPorts: true } };
  const { ports } = toContainerSpec(body, { exposed: ['80/tcp', '53/udp'] });
  assert.deepEqual(
    ports?.map(({ containerPort, protocol, hostPort }) => [containerPort, protocol, hostPort]),
    [
      [80, 'tcp', 0],
      [53, 'udp', 0],
    ],
  );
});

test('toContainerSpec() clears the entrypoint by an empty word, and knows names without regard to case', () => {
  assert.deepEqual(toContainerSpec({ image: 'web', entrypoint: [''] }, context).entrypoint, []);
});

const refused: [string, object, RegExp, string][] = [
  ['no image', {}, /no image/, 'invalid-argument'],
  ['a number for a name', { Image: 3 }, /Image must be a string/, 'invalid-argument'],
  [
    'a string for a list',
    { Image: 'a', HostConfig: { Binds: 'x' } },
    /HostConfig.Binds must be/,
    'invalid-argument',
  ],
  ['a bind of /', { Image: 'a', HostConfig: { Binds: ['/srv:/'] } }, /destination/, 'invalid-argument'],
  [
    'a name that escapes',
    { Image: 'a', HostConfig: { Binds: ['../x:/srv'] } },
    /invalid characters/,
    'invalid-argument',
  ],
  [
    'a port that is none',
    { Image: 'a', HostConfig: { PortBindings: { '99999/tcp': [] } } },
    /port/,
    'invalid-argument',
  ],
  [
    'a restart of what is removed',
    { Image: 'a', HostConfig: { AutoRemove: true, RestartPolicy: { Name: 'always' } } },
    /AutoRemove/,
    'invalid-argument',
  ],
  [
    'a log driver',
    { Image: 'a', HostConfig: { LogConfig: { Type: 'syslog' } } },
    /log driver/,
    'not-implemented',
  ],
  ['a runtime', { Image: 'a', HostConfig: { Runtime: 'kata' } }, /runtime/, 'not-implemented'],
];
test('toContainerSpec() takes the links of the container and of its networks', () => {
  const links = [{ container: 'db', alias: 'database' }];
  const ofContainer = toContainerSpec({ Image: 'a', HostConfig: { Links: ['db:database'] } }, context);
  assert.deepEqual(ofContainer.attachments, [{ network: 'bridge', links }]);
  const EndpointsConfig = { net: { Links: ['db:database', 'cache'] } };
  const body = { Image: 'a', HostConfig: { NetworkMode: 'net' }, NetworkingConfig: { EndpointsConfig } };
  assert.deepEqual(toContainerSpec(body, context).attachments, [
    { network: 'net', links: [...links, { container: 'cache', alias: 'cache' }] },
  ]);
});

test('toContainerSpec() takes the log drivers that there are, with their options', () => {
  const log = (LogConfig: object) => toContainerSpec({ Image: 'a', HostConfig: { LogConfig } }, context).log;
  assert.equal(log({ Type: '', Config: {} }), undefined);
  assert.deepEqual(log({ Type: 'json-file', Config: { 'max-size': '10m' } }), {
    driver: 'json-file',
    options: { 'max-size': '10m' },
  });
  assert.deepEqual(log({ Type: 'journald', Config: null }), { driver: 'journald' });
});

for (const [what, body, message, kind] of refused) {
  test(`toContainerSpec() refuses ${what}`, () => {
    assert.throws(
      () => toContainerSpec(body, context),
      error => isPlimsollError(error, kind as 'conflict') && message.test(error.message),
    );
  });
}

test('toContainerSpec() refuses what cannot be a hardware address before the kernel does', () => {
  const of = (mac: string) =>
    toContainerSpec({ Image: 'web', MacAddress: mac }, context).attachments?.[0]?.mac;
  assert.equal(of('02-42-AC-11-00-99'), '02:42:ac:11:00:99');
  for (const wrong of ['zz', '01:00:00:00:00:01', '00:00:00:00:00:00', '02:42:ac:11:00']) {
    assert.throws(() => of(wrong), { kind: 'invalid-argument', message: /^invalid MacAddress: / }, wrong);
    const endpoint = { EndpointsConfig: { a: { MacAddress: wrong } } };
    assert.throws(
      () => toContainerSpec({ Image: 'web', NetworkingConfig: endpoint }, context),
      { kind: 'invalid-argument', message: /^invalid MacAddress: / },
      wrong,
    );
  }
});
