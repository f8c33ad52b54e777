import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { consolidate, defaultConsolidation, type FleetMachine } from '../../../src/capacity/index.ts';
import { cellWidth } from '../../../src/lib/cell-text.ts';
import { createTheme } from '../../../src/tui/components/index.ts';
import {
  type FleetCommand,
  type FleetState,
  fleetScreen,
  initialFleet,
  updateFleet,
} from '../../../src/tui/fleet/index.ts';
import { golden } from '../../support/golden.ts';
import { simulatedFleet } from '../../support/simulated-fleet.ts';

process.env.TZ = 'UTC';
const plain = createTheme({ colours: 'none', unicode: true });
const ascii = createTheme({ colours: 'none', unicode: false });
const now = Date.UTC(2026, 5, 1, 12);
const terms = {
  silentAfterMs: 15_000,
  prices: { coreHour: 0.03, gibHour: 0.004, currency: 'EUR' },
};

/** The pane after these keys, and what it wants done. */
function paneAfter(
  keys: readonly string[],
  { size = { columns: 80, rows: 24 }, machines = simulatedFleet(60, 12, { now }) } = {},
): { state: FleetState; commands: readonly FleetCommand[] } {
  let [state] = updateFleet(initialFleet(size, { now, terms }), { type: 'machines', machines, now });
  const all: FleetCommand[] = [];
  for (const key of keys) {
    const [next, commands] = updateFleet(state, { type: 'key', key });
    state = next;
    all.push(...commands);
    for (const command of commands)
      if (command.type === 'plan') {
        const plan = consolidate(command.machines, { ...defaultConsolidation, ...terms, now });
        [state] = updateFleet(state, { type: 'planned', plan });
      }
  }
  return { state, commands: all };
}

function picture(state: FleetState, theme = plain): string {
  return `${fleetScreen(state, theme)
    .map(line => stripVTControlCharacters(line).trimEnd())
    .join('\n')}\n`;
}

for (const [name, keys, size] of [
  ['80x24', ['down'], { columns: 80, rows: 24 }],
  ['120x40', ['down'], { columns: 120, rows: 40 }],
  ['moves-80x24', ['m'], { columns: 80, rows: 24 }],
  ['silent-120x40', ['s', 's', 's', 's', 's'], { columns: 120, rows: 40 }],
  ['help-80x24', ['?'], { columns: 80, rows: 24 }],
] as const)
  test(`the fleet pane (${name}) is as it was looked at`, () => {
    golden(`tui/fleet-${name}.txt`, picture(paneAfter(keys, { size }).state));
  });

test('the fleet pane fills any terminal, with a thousand machines and with none', () => {
  const thousand = simulatedFleet(1000, 20, { now });
  const fleets: readonly (readonly FleetMachine[])[] = [
    thousand,
    [],
    [{ name: 'a\u001b[2Jb', problem: 'no' }],
  ];
  for (const machines of fleets)
    for (const size of [
      { columns: 40, rows: 10 },
      { columns: 80, rows: 24 },
      { columns: 200, rows: 60 },
    ])
      for (const theme of [plain, ascii]) {
        const rows = fleetScreen(paneAfter(['end'], { size, machines: [...machines] }).state, theme);
        assert.equal(rows.length, size.rows);
        for (const row of rows) assert.equal(cellWidth(stripVTControlCharacters(row)), size.columns);
      }
});

test('enter opens the machine under the cursor, which stays on it when the order changes', () => {
  const { state, commands } = paneAfter(['s', 'down', 'down', 'enter']);
  assert.deepEqual(commands, [{ type: 'visit', name: 'vm-0002' }]);
  const [sorted] = updateFleet(state, { type: 'key', key: 's' });
  assert.equal(sorted.selected, 'vm-0002');
});

test('a plan in the making shows how far it is, leaves the pane alive, and can be ended', () => {
  const machines = simulatedFleet(20, 5, { now });
  let [state] = updateFleet(initialFleet({ columns: 80, rows: 24 }, { now, terms }), {
    type: 'machines',
    machines,
    now,
  });
  const press = (key: string) => {
    const [next, commands] = updateFleet(state, { type: 'key', key });
    state = next;
    return commands;
  };
  assert.equal(press('m')[0]?.type, 'plan');
  [state] = updateFleet(state, { type: 'planning', share: 0.42 });
  assert.match(picture(state), /looking which machines could be emptied .* 42% {2}esc ends it/);
  press('down');
  assert.notEqual(state.selected, undefined);
  assert.match(picture(state), /42%/);
  assert.deepEqual(press('escape'), [{ type: 'stop-planning' }]);
  const plan = consolidate(machines, { ...defaultConsolidation, ...terms, now });
  [state] = updateFleet(state, { type: 'planned', plan });
  assert.equal(state.view, 'machines', 'what nobody waits for does not come up');
});

test('a filter is typed, kept and cleared', () => {
  const { state } = paneAfter(['/', ...'silent', 'enter']);
  assert.match(picture(state), /vm-0013/);
  assert.doesNotMatch(picture(state), /vm-0014/);
  const [cleared] = updateFleet(state, { type: 'key', key: 'escape' });
  assert.equal(cleared.filter, '');
});

test('q and ctrl-c quit, also while something is typed', () => {
  assert.deepEqual(paneAfter(['q']).commands, [{ type: 'quit' }]);
  assert.deepEqual(paneAfter(['/', 'q', 'ctrl+c']).commands, [{ type: 'quit' }]);
});

test('on a small screen each column says of what it is, nothing is cut, and help and quit are named', () => {
  for (const [columns, rows] of [
    [80, 24],
    [60, 18],
    [40, 12],
  ] as const) {
    const text = picture(paneAfter([], { size: { columns, rows } }).state);
    assert.match(text, /CPU WASTE\S? .*MEM WASTE/, `${columns}`);
    assert.doesNotMatch(text.split('\n').slice(1).join('\n'), /…/, `${columns}`);
    assert.match(text, /\? help {2}q quit/, `${columns}`);
    const help = picture(paneAfter(['?'], { size: { columns, rows } }).state);
    assert.match(help, /redraw, suspend/, `${columns}`);
  }
});
