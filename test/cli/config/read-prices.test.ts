import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPrices } from '../../../src/cli/config/read-prices.ts';
import { formatMoney, moneyColumn } from '../../../src/cli/format/format-money.ts';

test('readPrices() takes the file that is named, else the own one; says what is wrong with it', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const own = join(folder, 'plimsoll/config.json');
  mkdirSync(join(folder, 'plimsoll'));
  const write = (text: string) => writeFileSync(own, text);
  const read = (env: Record<string, string> = { XDG_CONFIG_HOME: folder }) => readPrices({ env });
  await assert.rejects(read({ PLIMSOLL_CONFIG: join(folder, 'none.json') }), { code: 'CONFIG_INVALID' });
  write('{"prices": {"core_hour": 0.03, "gib_hour": 0.004, "currency": "EUR"}}');
  assert.deepEqual(await read(), { coreHour: 0.03, gibHour: 0.004, currency: 'EUR' });
  assert.deepEqual(await read({ PLIMSOLL_CONFIG: own, XDG_CONFIG_HOME: '/nonexistent' }), await read());
  assert.deepEqual((await read({ HOME: folder })) ?? 'nothing', 'nothing');
  write('{}');
  assert.equal(await read(), undefined);
  for (const [text, message] of [
    ['{"prices": ', /not right: /],
    ['[]', /the file is not a mapping/],
    ['{"price": {}}', /knows no "price"; did you mean prices\?/],
    ['{"prices": {"core_hour": "3"}}', /core_hour is not a price/],
    ['{"prices": {"gib_hour": -1}}', /gib_hour is not a price/],
    ['{"prices": {"currency": "a long word"}}', /currency is not a short word/],
  ] as const) {
    write(text);
    await assert.rejects(read(), { code: 'CONFIG_INVALID', message });
  }
});

test('formatMoney() and moneyColumn() write amounts that can be read', () => {
  const euro = { currency: 'EUR' };
  assert.deepEqual(
    [0, 12.5, 99.994, 1250.4, 1_234_567].map(amount => formatMoney(amount, euro)),
    ['0.00 EUR', '12.50 EUR', '99.99 EUR', '1,250 EUR', '1,234,567 EUR'],
  );
  assert.equal(formatMoney(3, { currency: '' }), '3.00');
  const prices = { coreHour: 1, gibHour: 0, currency: 'EUR' };
  const [column] = moneyColumn(prices, 'A MONTH', (cores: number) => ({ cores }), true);
  assert.equal(column?.value(2), '1460.00');
  assert.deepEqual(
    moneyColumn(undefined, 'A MONTH', () => ({}), true),
    [],
  );
});
