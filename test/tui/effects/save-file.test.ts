import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { saveFile } from '../../../src/tui/effects/save-file.ts';
import { LogStore, type Msg } from '../../../src/tui/model/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-save-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const said = (msg: Msg): string => (msg.type === 'noticed' ? msg.notice.text : '');

test('output is saved whole, cleaned, and beside what is there already', async () => {
  const store = new LogStore();
  for (let i = 0; i < 9000; i++)
    store.append({ time: `2026-06-21T12:00:00.${i}Z`, stream: 'stdout', text: `\u001b[31mline ${i}` });
  const save = { type: 'save-lines', name: 'shop/web:1', what: '9000 lines of "web"', store } as const;
  writeFileSync(join(folder, 'shop-web-1.log'), 'mine');
  assert.equal(
    said(await saveFile({ ...save, times: false }, folder)),
    `Saved 9000 lines of "web" to ${join(folder, 'shop-web-1-2.log')}`,
  );
  await saveFile({ ...save, times: true }, folder);
  assert.equal(readFileSync(join(folder, 'shop-web-1.log'), 'utf8'), 'mine');
  const lines = readFileSync(join(folder, 'shop-web-1-2.log'), 'utf8').split('\n');
  assert.deepEqual([lines.length, lines[0], lines[8999], lines[9000]], [9001, 'line 0', 'line 8999', '']);
  assert.match(readFileSync(join(folder, 'shop-web-1-3.log'), 'utf8'), /^2026-06-21T12:00:00.0Z line 0\n/);
  assert.equal(statSync(join(folder, 'shop-web-1-2.log')).mode & 0o777, 0o600);
});

test('a name leads to no other folder', async () => {
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  await saveFile({ type: 'save-text', name: '../../../.out', what: '1 row', text: 'a\r\n' }, inner);
  assert.deepEqual(readdirSync(inner), ['out.csv']);
});

test('a file that cannot be written is said in a sentence with what to do', async () => {
  const save = { type: 'save-text', name: 'x', what: '1 row', text: 'a' } as const;
  await assert.rejects(saveFile(save, join(folder, 'gone')), {
    message: `"${join(folder, 'gone', 'x.csv')}" was not saved: this folder is gone`,
    hint: 'start the dashboard in another folder',
  });
});
