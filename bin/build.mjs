/**
 * Bundles src/main.ts into `.build/<hash>/` and points `.build/main.js` at it by one rename, so that a build never
 * takes a part away from a plimsoll that runs: older bundles stay for a day.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, threads } from './bundle.mjs';

const home = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(home, '.build');
/** V8 keeps bytecode apart by its options; a terminal shows the most when it is a common one. */
const plain = { ...process.env, NODE_OPTIONS: '', TERM: 'xterm-256color', LANG: 'C.UTF-8' };
const day = 24 * 60 * 60 * 1000;

async function main() {
  const fresh = join(target, `tmp-${process.pid}`);
  try {
    await mkdir(fresh, { recursive: true });
    await bundle(fresh);
    await cp(join(home, 'src/demo'), join(fresh, 'demo'), { recursive: true, filter: isAsset }).catch(absent);
    for (const entry of ['main', ...Object.keys(threads)])
      await cp(join(home, 'bin/loader.cjs'), join(fresh, `${entry}.cjs`));
    await install(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** Moves a finished bundle to the name of its content, makes it the current one, and sweeps those out of use. */
async function install(folder) {
  const name = await hashOf(folder);
  const final = join(target, name);
  await rename(folder, final).catch(ignoreExisting);
  await utimes(final, new Date(), new Date());
  await compile(join(final, 'main.cjs'));
  const link = join(target, `link-${process.pid}`);
  await symlink(join(name, 'main.cjs'), link);
  await rename(link, join(target, 'main.js'));
  for (const other of await readdir(target)) {
    const path = join(target, other);
    if (!/^([0-9a-f]{16}|cache|(tmp|link)-\d+)$/.test(other) || other === name) continue;
    if (Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) < day) continue;
    await rm(path, { recursive: true, force: true });
  }
}

/**
 * Keeps the bytecode of what runs when the containers of a root are listed and watched, and where this machine can run
 * containers, of what runs when one is started and ended: a command that has to compile that costs a tenth more. Of
 * other parts, the start.
 */
async function compile(entry) {
  const root = await mkdtemp(join(tmpdir(), 'plimsoll-build-'));
  const command = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--require',
    join(home, 'bin/compile.cjs'),
    entry,
    '--root',
    root,
  ];
  const run = (file, args) => spawnSync(file, args, { encoding: 'utf8', env: plain, timeout: 60_000 });
  const plimsoll = (...args) => run(command[0], [...command.slice(1), ...args]);
  try {
    const { status, stderr } = plimsoll('ps');
    if (status !== 0) throw new Error(`the bundle does not run: ${stderr}`);
    const script = containers.map(words => [...command, ...words].map(quoted).join(' ')).join(' && ');
    run(...(process.getuid() === 0 ? ['unshare', [...apart, 'sh', '-c', script]] : ['sh', ['-c', script]]));
    // Where there is no script(1) to make a terminal, the dashboard's first frame takes a little longer.
    run('script', ['-qec', `stty cols 120 rows 40; ${command.map(quoted).join(' ')}`, '/dev/null']);
    const { runDir } = JSON.parse(plimsoll('system', 'info', '--json').stdout).root;
    await rm(runDir, { recursive: true, force: true });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** The life of a container. Nothing is wrong if the machine cannot do it: then it has no use for the bytecode either. */
const image = 'localhost/busybox';
const containers = [
  ['image', 'bootstrap', 'busybox', '--quiet'],
  ['run', '-d', '--name', 'one', '-p', '127.0.0.1::80', image, 'sleep', '60'],
  ['exec', 'one', 'true'],
  ['stop', '--time', '0', 'one'],
  ['start', 'one'],
  ['rm', '-f', 'one'],
  ['run', '--rm', '--network', 'none', image, 'true'],
];

/** Root's networks and mounts would be those of the machine: here they go with the last process, whatever happens. */
const apart = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];

function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

async function hashOf(folder) {
  const hash = createHash('sha256');
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    hash.update(name);
    if ((await stat(join(folder, name))).isFile()) hash.update(await readFile(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** What of src/demo is not code: its Dockerfiles and their contexts. */
function isAsset(path) {
  return !path.endsWith('.ts');
}

function ignoreExisting(error) {
  if (!['EEXIST', 'ENOTEMPTY'].includes(error.code)) throw error;
}

function absent(error) {
  if (error.code !== 'ENOENT') throw error;
}

await main();
