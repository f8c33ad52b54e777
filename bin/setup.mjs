/**
 * `node bin/setup.mjs start|test`: makes a clean clone ready, installing only what is missing: npm packages (with
 * them the project's own Node), the bundle, the host's tools. Plain JavaScript, as it must run on any Node >= 18.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingPackages, sourceStamp } from './setup-decisions.mjs';

const home = resolve(dirname(fileURLToPath(import.meta.url)), '..');

function main() {
  const mode = process.argv[2] === 'test' ? 'test' : 'start';
  if (Number.parseInt(process.versions.node, 10) < 18) {
    fail(
      `this Node is ${process.versions.node}, too old to install a newer one`,
      'install Node 18 or newer first',
    );
  }
  installPackages(mode);
  checkNode();
  buildBundle();
  installHostTools(mode);
}

/** `npm install` of what the lock file says, if what the lock file wants is not there. A node_modules that is a link belongs to somebody else. */
function installPackages(mode) {
  const modules = join(home, 'node_modules');
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const missing = missingPackages(
    readJson(join(home, 'package-lock.json')),
    readJson(join(modules, '.package-lock.json')),
    { mode, arch: process.arch },
  );
  if (missing.length === 0) return;
  const what = missing.length > 3 ? `${missing.length} npm packages` : missing.join(', ');
  say(`installing ${what} with npm: the libraries that plimsoll is made of, and Node 24`);
  const args = [
    'install', // not `ci`: that refuses a lock file which leaves out optional packages of other platforms
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    ...(mode === 'start' ? ['--omit=dev'] : []),
  ];
  const npm = process.env.npm_execpath;
  const done = npm?.endsWith('.js') ? run(process.execPath, [npm, ...args]) : run('npm', args);
  if (!done) fail('npm could not install the packages', 'see the lines above; is the npm registry in reach?');
}

/** Without the project's own Node (not Linux, or optional packages left out) the system's must do. */
function checkNode() {
  if (existsSync(join(home, `node_modules/node-linux-${process.arch}/bin/node`))) return;
  if (Number.parseInt(process.versions.node, 10) >= 24) return;
  fail(
    `plimsoll needs Node 24, and this is ${process.versions.node}`,
    `run 'npm install --include=optional', or install Node 24`,
  );
}

function buildBundle() {
  const stamp = sourceStamp(sources());
  const file = join(home, '.build/stamp');
  if (existsSync(join(home, '.build/main.js')) && existsSync(file) && readFileSync(file, 'utf8') === stamp)
    return;
  say('building plimsoll');
  if (!run(join(home, 'bin/node'), [join(home, 'bin/build.mjs')])) {
    fail('the build failed', 'see the lines above');
  }
  writeFileSync(file, stamp);
}

/** The doctor knows the table of tools and the package managers; what it cannot install, it says in one line. */
function installHostTools(mode) {
  run(join(home, 'bin/plimsoll'), ['doctor', '--install', `--for=${mode}`]);
}

/** Path, size and time of all that the bundle is made from. */
function sources() {
  const found = ['package-lock.json', ...walk('bin'), ...walk('src')];
  return found.map(path => {
    const { size, mtimeMs } = statSync(join(home, path));
    return { path, size, mtimeMs };
  });
}

function walk(folder) {
  return readdirSync(join(home, folder), { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

function run(command, args) {
  return spawnSync(command, args, { cwd: home, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function say(line) {
  console.error(`plimsoll: ${line}`);
}

function fail(what, hint) {
  say(`${what}; ${hint}`);
  process.exit(1);
}

main();
