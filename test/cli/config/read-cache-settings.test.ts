import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCacheSettings } from '../../../src/cli/config/read-cache-settings.ts';

test('readCacheSettings() takes sizes and parts of the disk, and says what is wrong with others', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'config.json');
  const read = (text: string) => {
    writeFileSync(file, text);
    return readCacheSettings({ env: { PLIMSOLL_CONFIG: file } });
  };
  assert.equal(await readCacheSettings({ env: {} }), undefined);
  assert.equal(await read('{}'), undefined);
  assert.deepEqual(await read('{"build_cache": {"gc": false}}'), { gc: false });
  assert.deepEqual(
    await read(
      '{"build_cache": {"max_used_space": "20GB", "reserved_space": 4096, "min_free_space": "12.5%"}}',
    ),
    { maxUsed: { bytes: 20 * 1024 ** 3 }, reserved: { bytes: 4096 }, minFree: { percent: 12.5 } },
  );
  for (const [text, message] of [
    ['{"build_cache": {"max_used": "1g"}}', /knows no "max_used"; did you mean max_used_space\?/],
    ['{"build_cache": {"gc": "no"}}', /gc is not true or false/],
    ['{"build_cache": {"min_free_space": "120%"}}', /line 1 is not right: "120%" is neither a size nor/],
    ['{"build_cache": {"min_free_space": true}}', /true is neither a size nor/],
  ] as const)
    await assert.rejects(read(text), { code: 'CONFIG_INVALID', message });
});
