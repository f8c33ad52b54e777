import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { assertLoggable, planLog } from '../../../../src/engine/container/log/log-config.ts';
import { journalArguments, parseJournalLine } from '../../../../src/engine/container/log/read-journal.ts';

const megabyte = 1024 * 1024;

test('a log is bounded if nobody says anything: three files of 20 MB (pain 13)', () => {
  const usual = { kind: 'file', rotateAboveBytes: 20 * megabyte, rotatedFiles: 2 };
  assert.deepEqual(planLog(undefined), usual);
  assert.deepEqual(planLog({ driver: 'json-file' }), usual);
});

test('max-size and max-file bound it as docker has it, all files together', () => {
  const plan = (options: Record<string, string>) => planLog({ driver: 'json-file', options });
  assert.deepEqual(plan({ 'max-size': '10m', 'max-file': '5' }), {
    kind: 'file',
    rotateAboveBytes: 10 * megabyte,
    rotatedFiles: 4,
  });
  assert.deepEqual(plan({ 'max-size': '10m', 'max-file': '1' }), {
    kind: 'file',
    rotateAboveBytes: 5 * megabyte,
    rotatedFiles: 1,
  });
  assert.deepEqual(plan({ 'max-size': '-1' }), {
    kind: 'file',
    rotateAboveBytes: Number.POSITIVE_INFINITY,
    rotatedFiles: 2,
  });
  assert.deepEqual(planLog({ driver: 'none' }), { kind: 'none' });
  assert.deepEqual(planLog({ driver: 'journald', options: { tag: 'web' } }), {
    kind: 'journald',
    tag: 'web',
  });
});

test('options that a driver lacks, or that make no sense, are refused by name', () => {
  for (const [driver, options, message] of [
    ['json-file', { 'max-size': 'much' }, /"much" is no size/],
    ['json-file', { 'max-size': '0' }, /"0" is no size/],
    ['json-file', { 'max-file': '0' }, /"0" is no number/],
    ['json-file', { compress: 'true' }, /not compressed/],
    ['json-file', { mode: 'non-blocking' }, /non-blocking/],
    ['json-file', { 'splunk-url': 'x' }, /no option "splunk-url"/],
    ['journald', { 'max-size': '1m' }, /no option "max-size"/],
    ['none', { tag: 'x' }, /no option "tag"/],
    ['local', { labels: 'x' }, /no option "labels"/],
    ['json-file', { tag: '{{.Nmae}}' }, /no tag "\{\{\.Nmae\}\}"/],
    ['journald', { 'env-regex': '(' }, /"\(" is no regular expression/],
  ] as const)
    assert.throws(() => planLog({ driver, options }), { code: 'LOG_OPTION_INVALID', message });
});

test('the journal is refused where there is none, before anything is made', () => {
  const log = { driver: 'journald' } as const;
  assert.throws(() => assertLoggable(log, '/nonexistent'), { code: 'NO_JOURNAL' });
  assertLoggable(log, '/dev/null');
  assertLoggable(undefined, '/nonexistent');
});

test('parseJournalLine() reads what journalctl writes: text, bytes, both streams, pieces', () => {
  const entry = (fields: object) =>
    parseJournalLine(JSON.stringify({ __REALTIME_TIMESTAMP: '1764280000123456', PRIORITY: '6', ...fields }));
  assert.deepEqual(entry({ MESSAGE: 'ahoy' }), {
    time: '2025-11-27T21:46:40.123456000Z',
    stream: 'stdout',
    line: Buffer.from('ahoy'),
    partial: false,
  });
  assert.deepEqual(entry({ MESSAGE: 'ahoy\n' })?.line, Buffer.from('ahoy'), 'as conmon 2.1.6 writes it');
  assert.deepEqual(entry({ MESSAGE: '\n' })?.line, Buffer.from(''));
  const bytes = entry({ MESSAGE: [0, 255, 27], PRIORITY: '3', CONTAINER_PARTIAL_MESSAGE: 'true' });
  assert.deepEqual([bytes?.stream, bytes?.partial, bytes?.line], ['stderr', true, Buffer.from([0, 255, 27])]);
  assert.equal(entry({ MESSAGE: null }), undefined);
  assert.equal(parseJournalLine('-- No entries --'), undefined);
});

test('journalctl takes the arguments that it is given', {
  skip: spawnSync('sh', ['-c', 'command -v journalctl']).status === 0 ? false : 'needs journalctl (systemd)',
}, () => {
  const args = journalArguments('f'.repeat(64), {
    since: 1_764_280_000_123,
    until: 1_764_280_001_000,
    tail: 5,
    ended: () => true,
  });
  const journalctl = 'journalctl';
  const { status, stderr } = spawnSync(journalctl, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
