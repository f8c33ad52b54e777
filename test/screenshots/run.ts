/**
 * `npm run screenshots`: runs the real dashboard on real containers (the demo, and a build) in a terminal emulator and
 * writes what it shows to screenshots/. Needs root, like the dashboard's work. Figures are the machine's own, so the
 * pictures differ from run to run; nothing in them is staged, but for those of `made-up.ts`.
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Home, openHome, writeContext } from '../e2e/dashboard.ts';
import { keys, type TerminalProgram } from '../support/terminal.ts';
import { terminalPng } from '../support/terminal-picture.ts';
import { shootMadeUp } from './made-up.ts';
import { onDocker } from './on-docker.ts';

const folder = resolve(import.meta.dirname, '../../screenshots');

function shoot(screen: TerminalProgram, name: string): void {
  writeFileSync(join(folder, `${name}.png`), terminalPng(screen.emulator));
  console.log(`screenshots/${name}.png`);
}

async function press(screen: TerminalProgram, ...all: readonly string[]): Promise<void> {
  for (const key of all) {
    screen.type(key);
    await sleep(250);
  }
}

async function selectRow(screen: TerminalProgram, name: string): Promise<void> {
  await press(screen, '1', keys.escape, '/');
  await press(screen, name, keys.enter);
}

async function overviewAndDetails(home: Home): Promise<void> {
  await using screen = home.dashboard({ columns: 150, rows: 42 });
  await screen.see(/demo-cpu-hog/);
  await sleep(20_000); // some history for the charts
  shoot(screen, 'overview');
  await press(screen, 'c');
  await sleep(25_000); // more of it, for the load line over time
  shoot(screen, 'capacity');
  await press(screen, '1');
  await press(screen, '?');
  await sleep(400);
  shoot(screen, 'help');
  await press(screen, keys.escape);
  await selectRow(screen, 'cpu');
  await press(screen, '6');
  await sleep(2000);
  shoot(screen, 'charts');
  await press(screen, '5');
  await selectRow(screen, 'batch');
  await press(screen, '5', 'z');
  await sleep(1500);
  shoot(screen, 'logs');
}

async function build(home: Home): Promise<void> {
  const context = writeContext(home.folder);
  writeFileSync(
    join(context, 'Dockerfile'),
    `FROM busybox AS timber
RUN for i in 1 2 3 4 5 6; do echo "sawing plank $i"; sleep 0.4; done; echo planks > /planks
FROM busybox AS sails
RUN for i in 1 2 3 4 5; do echo "sewing sail $i"; sleep 0.5; done; echo sails > /sails
FROM busybox
COPY --from=timber /planks /hold/
COPY --from=sails /sails /hold/
COPY greeting.txt serve /
RUN echo "checking the load line"; sleep 2
CMD ["/serve"]
`,
  );
  await using screen = home.dashboard({ columns: 150, rows: 42, cwd: home.folder });
  await screen.see(/demo-web/);
  await press(screen, 'b', keys.ctrlU, context, keys.tab, keys.tab, 'ship:1.0', keys.enter);
  await screen.see(/sewing sail 3|sawing plank 4/, 20_000);
  shoot(screen, 'build');
  await screen.see(/Built ship/, 30_000);
}

async function small(home: Home): Promise<void> {
  await using screen = home.dashboard({ columns: 80, rows: 24 });
  await screen.see(/demo-cpu-hog/);
  await sleep(6000);
  shoot(screen, '80x24');
}

async function onOwnEngine(): Promise<void> {
  using home = openHome();
  home.plimsoll('demo', 'up');
  try {
    await overviewAndDetails(home);
    await build(home);
    await small(home);
  } finally {
    home.plimsoll('demo', 'down');
  }
}

// `docker` after the command: only the picture of another engine.
if (process.argv[2] !== 'docker') {
  await shootMadeUp(folder);
  await onOwnEngine();
}
await onDocker(shoot);
