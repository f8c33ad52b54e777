import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { noRegistry, startRegistry } from '../support/real-registry.ts';
import { callers, type Home, openHome } from './dashboard.ts';

const kills = Number(process.env.PLIMSOLL_KILLS ?? 16);
const seed = Number(process.env.PLIMSOLL_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** One turn of a verb: what it needs, made before by the program itself, and the command line to be killed. */
interface Verb {
  readonly name: string;
  readonly needsRegistry?: true;
  prepare?(place: Place, turn: number): void;
  command(place: Place, turn: number): string[];
}

interface Place {
  readonly home: Home;
  readonly context: string;
  /** An image in a registry on loopback; undefined where there is no registry to run. */
  readonly remote: string | undefined;
}

const service = ['busybox', 'sh', '-c', 'trap "exit 0" TERM; sleep 1000 & wait'];
const allVerbs: readonly Verb[] = [
  {
    name: 'create',
    command: (_, turn) => ['create', '--name', `create${turn}`, '-v', '/data', ...service],
  },
  {
    name: 'start',
    prepare: ({ home }, turn) =>
      void home.plimsoll('create', '--name', `start${turn}`, '-p', '127.0.0.1::80', ...service),
    command: (_, turn) => ['start', `start${turn}`],
  },
  {
    name: 'stop',
    prepare: ({ home }, turn) => void home.plimsoll('run', '-d', '--name', `stop${turn}`, ...service),
    command: (_, turn) => ['stop', `stop${turn}`],
  },
  {
    name: 'rm',
    prepare: ({ home }, turn) =>
      void home.plimsoll('run', '-d', '--name', `rm${turn}`, '-v', '/data', ...service),
    command: (_, turn) => ['rm', '-f', '-v', `rm${turn}`],
  },
  {
    name: 'run -d',
    command: (_, turn) => ['run', '-d', '--name', `run${turn}`, '-p', '127.0.0.1::80', ...service],
  },
  {
    name: 'run --rm',
    command: (_, turn) => ['run', '--rm', '--name', `once${turn}`, '-v', '/data', 'busybox', 'sleep', '0.2'],
  },
  {
    name: 'build',
    command: ({ context }, turn) => ['build', '-t', 'killed', '--build-arg', `TURN=${turn}`, context],
  },
  {
    name: 'pull',
    needsRegistry: true,
    prepare: ({ home, remote = '' }) => void home.attempt('rmi', '-f', remote),
    command: ({ remote = '' }) => ['pull', '-q', remote],
  },
];

for (const { who, skip } of callers) {
  test(`pain 15: a plimsoll of ${who} that is killed ${kills} times, anywhere, leaves a root that is whole and leaks nothing (PLIMSOLL_KILLS=200: the long version)`, {
    skip,
  }, async t => {
    using home = openHome(who);
    await using registry = noRegistry ? undefined : await startRegistry();
    if (noRegistry) t.diagnostic(`pull is left out: ${noRegistry}`);
    const remote = registry === undefined ? undefined : `${registry.host}/cargo:1`;
    const place = { home, context: writeBuildContext(home.folder), remote };
    if (remote !== undefined) publish(place, remote);
    const verbs = allVerbs.filter(verb => remote !== undefined || !verb.needsRegistry);
    const random = randomFrom(seed);
    const usual = new Map<string, number>();
    const story: string[] = [];
    try {
      for (const verb of verbs) usual.set(verb.name, await timeOf(place, verb));
      let [tries, hits] = [0, 0];
      for (let turn = 1; tries < kills || hits < kills / 2; turn++) {
        for (const verb of verbs) verb.prepare?.(place, turn);
        for (const verb of verbs.slice(0, Math.max(1, kills - tries))) {
          const afterMs = Math.round(random() * 1.1 * (usual.get(verb.name) ?? 0));
          const how = await killAfter(place, verb.command(place, turn), afterMs);
          story.push(`${verb.name} ${turn} after ${afterMs} ms: ${how}`);
          tries++;
          if (how === 'killed') hits++;
          else usual.set(verb.name, afterMs); // the machine is less busy than it was
        }
        assertWhole(home);
      }
      t.diagnostic(`seed ${seed}: ${hits} of ${tries} were killed at work, the others had just ended`);
      home.plimsoll('rm', '-f', '-v', ...home.plimsoll('ps', '-aq').split('\n').filter(Boolean));
      assertWhole(home);
      await eventually(() => assert.deepEqual(leaks(home), []));
    } catch (error) {
      console.error(
        `kill-anywhere: again with PLIMSOLL_SEED=${seed}; ${String(error)}\nthe last of it:\n${story.slice(-14).join('\n')}`,
      );
      throw error;
    }
  });
}

/** An ordinary call brings in line what was left; after it there is nothing to find fault with. */
function assertWhole(home: Home): void {
  home.plimsoll('ps', '-a');
  const check = home.attempt('system', 'check');
  assert.equal(check.code, 0, check.stdout + check.stderr);
}

async function timeOf(place: Place, verb: Verb): Promise<number> {
  verb.prepare?.(place, 0);
  const begin = performance.now();
  place.home.plimsoll(...verb.command(place, 0));
  return performance.now() - begin;
}

/** Starts the program and kills it: it only, as the kernel does when memory runs out, not what it has started. */
async function killAfter({ home }: Place, command: string[], ms: number): Promise<'killed' | 'ended'> {
  const child = home.start(...command);
  const gone = once(child, 'exit');
  await sleep(ms);
  child.kill('SIGKILL');
  const [, signal] = await gone;
  return signal === 'SIGKILL' ? 'killed' : 'ended';
}

/** What the kernel, the run folder, the database and `tmp` still hold when there is no container any more. */
function leaks(home: Home): string[] {
  const { root, runDir } = home;
  return [
    ...home.leftovers(),
    ...home.links(),
    ...['containers', 'runtime', 'exits', 'persist'].flatMap(name => filesBelow(join(runDir, name))),
    ...filesBelow(join(root, 'containers')),
    ...filesBelow(join(root, 'volumes')),
    ...namesIn(join(root, 'tmp')).filter(name => name !== 'trash'),
    ...filesBelow(join(root, 'tmp', 'trash')),
    ...rowsOf(join(root, 'plimsoll.db')),
  ];
}

function rowsOf(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return ['leases', 'addresses', 'ports', 'volume_uses', 'volumes', 'containers'].flatMap(table =>
      db
        .prepare(`SELECT * FROM ${table}`)
        .all()
        .map(row => `${table}: ${JSON.stringify(row)}`),
    );
  } finally {
    db.close();
  }
}

function writeBuildContext(folder: string): string {
  const context = join(folder, 'app');
  mkdirSync(context);
  for (let i = 0; i < 50; i++) writeFileSync(join(context, `file${i}`), `${i}`.repeat(10_000));
  const steps = [
    'FROM busybox',
    'ARG TURN',
    'COPY . /app',
    'RUN echo "$TURN" > /turn',
    'RUN sleep 0.1; cp -r /app /copy',
  ];
  writeFileSync(join(context, 'Dockerfile'), `${steps.join('\n')}\n`);
  return context;
}

/** An image with a layer of its own, which takes a moment to unpack; its source here is gone afterwards. */
function publish({ home }: Place, name: string): void {
  const context = join(home.folder, 'cargo');
  mkdirSync(context);
  for (let i = 0; i < 2000; i++) writeFileSync(join(context, `bale${i}`), `${i} `.repeat(500));
  writeFileSync(join(context, 'Dockerfile'), 'FROM busybox\nCOPY . /cargo\n');
  home.plimsoll('build', '-t', name, context);
  home.plimsoll('push', '-q', name);
  home.plimsoll('rmi', name);
  home.plimsoll('builder', 'prune', '-af');
}

function filesBelow(folder: string): string[] {
  return namesIn(folder).map(name => join(folder, name));
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** mulberry32: the same seed, the same moments. */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tries again for a minute: a bridge waits ten for the next container, links and cgroups go in the kernel's own time. */
async function eventually(check: () => void): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return check();
    } catch (error) {
      if (tries === 50) throw error;
      await sleep(500);
    }
  }
}
