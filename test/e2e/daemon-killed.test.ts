import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable } from '../../src/engine/kernel/index.ts';
import { tarOf } from '../support/layer-root.ts';
import { cannotRun, type Home, openHome } from './dashboard.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const holder = resolve(import.meta.dirname, '../support/socket-holder.py');
const kills = Number(process.env.PLIMSOLL_KILLS ?? 4);
const skip = cannotRun() ?? false;
const python = findExecutable('python3');

test(
  `a daemon that is killed ${kills} times under load, and started again by hand, loses nothing that a client could have seen`,
  {
    skip,
  },
  async t => await loadWhileKilled(t, byHand),
);

test(
  'nor does one whose socket somebody else holds, as systemd does',
  {
    skip: skip || (python === undefined ? 'needs python3' : false),
  },
  async t => await loadWhileKilled(t, byHolder),
);

/** A daemon that can be killed, and comes back. */
interface Daemon extends AsyncDisposable {
  readonly socket: string;
  kill(): Promise<void>;
}

type StartDaemon = (home: Home) => Promise<Daemon>;

async function loadWhileKilled(
  t: { diagnostic(message: string): void },
  startDaemon: StartDaemon,
): Promise<void> {
  using home = openHome();
  await using daemon = await startDaemon(home);
  const api = clientOf(daemon.socket);
  const counting = 'i=0; while :; do echo "line $i"; i=$((i+1)); sleep 0.005; done';
  const counter = await api.create('counter', { Cmd: ['sh', '-c', counting] });
  await api.start(counter);
  const ending = new AbortController();
  const { signal } = ending;
  const seen = new Map<string, string>();
  const watching = watchEvents(api, seen, signal);
  const tally = { runs: 0, removed: 0, execs: 0, builds: 0 };
  const work = [
    repeat(signal, async turn => (tally.runs += await runOnce(api, `one${turn}`, turn))),
    repeat(signal, async turn => (tally.runs += await runOnce(api, `two${turn}`, turn))),
    repeat(signal, async turn => (tally.removed += await runAndRemove(api, `gone${turn}`, turn))),
    repeat(signal, async turn => (tally.execs += await execOnce(api, counter, turn))),
    repeat(signal, async turn => (tally.builds += await buildOnce(api, turn))),
  ];
  try {
    for (let done = 0; done < kills; done++) {
      await api.text('GET', '/_ping');
      await Promise.race([sleep(500 + Math.random() * 2000), ...work]); // whose failure ends it at once
      await daemon.kill();
    }
    await api.text('GET', '/_ping');
    await Promise.race([sleep(2000), ...work]);
  } finally {
    ending.abort();
    await Promise.allSettled([...work, watching]);
  }
  await Promise.all(work);
  t.diagnostic(`${JSON.stringify({ ...tally, retries: api.retries(), events: seen.size })}`);
  assert.ok(tally.runs > 0 && tally.removed > 0 && tally.execs > 0, 'there was a load');

  const lines = (await api.logs(counter)).trimEnd().split('\n');
  assert.ok(lines.length > 100, `${lines.length}`);
  assert.deepEqual(
    lines,
    lines.map((_, i) => `line ${i}`),
  );
  const kept = new Map(
    parseLines(await api.text('GET', `/events?since=0&until=${Date.now() / 1000}`)).map(event => [
      keyOf(event),
      event,
    ]),
  );
  for (const [key, text] of seen) assert.ok(kept.has(key), `an event that was seen is gone: ${text}`);
  for (const [key, event] of kept) {
    if (event.timeNano > firstOf(seen) && event.timeNano < lastOf(seen))
      assert.ok(seen.has(key), `who followed did not see ${JSON.stringify(event)}`);
  }
  assertLives([...kept.values()]);
  const check = home.attempt('system', 'check');
  assert.equal(check.code, 0, check.stdout + check.stderr);
}

/** A container that says ten lines and ends with a code of its own: all of it is there afterwards. */
async function runOnce(api: Client, name: string, turn: number): Promise<1> {
  const code = (turn % 100) + 1;
  const script = `i=0; while [ $i -lt 10 ]; do echo "${name} $i"; i=$((i+1)); sleep 0.02; done; exit ${code}`;
  const id = await api.create(name, { Cmd: ['sh', '-c', script] });
  await api.start(id);
  const { StatusCode } = (await api.json('POST', `/containers/${id}/wait`)) as { StatusCode: number };
  assert.equal(StatusCode, code, `${name} was waited for`);
  const { State } = (await api.json('GET', `/containers/${id}/json`)) as Inspected;
  assert.deepEqual([State.Status, State.ExitCode], ['exited', code], name);
  const expected = Array.from({ length: 10 }, (_, i) => `${name} ${i}\n`).join('');
  assert.equal(await api.logs(id), expected, name);
  return 1;
}

/** One that removes itself: who waits for that is told its code. */
async function runAndRemove(api: Client, name: string, turn: number): Promise<1> {
  const code = (turn % 100) + 1;
  const command = ['sh', '-c', `sleep 0.3; exit ${code}`];
  const id = await api.create(name, { Cmd: command, HostConfig: { NetworkMode: 'none', AutoRemove: true } });
  const waiting = api.json('POST', `/containers/${id}/wait?condition=removed`) as Promise<{
    StatusCode: number;
  }>;
  await api.start(id);
  assert.equal((await waiting).StatusCode, code, `${name} was waited for`);
  return 1;
}

/** A command in a container: its exit code is known in the end, and its output if the daemon has lived as long; 0 else. */
async function execOnce(api: Client, container: string, turn: number): Promise<0 | 1> {
  const body = { Cmd: ['sh', '-c', `echo exec ${turn}; exit 3`], AttachStdout: true, Tty: true };
  const made = await api.once('POST', `/containers/${container}/exec`, body);
  if (made === undefined) return 0;
  assert.equal(made.status, 201, made.text);
  const { Id } = JSON.parse(made.text) as { Id: string };
  const output = await api.once('POST', `/exec/${Id}/start`, { Tty: true });
  let looked: { Running: boolean; ExitCode: number | null };
  do looked = (await api.json('GET', `/exec/${Id}/json`)) as typeof looked;
  while (looked.Running);
  if (output === undefined && looked.ExitCode === null) return 0; // it was not even started
  assert.equal(looked.ExitCode, 3);
  if (output?.status !== 200) return 0;
  assert.equal(output.text, `exec ${turn}\r\n`);
  return 1;
}

/** What was said to be built is there; 0 if it was not said. */
async function buildOnce(api: Client, turn: number): Promise<0 | 1> {
  const dockerfile = `FROM busybox\nRUN echo ${turn} > /turn; sleep 0.1\nRUN cat /turn\n`;
  const context = tarOf({ name: 'Dockerfile', content: dockerfile });
  const built = await api.once('POST', `/build?t=killed${turn}`, context);
  if (built === undefined) return 0;
  assert.match(built.text, /Successfully tagged/);
  await api.json('GET', `/images/killed${turn}/json`);
  return 1;
}

interface Inspected {
  readonly State: { readonly Status: string; readonly ExitCode: number; readonly StartedAt: string };
}

interface DockerEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly timeNano: string;
}

/** Follows events as a client does that is cut off now and then: since the last that it has seen. */
async function watchEvents(api: Client, seen: Map<string, string>, signal: AbortSignal): Promise<void> {
  let last = `${Math.floor(Date.now() / 1000)}.000000000`;
  while (!signal.aborted) {
    await api.stream(`/events?since=${last}`, signal, line => {
      for (const event of parseLines(line)) {
        seen.set(keyOf(event), line);
        last = `${event.timeNano.slice(0, -9)}.${event.timeNano.slice(-9)}`;
      }
    });
    await sleep(20);
  }
}

/** Every container was made once, started once, and ended with one code; none of it twice, none of it missing. */
function assertLives(events: readonly DockerEvent[]): void {
  const lives = new Map<string, string[]>();
  for (const { Type, Action, Actor } of events) {
    const { name = '', exitCode = '' } = Actor.Attributes;
    if (Type !== 'container' || !/^(one|two|gone)/.test(name) || Action.startsWith('exec')) continue;
    lives.set(name, [...(lives.get(name) ?? []), `${Action}${exitCode}`]);
  }
  for (const [name, life] of lives) {
    const code = (Number(/\d+/.exec(name)?.[0]) % 100) + 1;
    const whole = ['create', 'start', `die${code}`, ...(name.startsWith('gone') ? ['destroy'] : [])];
    assert.deepEqual(life, whole, name);
  }
}

function parseLines(text: string): DockerEvent[] {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const exact = line.replace(/"timeNano":(\d+)/, '"timeNano":"$1"'); // beyond what a number holds
      return JSON.parse(exact) as DockerEvent;
    });
}

function keyOf({ Type, Action, Actor, timeNano }: DockerEvent): string {
  return `${timeNano} ${Type} ${Action} ${Actor.ID}`;
}

function firstOf(seen: Map<string, string>): string {
  return [...seen.keys()].map(key => key.split(' ')[0] ?? '').sort()[0] ?? '';
}

function lastOf(seen: Map<string, string>): string {
  return (
    [...seen.keys()]
      .map(key => key.split(' ')[0] ?? '')
      .sort()
      .at(-1) ?? ''
  );
}

async function repeat(signal: AbortSignal, once: (turn: number) => Promise<unknown>): Promise<void> {
  for (let turn = 0; !signal.aborted; turn++) await once(turn);
}

type Client = ReturnType<typeof clientOf>;

/** A client that asks again when it is cut off, as far as asking again is harmless. */
function clientOf(socketPath: string) {
  let cut = 0;
  const once = async (method: string, path: string, body?: object) => {
    try {
      return await ask(socketPath, method, path, body);
    } catch {
      cut++;
      await sleep(50);
      return undefined;
    }
  };
  const answer = async (method: string, path: string, body?: object) => {
    for (let tries = 0; tries < 400; tries++) {
      const answered = await once(method, path, body);
      if (answered !== undefined) return answered;
    }
    throw new Error(`${method} ${path}: the daemon does not come back`);
  };
  const text = async (method: string, path: string) => {
    const { status, text: words } = await answer(method, path);
    assert.ok(status < 300, `${method} ${path}: ${status} ${words}`);
    return words;
  };
  return {
    once,
    text,
    retries: () => cut,
    json: async (method: string, path: string): Promise<unknown> => JSON.parse(await text(method, path)),
    logs: async (id: string) => unframed(await text('GET', `/containers/${id}/logs?stdout=1&stderr=1`)),
    /** One that was made and not heard of has the name. */
    async create(name: string, config: object): Promise<string> {
      const body = { Image: 'busybox', HostConfig: { NetworkMode: 'none' }, ...config };
      const made = await answer('POST', `/containers/create?name=${name}`, body);
      if (made.status === 409)
        return (JSON.parse(await text('GET', `/containers/${name}/json`)) as { Id: string }).Id;
      assert.equal(made.status, 201, made.text);
      return (JSON.parse(made.text) as { Id: string }).Id;
    },
    /** Starts what has not been started: whether it was is asked where the answer was cut off. */
    async start(id: string): Promise<void> {
      for (;;) {
        const started = await once('POST', `/containers/${id}/start`);
        if (started !== undefined) {
          assert.ok(started.status === 204 || started.status === 304, `${started.status} ${started.text}`);
          return;
        }
        const looked = await answer('GET', `/containers/${id}/json`);
        if (looked.status === 404) return; // it has started, ended and removed itself
        if ((JSON.parse(looked.text) as Inspected).State.StartedAt > '0002') return;
      }
    },
    stream: (path: string, signal: AbortSignal, onLines: (lines: string) => void) =>
      new Promise<void>(done => {
        let rest = '';
        const asked = request({ socketPath, path, signal }, incoming => {
          incoming.setEncoding('utf8').on('data', (piece: string) => {
            const end = (rest + piece).lastIndexOf('\n') + 1;
            const all = rest + piece;
            rest = all.slice(end);
            onLines(all.slice(0, end));
          });
          incoming.once('close', done);
        });
        asked.once('error', () => done());
        asked.end();
      }),
  };
}

/** Rejects when the answer does not come whole. */
function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const bytes =
    body === undefined ? undefined : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json';
  return new Promise((answered, failed) => {
    const headers = bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length };
    const asked = request({ socketPath, method, path, headers }, incoming => {
      incoming
        .toArray()
        .then(
          (chunks: Buffer[]) =>
            answered({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('latin1') }),
          failed,
        );
    });
    asked.once('error', failed);
    asked.end(bytes);
  });
}

function unframed(text: string): string {
  const bytes = Buffer.from(text, 'latin1');
  let said = '';
  for (let at = 0; at < bytes.length; at += 8 + bytes.readUInt32BE(at + 4))
    said += bytes.toString('latin1', at + 8, at + 8 + bytes.readUInt32BE(at + 4));
  return said;
}

async function byHand({ folder }: Home): Promise<Daemon> {
  const socket = join(folder, 'api.sock');
  const start = () => daemonProcess(folder, ['-H', `unix://${socket}`]);
  let child = start();
  await answers(socket);
  return {
    socket,
    async kill() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await sleep(Math.random() * 600);
      child = start();
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

async function byHolder({ folder }: Home): Promise<Daemon> {
  const socket = join(folder, 'held.sock');
  const command = [launcher, '--root', join(folder, 'root'), 'daemon', '-H', 'fd://'];
  const child = spawn(python ?? '', [holder, socket, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  let pid = Number(await once(child.stdout, 'data'));
  await answers(socket);
  return {
    socket,
    async kill() {
      const next = once(child.stdout, 'data');
      process.kill(pid, 'SIGKILL');
      pid = Number(await next);
    },
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function daemonProcess(folder: string, words: readonly string[]): ChildProcess {
  return spawn(launcher, ['--root', join(folder, 'root'), 'daemon', ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

async function answers(socket: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (
      await ask(socket, 'GET', '/_ping').then(
        () => true,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  throw new Error('the daemon does not answer');
}
