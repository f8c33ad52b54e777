import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAlertRule } from '../../../src/capacity/index.ts';
import { readAlerts } from '../../../src/cli/config/read-alerts.ts';

test('readAlerts() takes the rules of the configuration file, and names the line of one that is none', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config.json');
  const read = async (text: string) => {
    writeFileSync(path, text);
    return await readAlerts({ env: { PLIMSOLL_CONFIG: path } });
  };
  assert.deepEqual(await read('{"prices": {}}'), {});
  assert.deepEqual(
    await read('{"alerts": {"rules": ["cpu > 50% for 10s", "oom"], "quiet_after_start": "2m"}}'),
    { rules: [parseAlertRule('cpu > 50% for 10s'), { incident: 'oom' }], quietMs: 120_000 },
  );
  assert.deepEqual(await read('{"alerts": {"rules": []}}'), { rules: [] });
  for (const [text, message] of [
    [
      '{"alerts": {\n "rules": [\n  "oom",\n  "memory is full"]}}',
      /line 4 is not right: "memory is full" is no rule/,
    ],
    ['{"alerts": {\n "rules": [7]}}', /line 2 is not right: 7 is not a text/],
    ['{"alerts":\n {"rule": []}}', /line 2 is not right: alerts knows no "rule"; did you mean rules\?/],
    ['{"alerts": {"rules": {}}}', /rules is not a list/],
    ['{"alerts":\n {"quiet_after_start": "soon"}}', /line 2 .*"soon" is not a duration/],
    ['{"alerts": {"rules": [\n"oom" "died"]}}', /not right: .*line 2/],
  ] as const)
    await assert.rejects(read(text), { code: 'CONFIG_INVALID', message });
});
