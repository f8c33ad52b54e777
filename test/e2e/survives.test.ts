import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { callers, type Home, openHome } from './dashboard.ts';

/**
 * What `docker` loses when dockerd is killed with -9 (and, with live-restore, in part): logs, exit codes, restart
 * policies, health checks. All that is looked at here after the kill is read from files: no plimsoll is called.
 */
for (const { who, skip } of callers) {
  test(`${who} survives what docker does not: after kill -9 of every plimsoll process containers run on, their logs have no gap, exit codes are recorded, restart policies and health checks are carried out (pain 1, 2, 17, 19)`, {
    skip,
  }, async () => {
    using home = openHome(who);
    const alone = ['--network', 'none'];
    const count = 'i=0; while :; do echo "line $i"; i=$((i+1)); sleep 0.01; done';
    home.plimsoll('run', '-d', '--name', 'counter', ...alone, 'busybox', 'sh', '-c', count);
    home.plimsoll(
      'run',
      '-d',
      '--name',
      'crasher',
      '--restart',
      'always',
      ...alone,
      'busybox',
      'sh',
      '-c',
      'sleep 0.3; exit 3',
    );
    const check = ['--health-cmd', 'test ! -e /bad', '--health-interval', '100ms', '--health-retries', '2'];
    const turnsBad = 'sleep 4; touch /bad; sleep 1000';
    home.plimsoll('run', '-d', '--name', 'checked', ...check, ...alone, 'busybox', 'sh', '-c', turnsBad);
    home.plimsoll('run', '-d', '--name', 'leaver', ...alone, 'busybox', 'sh', '-c', 'sleep 3; exit 42');
    const others = [
      ['daemon', '-H', `unix://${join(home.folder, 'api.sock')}`],
      ['logs', '-f', 'counter'],
      ['wait', 'leaver'],
      ['run', '--name', 'attended', ...alone, 'busybox', 'sh', '-c', 'sleep 3; exit 7'],
    ].map(words => home.start(...words));
    while (stateOf(home, 'attended')?.status !== 'running') await sleep(20);

    const gone = others.map(child => once(child, 'exit'));
    while (processes(home).length > 0) {
      for (const pid of processes(home)) process.kill(pid, 'SIGKILL');
      await sleep(10);
    }
    await Promise.all(gone);
    const crashes = stateOf(home, 'crasher')?.restartCount ?? 0;
    const lines = linesOf(home, 'counter').length;

    const until = async (what: string, holds: () => boolean) => {
      for (let waited = 0; !holds(); waited += 50) {
        if (waited > 70_000) {
          const states = ['crasher', 'checked'].map(name => JSON.stringify(stateOf(home, name)));
          assert.fail(`${what}: ${states.join(' ')}`);
        }
        await sleep(50);
      }
    };
    await until('an exit code is recorded', () => stateOf(home, 'leaver')?.exitCode === 42);
    await until(
      'that of one that a terminal waited for too',
      () => stateOf(home, 'attended')?.exitCode === 7,
    );
    await until(
      'a restart policy is carried out',
      () => (stateOf(home, 'crasher')?.restartCount ?? 0) > crashes,
    );
    await until('a health check is carried out', () =>
      eventsOf(home, 'checked').includes('health_status: unhealthy'),
    );
    await until('a log goes on', () => linesOf(home, 'counter').length > lines + 100);
    assert.equal(stateOf(home, 'counter')?.status, 'running');
    const all = linesOf(home, 'counter');
    assert.deepEqual(
      all,
      all.map((_, i) => `line ${i}`),
    );
    assert.equal(home.attempt('system', 'check').code, 0);
  });

  test(`${who}: an open connection and a published port outlive the daemon that made them, and its successor changes no rule (pain 2)`, {
    skip,
  }, async () => {
    using home = openHome(who);
    const socket = join(home.folder, 'api.sock');
    const daemon = () => home.start('daemon', '-H', `unix://${socket}`);
    const first = daemon();
    const echo = ['busybox', 'nc', '-ll', '-p', '7', '-e', 'cat'];
    home.plimsoll('run', '-d', '--name', 'echo', '-p', '127.0.0.1::7', ...echo);
    const port = Number(home.plimsoll('port', 'echo', '7').trim().split(':').at(-1));
    const ask = async (connection: ReturnType<typeof connect>, words: string) => {
      connection.write(words);
      const [answer] = await once(connection, 'data');
      return String(answer);
    };
    const dial = async () => {
      for (;;) {
        const connection = connect(port, '127.0.0.1');
        try {
          await once(connection, 'connect');
          return connection;
        } catch {
          await sleep(50); // it does not listen yet
        }
      }
    };
    const open = await dial();
    assert.equal(await ask(open, 'before'), 'before');
    const before = rules(home, port);
    first.kill('SIGKILL');
    await once(first, 'exit');
    assert.equal(await ask(open, 'orphaned'), 'orphaned');
    const second = daemon();
    home.plimsoll('ps');
    assert.equal(await ask(open, 'after'), 'after');
    assert.deepEqual(rules(home, port), before);
    const fresh = await dial();
    assert.equal(await ask(fresh, 'anew'), 'anew');
    for (const connection of [open, fresh]) connection.destroy();
    second.kill('SIGKILL');
    await once(second, 'exit');
  });
}

/** Every process of ours on this root that is a plimsoll: the program itself, whatever it was called for. */
function processes(home: Home): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => {
      const words = commandLine(pid);
      return words.some(word => word.endsWith('/main.js')) && words.includes(home.root);
    })
    .map(Number);
}

function commandLine(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function ask<T>(home: Home, query: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(join(home.root, 'plimsoll.db'), { readOnly: true, timeout: 60_000 });
  try {
    return query(db);
  } finally {
    db.close();
  }
}

function stateOf(home: Home, name: string) {
  const row = ask(home, db => db.prepare('SELECT state FROM containers WHERE name = ?').get(name));
  if (row === undefined) return undefined;
  return JSON.parse(String(row.state)) as { status: string; exitCode?: number; restartCount: number };
}

function eventsOf(home: Home, name: string): string[] {
  const rows = ask(home, db =>
    db
      .prepare('SELECT action FROM events WHERE actor = (SELECT id FROM containers WHERE name = ?)')
      .all(name),
  );
  return rows.map(({ action }) => String(action));
}

function linesOf(home: Home, name: string): string[] {
  const row = ask(home, db => db.prepare('SELECT id FROM containers WHERE name = ?').get(name));
  const log = readFileSync(join(home.root, 'containers', String(row?.id), 'ctr.log'), 'utf8');
  return log
    .slice(0, log.lastIndexOf('\n'))
    .split('\n')
    .map(line => line.split(' ').slice(3).join(' '));
}

/** The rules of this root and of its published port, without their counters. */
function rules(home: Home, port: number): string {
  return home
    .inNetwork('nft', '--stateless', 'list', 'ruleset')
    .split('\n')
    .filter(line => line.includes(home.id) || line.includes(`127.0.0.1 . tcp . ${port} `))
    .join('\n');
}
