import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys, type TerminalProgram } from '../../support/terminal.ts';
import { clone, type Guest, patience } from '../guest.ts';
import type { Step } from './step.ts';

/** The dashboard over SSH, by keys alone, at the guest's pace. */
export const dashboard: readonly Step[] = [
  {
    name: 'dashboard: over SSH: builds, runs, follows the log, opens a shell, stops, removes, quits',
    run: async guest => await wholeJob(guest, ''),
  },
  {
    name: 'dashboard: the same inside tmux',
    async run(guest) {
      await guest.shell('command -v tmux || { echo "build the machine with tmux"; exit 1; }');
      await wholeJob(guest, 'tmux -u new-session ');
    },
  },
];

async function wholeJob(guest: Guest, within: string): Promise<void> {
  await guest.shell(
    "mkdir -p hull; printf '%s\\n' 'FROM busybox' 'RUN echo timber > /manifest' " +
      '\'CMD ["sh", "-c", "echo hello from the hold; trap \\"exit 0\\" TERM; while :; do sleep 1; done"]\' > hull/Dockerfile',
  );
  await using screen = guest.terminal({ columns: 140, rows: 44 });
  await screen.see(/\$ $/m, patience);
  screen.type(`${within}sudo ${clone}/bin/plimsoll${keys.enter}`);
  await screen.see(/load line/i, patience);
  await screen.see(/WASTED/i, patience);

  screen.type('b');
  await screen.see(/Context folder/, patience);
  await fill(screen, '/home/op/hull');
  screen.type(keys.tab);
  screen.type(keys.tab);
  await fill(screen, 'hull:1');
  screen.type(keys.enter);
  await screen.see(/Built hull:1/, patience);

  screen.type('R');
  await screen.see(/Memory limit/, patience);
  await fill(screen, 'hull:1');
  screen.type(keys.tab);
  await fill(screen, 'cargo');
  screen.type(keys.enter);
  screen.type('1');
  await screen.see(/cargo .*running/s, patience);
  await screen.see(/hello from the hold/, patience);

  screen.type('e');
  await screen.see(/# *$/m, patience);
  screen.type(`cat /manifest${keys.enter}`);
  await screen.see(/^timber/m, patience);
  screen.type(`exit${keys.enter}`);
  await screen.see(/load line/i, patience);

  screen.type('s');
  await screen.see(/cargo .*exit 0/, patience);
  screen.type('d');
  await screen.see(/remove/i, patience);
  screen.type('y');
  await screen.seeNot(/cargo .*exit 0/, patience);
  screen.type('q');
  if (within === '') await screen.see(/\$ $/m, patience);
  else await screen.see(/\[exited\]/, patience);
  assert.equal(await guest.plimsoll('ps -aq'), '');
}

/** Empties the field that has the cursor and types into it, at the pace of a slow machine. */
async function fill(screen: TerminalProgram, text: string): Promise<void> {
  await sleep(1500);
  screen.type(keys.ctrlU);
  await sleep(1500);
  screen.type(text);
  await sleep(1500);
}
