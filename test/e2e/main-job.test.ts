import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys } from '../support/terminal.ts';
import { callers, openHome, writeContext } from './dashboard.ts';

for (const { who, skip } of callers) {
  test(`${who}, by keys alone: build, run, watch, logs, shell, stop, remove, quit, and nothing is left`, {
    skip,
  }, async () => {
    using home = openHome(who);
    const context = writeContext(home.folder);
    await using screen = home.dashboard({ columns: 140, rows: 44, cwd: home.folder });
    await screen.see(/load line/);
    await screen.see(/WASTED/);

    screen.type('b');
    await screen.see(/Context folder/);
    await fill(screen, context);
    screen.type(keys.tab);
    screen.type(keys.tab);
    await fill(screen, 'hold:1');
    screen.type(keys.enter);
    await screen.see(/RUN echo "loaded with/);
    await screen.see(/Built hold:1/);

    screen.type('2');
    await screen.see(/hold:1/);
    screen.type('/');
    await sleep(100);
    screen.type('hold');
    screen.type(keys.enter);
    await sleep(200);
    screen.type(keys.enter);
    await screen.see(/Memory limit/);
    screen.type(keys.tab);
    await fill(screen, 'cargo');
    screen.type(keys.enter);
    screen.type('1');
    await screen.see(/cargo .*running/s);
    await screen.see(/hello from the hold/);
    await screen.see(/turn \d+/);

    // its processor time moves: the figure in its row is not zero
    await screen.see(/cargo\s+\S+\s+0\.(0[1-9]|[1-9]\d)/);
    const [, processor = '0'] = /cargo\s+\S+\s+(\d+\.\d+)/.exec(screen.text()) ?? [];
    assert.ok(Number(processor) > 0);

    const first = lastTurn(screen.text());
    while (lastTurn(screen.text()) <= first) await sleep(100); // the log goes on as it is followed

    screen.type('e');
    await screen.see(/[#$] *$/m);
    screen.type(`cat /manifest${keys.enter}`);
    await screen.see(/loaded with timber/);
    screen.type(`exit${keys.enter}`);
    await screen.see(/load line/);

    screen.type('s');
    await screen.see(/cargo .*exit 0/);
    screen.type('d');
    await screen.see(/remove.*\?|remove cargo/i);
    screen.type('y');
    await screen.seeNot(/cargo .*exit 0/);

    screen.type(keys.ctrlC);
    assert.equal((await screen.exit()).exitCode, 0);
    assert.equal(home.plimsoll('ps', '-aq'), '');
    await eventually(() => assert.deepEqual(home.leftovers(), []));
    assert.match(home.plimsoll('system', 'check'), /consistent/);
  });

  test(`${who}: a killed dashboard takes nothing with it: the container runs on, its log has no gap, its exit code is known`, {
    skip,
  }, async () => {
    using home = openHome(who);
    await using screen = home.dashboard({ columns: 120, rows: 40 });
    await screen.see(/load line/);
    const count = 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo "line $i"; sleep 0.1; done; exit 7';
    screen.type('R');
    await screen.see(/Memory limit/);
    await fill(screen, 'localhost/busybox');
    screen.type(keys.tab);
    await fill(screen, 'counter');
    for (let i = 0; i < 6; i++) {
      await sleep(60);
      screen.type(keys.tab);
    }
    await fill(screen, `sh -c '${count}'`);
    screen.type(keys.enter);
    await screen.see(/line [3-9]/);
    screen.kill('SIGKILL');
    await screen.exit();

    assert.match(home.plimsoll('ps', '-a', '--format', 'json'), /counter/);
    assert.equal(home.plimsoll('wait', 'counter').trim(), '7');
    const lines = home.plimsoll('logs', 'counter').trim().split('\n');
    assert.deepEqual(
      lines,
      Array.from({ length: 40 }, (_, i) => `line ${i + 1}`),
    );
    await eventually(() => {
      const [state] = JSON.parse(home.plimsoll('inspect', 'counter')) as {
        State: { Status: string; ExitCode: number };
      }[];
      assert.deepEqual([state?.State.Status, state?.State.ExitCode], ['exited', 7]);
    });
    await using again = home.dashboard({ columns: 120, rows: 40 });
    await again.see(/counter/);
    await again.see(/line 40/);
    home.plimsoll('rm', 'counter');
    await again.seeNot(/● counter|counter .*exited/);
  });

  test(`${who}: every key typed in a shell reaches the shell, each time one is opened`, {
    skip,
  }, async () => {
    using home = openHome(who);
    home.plimsoll('run', '-d', '--network', 'none', '--name', 'keeper', 'busybox', 'sleep', '1000');
    await using screen = home.dashboard({ columns: 100, rows: 30 });
    await screen.see(/keeper/);
    const rounds = who === 'root' ? 8 : 2;
    for (let round = 1; round <= rounds; round++) {
      screen.type('e');
      await screen.see(/# $/m);
      screen.type(`echo heard-$((${round}+100))${keys.enter}`);
      await screen.see(new RegExp(`heard-${round + 100}`));
      screen.type(`exit${keys.enter}`);
      await screen.see(/load line/);
    }
  });
}

/** Empties the field that has the cursor and types into it. */
async function fill(screen: { type(keys: string): void }, text: string): Promise<void> {
  await sleep(80); // a person's pace: the key before has had its effect
  screen.type(keys.ctrlU);
  await sleep(80);
  screen.type(text);
  await sleep(120);
}

function lastTurn(text: string): number {
  return Math.max(0, ...[...text.matchAll(/turn (\d+)/g)].map(match => Number(match[1])));
}

/** Tries again for a minute: a bridge waits ten for the next container, links and cgroups go in the kernel's own time. */
async function eventually(check: () => void): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      check();
      return;
    } catch (error) {
      if (tries === 240) throw error;
      await sleep(250);
    }
  }
}
