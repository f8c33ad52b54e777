import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatPort, parsePort } from '../../../src/cli/parse/parse-port.ts';
import { formatRestart, parseRestart } from '../../../src/cli/parse/parse-restart.ts';
import { formatSize, parseSize } from '../../../src/cli/parse/parse-size.ts';
import { isPlimsollError } from '../../../src/errors.ts';

const octet = fc.integer({ min: 0, max: 255 });
const port = fc.integer({ min: 1, max: 65535 });

test('parsePort() reads back what formatPort() wrote', () => {
  const published = fc.record(
    {
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      hostAddress: fc.tuple(octet, octet, octet, octet).map(octets => octets.join('.')),
      hostPort: fc.oneof(fc.constant(0), port),
      containerPort: port,
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(published, one => assert.deepEqual(parsePort(formatPort(one)), [one])));
});

test('parsePort() pairs ranges of equal length, and takes a bare container port', () => {
  assert.deepEqual(
    parsePort('127.0.0.1:8000-8002:80-82/udp').map(({ hostPort, containerPort }) => [
      hostPort,
      containerPort,
    ]),
    [
      [8000, 80],
      [8001, 81],
      [8002, 82],
    ],
  );
  assert.deepEqual(parsePort('80'), [
    { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 0, containerPort: 80 },
  ]);
});

test('parseSize() reads back what formatSize() wrote', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 45 }), bytes =>
      assert.equal(parseSize(formatSize(bytes)), bytes),
    ),
  );
});

test("parseSize() takes docker's units", () => {
  assert.deepEqual(
    ['4096', '512m', '1.5g', '64MiB', '2kb'].map(text => parseSize(text)),
    [4096, 512 * 2 ** 20, 1.5 * 2 ** 30, 64 * 2 ** 20, 2048],
  );
});

test('parseRestart() reads back what formatRestart() wrote', () => {
  const policy = fc.oneof(
    fc.constantFrom(
      { name: 'no' as const },
      { name: 'always' as const },
      { name: 'unless-stopped' as const },
    ),
    fc.nat(1000).map(maximumRetries => ({ name: 'on-failure' as const, maximumRetries })),
  );
  fc.assert(fc.property(policy, one => assert.deepEqual(parseRestart(formatRestart(one)), one)));
});

test('what is not of the form is one clear error with a hint', () => {
  const bad = [
    () => parsePort('99999:80'),
    () => parsePort('1:2:3:4:5'),
    () => parsePort('80-82:1-2'),
    () => parsePort(''),
    () => parseSize('lots'),
    () => parseSize('-5'),
    () => parseRestart('sometimes'),
    () => parseRestart('always:3'),
  ];
  for (const attempt of bad) {
    assert.throws(attempt, error => isPlimsollError(error, 'invalid-argument') && (error.hint ?? '') !== '');
  }
});
