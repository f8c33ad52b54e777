import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { fleetTable } from '../../src/capacity/index.ts';
import { openFleet, readFleetConfig, type WatchedFleet } from '../../src/fleet/index.ts';
import { isPrivate, runPrivately } from '../support/private-network.ts';
import { noSshHosts, openSshHosts } from '../support/ssh-hosts.ts';
import { keys, openTerminal } from '../support/terminal.ts';

const plimsoll = resolve(import.meta.dirname, '../../bin/plimsoll');

if (!isPrivate) runPrivately(import.meta.filename, noSshHosts());
else {
  test('five hosts over ssh: one dies, the rest go on, and it comes back', async () => {
    await using hosts = await openSshHosts(5);
    const machines = hosts.addresses.map((address, i) => {
      const root = join(hosts.folder, `root-${i}`);
      mkdirSync(root);
      return `  - { name: host-${i}, ssh: ${address}, plimsoll: ${plimsoll}, root: ${root} }`;
    });
    const path = join(hosts.folder, 'fleet.yaml');
    writeFileSync(path, `machines:\n${machines.join('\n')}\nevery: 1\nssh_config: ${hosts.sshConfig}\n`);
    const config = readFleetConfig({ path, env: {} }) ?? assert.fail();
    const changes = new Changes();
    await using fleet = openFleet(config, { onChange: () => changes.tell() });

    await changes.until(() => statuses(fleet).every(status => status === 'answers'));
    const { rows, total } = tableOf(fleet);
    assert.equal(total.answering, 5);
    for (const { cpu, memory } of rows) {
      assert.ok(cpu !== undefined && memory !== undefined);
      assert.equal(cpu.used + cpu.wasted, cpu.capacity);
      assert.equal(memory.used + memory.wasted, memory.capacity);
    }

    await hosts.die(2);
    await changes.until(() => statuses(fleet)[2] === 'silent');
    const before = seenOf(fleet);
    await changes.until(() => seenOf(fleet).every((seen, i) => i === 2 || seen > (before[i] ?? 0)));
    const dead = fleet.machines()[2];
    assert.ok(dead?.report !== undefined, 'its last figures are kept');
    assert.match(dead.problem ?? '', /refused|closed|reset|ended/);

    const json = runFleet(path, '--json');
    assert.equal(json.status, 0, json.stderr);
    const silent = JSON.parse(json.stdout).filter((row: { status: string }) => row.status === 'silent');
    assert.deepEqual(
      silent.map((row: { name: string }) => row.name),
      ['host-2'],
    );
    assert.equal(runFleet(path, '--csv', '--fail-silent').status, 1);

    await hosts.comeBack(2);
    await changes.until(() => statuses(fleet)[2] === 'answers');
    assert.ok((seenOf(fleet)[2] ?? 0) > (before[2] ?? 0));

    await using pane = openTerminal([plimsoll, 'fleet', '--config', path], { columns: 100, rows: 24 });
    await pane.see(/5 machines . all answer/);
    pane.type('/');
    pane.type('host-3');
    pane.type(keys.enter);
    await pane.see(/host-3 +[A-F] /);
    pane.type(keys.enter);
    await pane.see(/No containers yet/); // its own dashboard
    pane.type('q');
    await pane.see(/load line of the fleet/);
    pane.type('q');
    assert.equal((await pane.exit()).exitCode, 0);
  });
}

function runFleet(path: string, ...options: string[]) {
  return spawnSync(plimsoll, ['fleet', '--config', path, ...options], { encoding: 'utf8' });
}

function tableOf(fleet: WatchedFleet) {
  return fleetTable(fleet.machines(), { now: Date.now(), silentAfterMs: 60_000 });
}

/** In the order of the configuration. */
function statuses(fleet: WatchedFleet): string[] {
  const rows = new Map(tableOf(fleet).rows.map(row => [row.name, row.status]));
  return fleet.machines().map(({ name }) => rows.get(name) ?? 'unknown');
}

function seenOf(fleet: WatchedFleet): number[] {
  return fleet.machines().map(({ seen = 0 }) => seen);
}

/** Waits for what may become true with each change. */
class Changes {
  #waiting: (() => void) | undefined;

  tell(): void {
    this.#waiting?.();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds())
      await new Promise<void>(resolve => {
        this.#waiting = resolve;
      });
  }
}
