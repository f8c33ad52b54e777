import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolveHealth } from '../../../../src/engine/container/health/resolve-health.ts';
import type { ImageProcessConfig } from '../../../../src/oci/index.ts';

const usual = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  startIntervalMs: 5000,
  retries: 3,
  onFailure: 'none',
};
const image = (Healthcheck: unknown, more: object = {}) => ({ Healthcheck, ...more }) as ImageProcessConfig;

describe('resolveHealth()', () => {
  test("takes the image's check, by a shell of its own or none", () => {
    assert.deepEqual(resolveHealth(undefined, image({ Test: ['CMD', 'a', 'b'] })), {
      ...usual,
      command: ['a', 'b'],
    });
    assert.deepEqual(resolveHealth(undefined, image({ Test: ['CMD-SHELL', 'a | b'] }))?.command, [
      '/bin/sh',
      '-c',
      'a | b',
    ]);
    const shell = image({ Test: ['CMD-SHELL', 'a'] }, { Shell: ['/bin/bash', '-ec'] });
    assert.deepEqual(resolveHealth(undefined, shell)?.command, ['/bin/bash', '-ec', 'a']);
    assert.equal(resolveHealth(undefined, image({ Test: ['NONE'] })), undefined);
    assert.equal(resolveHealth(undefined, {}), undefined);
  });

  test("has the image's times in nanoseconds, the user's over them, docker's for 0", () => {
    const check = {
      Test: ['CMD', 'a'],
      Interval: 2e9,
      Timeout: 0,
      StartPeriod: 1.5e9,
      StartInterval: 5e8,
      Retries: 7,
    };
    assert.deepEqual(resolveHealth({ timeoutMs: 5, intervalMs: 0, onFailure: 'kill' }, image(check)), {
      command: ['a'],
      intervalMs: 2000,
      timeoutMs: 5,
      startPeriodMs: 1500,
      startIntervalMs: 500,
      retries: 7,
      onFailure: 'kill',
    });
  });

  test("lets the user's command replace it, or an empty one turn it off", () => {
    const base = image({ Test: ['CMD', 'a'], Retries: 5 });
    const own = resolveHealth({ command: 'test -e /ok' }, base);
    assert.deepEqual([own?.command, own?.retries], [['/bin/sh', '-c', 'test -e /ok'], 5]);
    assert.equal(resolveHealth({ command: '' }, base), undefined);
  });

  test('is not misled by an image full of nonsense', () => {
    for (const wrong of [null, 7, 'CMD x', [], ['CMD'], ['NOSUCH', 'x'], [7, 8], { 0: 'CMD' }])
      assert.equal(resolveHealth(undefined, image({ Test: wrong })), undefined, JSON.stringify(wrong));
    const odd = {
      Test: ['CMD', 'a', 7, 'b'],
      Interval: 'soon',
      Timeout: -5,
      StartPeriod: {},
      Retries: 'many',
    };
    assert.deepEqual(resolveHealth(undefined, image(odd)), { ...usual, command: ['a', 'b'] });
  });

  test('refuses what cannot be', () => {
    const base = image({ Test: ['CMD', 'a'] });
    for (const spec of [{ intervalMs: -1 }, { timeoutMs: Number.NaN, retries: 1.5 }, { retries: -2 }])
      assert.throws(() => resolveHealth(spec, base), { code: 'HEALTH_INVALID' }, JSON.stringify(spec));
    assert.throws(() => resolveHealth({ onFailure: 'kill' }, {}), { code: 'HEALTH_INVALID' });
  });
});
