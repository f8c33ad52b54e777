import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHealth } from '../../../src/cli/parse/parse-health.ts';

test("parseHealth() reads docker's options, and only what was given", () => {
  assert.equal(parseHealth({}), undefined);
  assert.equal(parseHealth({ healthcheck: true }), undefined);
  assert.deepEqual(parseHealth({ healthcheck: false }), { command: '' });
  assert.deepEqual(
    parseHealth({
      healthCmd: 'curl -f localhost',
      healthInterval: '1m30s',
      healthTimeout: '500ms',
      healthStartPeriod: '0s',
      healthStartInterval: '1s',
      healthRetries: '5',
      healthOnFailure: 'restart',
    }),
    {
      command: 'curl -f localhost',
      intervalMs: 90_000,
      timeoutMs: 500,
      startPeriodMs: 0,
      startIntervalMs: 1000,
      retries: 5,
      onFailure: 'restart',
    },
  );
});

test('parseHealth() refuses what docker refuses, by name', () => {
  for (const options of [
    { healthInterval: '1us' },
    { healthTimeout: 'soon' },
    { healthRetries: '-1' },
    { healthOnFailure: 'pray' },
    { healthcheck: false, healthCmd: 'x' },
  ])
    assert.throws(() => parseHealth(options), { code: 'BAD_OPTION' }, JSON.stringify(options));
});
