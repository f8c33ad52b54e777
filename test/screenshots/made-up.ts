import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderToString } from 'ink';
import { createElement } from 'react';
import { createTheme } from '../../src/tui/components/index.ts';
import { fleetScreen, initialFleet, updateFleet } from '../../src/tui/fleet/index.ts';
import { Screen } from '../../src/tui/views/index.ts';
import { obey } from '../support/capacity-of-pilot.ts';
import { type Pilot, pilotOn } from '../support/dashboard-state.ts';
import { simulatedFleet } from '../support/simulated-fleet.ts';
import { emulatorWith } from '../support/terminal.ts';
import { terminalPng } from '../support/terminal-picture.ts';
import { workedExample } from '../support/worked-example.ts';

const theme = createTheme({ colours: 'truecolor', unicode: true });

/** Pictures of what one machine cannot have: a fleet of a thousand VMs, the VM that all of this began with, days of usage. */
export async function shootMadeUp(folder: string): Promise<void> {
  const size = { columns: 120, rows: 40 };
  const now = Date.now();
  const prices = { coreHour: 0.03, gibHour: 0.004, currency: 'EUR' };
  const terms = { silentAfterMs: 15_000, prices };
  const machines = simulatedFleet(1000, 20, { now });
  const [fleet] = updateFleet(initialFleet(size, { now, terms }), { type: 'machines', machines, now });
  await shoot(join(folder, 'fleet.png'), fleetScreen(fleet, theme), size);
  const example = await workedExample(100, 30);
  await shootPilot(join(folder, 'worked-example.png'), example.press('6'));
  const { pilot, engine } = await pilotOn(120, 40, { containers: 5, recorded: true });
  for (const key of ['c', 'w', 't']) {
    pilot.press(key);
    await obey(pilot, engine);
  }
  await shootPilot(join(folder, 'advice.png'), pilot);
}

async function shootPilot(path: string, { state }: Pilot): Promise<void> {
  const drawn = renderToString(createElement(Screen, { state, theme }), { columns: state.size.columns });
  await shoot(path, drawn.split('\n'), state.size);
}

async function shoot(
  path: string,
  rows: readonly string[],
  size: { readonly columns: number; readonly rows: number },
): Promise<void> {
  writeFileSync(path, terminalPng(await emulatorWith(rows, size)));
  console.log(path);
}
