import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatBytes } from '../../src/lib/format-bytes.ts';
import { formatCores } from '../../src/lib/format-cores.ts';
import { formatDuration } from '../../src/lib/format-duration.ts';
import { formatPercent } from '../../src/lib/format-percent.ts';

const cases: readonly (readonly [format: (value: number) => string, value: number, text: string])[] = [
  [formatBytes, 0, '0 B'],
  [formatBytes, 1023, '1023 B'],
  [formatBytes, 1024, '1 KiB'],
  [formatBytes, 1536 * 1024 ** 2, '1.5 GiB'],
  [formatBytes, 1024 ** 3 - 1, '1 GiB'],
  [formatBytes, 25 * 1024 ** 3, '25 GiB'],
  [formatBytes, 124.4 * 1024 ** 2, '124 MiB'],
  [formatBytes, -2048, '-2 KiB'],
  [formatCores, 0, '0'],
  [formatCores, 0.001, '<0.01'],
  [formatCores, 0.25, '0.25'],
  [formatCores, 6, '6'],
  [formatCores, 19.34, '19.3'],
  [formatCores, 9.999, '10'],
  [formatCores, 128.2, '128'],
  [formatPercent, 0, '0%'],
  [formatPercent, 3.46, '3.5%'],
  [formatPercent, 9.96, '10%'],
  [formatPercent, 142.4, '142%'],
  [formatDuration, 0, '0ms'],
  [formatDuration, 850, '850ms'],
  [formatDuration, 999.9, '1s'],
  [formatDuration, 3210, '3.2s'],
  [formatDuration, 9990, '9s'],
  [formatDuration, 59_999, '59s'],
  [formatDuration, 65_000, '1m 5s'],
  [formatDuration, 7_200_000, '2h'],
  [formatDuration, 273_600_000, '3d 4h'],
];

for (const [format, value, text] of cases)
  test(`${format.name}(${value}) is "${text}"`, () => assert.equal(format(value), text));

test('formatBytes() stays within eight columns, and within 5 % of the truth above a KiB', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1024, max: 2 ** 52 }), bytes => {
      const text = formatBytes(bytes);
      const [value = '', unit = ''] = text.split(' ');
      const back = Number(value) * 1024 ** ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'].indexOf(unit);
      return text.length <= 8 && Math.abs(back - bytes) <= bytes * 0.05;
    }),
  );
});
