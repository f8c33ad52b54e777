import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogStore, selectedRow } from '../../../src/tui/model/index.ts';
import { noon, pilotOn } from '../../support/dashboard-state.ts';

test('ctrl-s saves the list as it is filtered and sorted, with numbers as numbers', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press('/').type('web').press('enter', 'ctrl+s');
  const [save] = pilot.taken().filter(one => one.type === 'save-text');
  assert.equal(save?.name, 'containers');
  const lines = save?.text.split('\r\n') ?? [];
  assert.match(lines[0] ?? '', /^Name,Id,Image,State,Health,ExitCode,Started,Cpu,CpuLimit,Memory,/);
  assert.match(
    lines[1] ?? '',
    /^gateway,[0-9a-f]{64},shop\/web:[\d.]+,running,\w*,,2026-\S+Z,[\d.]+,[\d.]*,\d+,/,
  );
  assert.equal(save?.what, `${lines.length - 2} row${lines.length === 3 ? '' : 's'}`);
});

test('every list can be saved', async () => {
  const { pilot } = await pilotOn(120, 40);
  for (const [key, field] of [
    ['2', 'Names,'],
    ['3', 'Tags,'],
    ['4', 'Time,'],
    ['c', 'Name,Advice,'],
  ] as const) {
    const [save] = pilot
      .press(key, 'ctrl+s')
      .taken()
      .filter(one => one.type === 'save-text');
    assert.ok(save?.text.startsWith(field), key);
  }
});

test('in the logs ctrl-s saves these', async () => {
  const { pilot } = await pilotOn(120, 40);
  const store = new LogStore();
  store.append({ time: new Date(noon).toISOString(), stream: 'stdout', text: 'one' });
  const { id: container = '', name } = selectedRow(pilot.state) ?? {};
  pilot.tell({ type: 'logs-opened', container, store });
  pilot.press('l', 't', 'ctrl+s');
  assert.deepEqual(
    pilot.taken().filter(one => one.type === 'save-lines'),
    [{ type: 'save-lines', name, what: `1 line of "${name}"`, store, times: true }],
  );
});
