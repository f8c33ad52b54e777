import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../../src/engine/kernel/index.ts';

/** What a test has made of which something outlives a test that is killed: containers, mounts, processes, a user. */
export interface Leftover {
  /** Of a name that nothing else has. */
  readonly folder: string;
  /** The words that call plimsoll on a root in it. */
  readonly command?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** A user that was made for it. */
  readonly user?: { readonly name: string; readonly uid: number };
}

type Note = Leftover & { readonly by: ProcessIdentity };

/** Says what has to be taken away if this process cannot. Nothing is noted of tests that are not run by test/run.ts. */
export function noteLeftover(leftover: Leftover): void {
  const run = process.env.PLIMSOLL_TEST_RUN;
  const by = identify(process.pid);
  if (run === undefined || by === undefined) return;
  const note: Note = { ...leftover, by };
  appendFileSync(join(run, 'leftovers'), `${JSON.stringify(note)}\n`);
}

/** Opens the folder that the processes of a test run share, after taking away what killed runs have left. */
export function openTestRun(): Disposable & { readonly folder: string } {
  for (const name of readdirSync(tmpdir()).filter(each => each.startsWith('plr-'))) {
    const folder = join(tmpdir(), name);
    const [pid = 0, startTime = 0] = readText(join(folder, 'owner')).split(' ').map(Number);
    if (pid === 0 || isAlive({ pid, startTime }) || !sweep(folder)) continue;
    rmSync(folder, { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(tmpdir(), 'plr-'));
  const own = identify(process.pid);
  writeFileSync(join(folder, 'owner'), `${own?.pid} ${own?.startTime}\n`);
  return {
    folder,
    [Symbol.dispose]() {
      if (sweep(folder)) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes away what the run's dead processes have left. False if some of them live. */
function sweep(run: string): boolean {
  const notes = readText(join(run, 'leftovers'))
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Note)
    .reverse(); // a root in the home of a user before the user
  for (const note of notes) if (!isAlive(note.by) && existsSync(note.folder)) takeAway(note);
  return notes.every(({ by }) => !isAlive(by));
}

function takeAway({ folder, command = [], env = process.env, user }: Leftover): void {
  console.log(`swept   ${folder}, which a killed test has left`);
  const [program = '', ...words] = command;
  const plimsoll = (...args: string[]) =>
    spawnSync(program, [...words, ...args], { encoding: 'utf8', env, cwd: '/', timeout: 240_000 }).stdout ??
    '';
  if (program !== '') {
    const names = plimsoll('ps', '-aq').split('\n').filter(Boolean);
    if (names.length > 0) plimsoll('rm', '-f', '-v', ...names);
    const runDir = runDirOf(plimsoll('system', 'info', '--json'));
    if (runDir !== undefined) rmSync(runDir, { recursive: true, force: true });
  }
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const isOfUser =
      user !== undefined && new RegExp(`^Uid:\\t${user.uid}\\t`, 'm').test(readText(`/proc/${pid}/status`));
    if (isOfUser || readText(`/proc/${pid}/cmdline`).includes(`${folder}/`))
      spawnSync('kill', ['-KILL', pid]);
  }
  for (const target of mountsBelow(folder).reverse()) spawnSync('umount', ['--lazy', target]);
  if (mountsBelow(folder).length > 0) return; // the repository may be mounted there
  if (user !== undefined) spawnSync('userdel', ['--force', user.name]);
  execFileSync('rm', ['-rf', '--one-file-system', folder]);
}

function mountsBelow(folder: string): string[] {
  return readText('/proc/self/mountinfo')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
    .filter(target => target.startsWith(`${folder}/`));
}

/** Root's alone: a user's is below the folder. */
function runDirOf(info: string): string | undefined {
  try {
    const { runDir } = (JSON.parse(info) as { root: { runDir: string } }).root;
    return /^\/run\/plimsoll\/[0-9a-f]+$/.test(runDir) ? runDir : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
