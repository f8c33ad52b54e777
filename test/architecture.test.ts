import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

/** Who may import whom: the law of src/. `src/README.md` draws the same table. `errors.ts` is open to all. */
const layers: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  oci: ['lib'],
  'engine/kernel': ['lib'],
  'engine/store': ['engine/kernel', 'oci', 'lib'],
  'engine/events': ['engine/store', 'engine/kernel', 'lib'],
  'engine/doctor': ['engine/kernel', 'engine/store', 'engine/network', 'engine/snapshot', 'lib'],
  'engine/registry': ['engine/kernel', 'oci', 'lib'],
  'engine/snapshot': ['engine/store', 'engine/kernel', 'oci', 'lib'],
  'engine/archive': ['engine/kernel', 'lib'],
  'engine/image': [
    'engine/archive',
    'engine/registry',
    'engine/snapshot',
    'engine/store',
    'engine/events',
    'engine/kernel',
    'oci',
    'lib',
  ],
  'engine/runtime': ['engine/kernel', 'oci', 'lib'],
  'engine/network': ['engine/store', 'engine/events', 'engine/kernel', 'oci', 'lib'],
  'engine/volume': ['engine/archive', 'engine/store', 'engine/events', 'engine/kernel', 'oci', 'lib'],
  'engine/build': [
    'engine/image',
    'engine/snapshot',
    'engine/runtime',
    'engine/network',
    'engine/store',
    'engine/events',
    'engine/kernel',
    'oci',
    'lib',
  ],
  'engine/container': [
    'engine/archive',
    'engine/image',
    'engine/snapshot',
    'engine/runtime',
    'engine/network',
    'engine/volume',
    'engine/store',
    'engine/events',
    'engine/kernel',
    'oci',
    'lib',
  ],
  'engine/stats': ['engine/runtime', 'engine/kernel', 'lib'],
  'engine/history': ['engine/stats', 'engine/store', 'engine/kernel', 'lib'],
  'engine/limits': ['engine/container', 'engine/runtime', 'engine/store', 'engine/kernel', 'lib'],
  'engine/system': [
    'engine/build',
    'engine/container',
    'engine/image',
    'engine/snapshot',
    'engine/runtime',
    'engine/network',
    'engine/volume',
    'engine/store',
    'engine/events',
    'engine/kernel',
    'oci',
    'lib',
  ],
  'engine/units': ['engine/store', 'engine/kernel', 'lib'],
  engine: [
    'engine/archive',
    'engine/build',
    'engine/container',
    'engine/doctor',
    'engine/events',
    'engine/history',
    'engine/image',
    'engine/kernel',
    'engine/limits',
    'engine/network',
    'engine/registry',
    'engine/runtime',
    'engine/snapshot',
    'engine/stats',
    'engine/store',
    'engine/system',
    'engine/units',
    'engine/volume',
    'oci',
    'lib',
  ],
  words: ['engine', 'oci', 'lib'],
  wire: ['engine', 'words', 'oci', 'lib'],
  metrics: ['capacity', 'engine', 'lib'],
  api: ['engine', 'metrics', 'wire', 'words', 'oci', 'lib'],
  contexts: ['lib'],
  remote: ['engine', 'wire', 'oci', 'lib'],
  capacity: ['engine', 'lib'],
  demo: ['engine', 'lib'],
  fleet: ['capacity', 'engine/kernel', 'lib'],
  alerts: ['capacity', 'engine/kernel', 'lib'],
  cli: [
    'engine',
    'contexts',
    'capacity',
    'alerts',
    'fleet',
    'metrics',
    'demo',
    'wire',
    'words',
    'oci',
    'lib',
  ],
  'tui/model': ['engine', 'capacity', 'oci', 'lib'],
  'tui/terminal': ['lib'],
  'tui/components': ['tui/terminal', 'lib'],
  'tui/views': ['tui/model', 'tui/components', 'engine', 'capacity', 'lib'],
  'tui/effects': ['tui/model', 'engine', 'capacity', 'demo', 'lib'],
  'tui/fleet': ['tui/model', 'tui/components', 'capacity', 'lib'],
  tui: [
    'tui/fleet',
    'tui/model',
    'tui/terminal',
    'tui/components',
    'tui/views',
    'tui/effects',
    'engine',
    'capacity',
    'lib',
  ],
  '.': ['cli', 'tui', 'api', 'remote', 'contexts', 'demo', 'engine', 'lib'],
};

/** Folders that may name the engine's types only, never call it. */
const typesOnly = [
  'capacity',
  'metrics',
  'words',
  'wire',
  'tui/model',
  'tui/views',
  'tui/components',
  'tui/fleet',
  'tui',
];
/** The pure core: no Node built-in, no clock, no environment. */
const pure = [
  'lib',
  'oci',
  'capacity',
  'metrics',
  'words',
  'wire',
  'tui/model',
  'tui/fleet',
  'engine/build/dockerfile',
  'engine/build/lint',
  'engine/build/plan',
];

const src = resolve(import.meta.dirname, '../src');
const files = sourceFiles(src);

const top = resolve(src, '..');
test('the top level holds what the project is made of, and nothing that a tool has left there', {
  skip: existsSync(join(top, '.git')) ? false : 'needs a checkout of git',
}, () => {
  const tracked = execFileSync('git', ['ls-files'], { cwd: top, encoding: 'utf8' }).trim().split('\n');
  const names = new Set(tracked.map(path => path.split('/')[0] ?? '').filter(name => !name.startsWith('.')));
  assert.deepEqual([...names].sort(), [
    'LICENSE',
    'README.md',
    'bin',
    'package-lock.json',
    'package.json',
    'screenshots',
    'src',
    'test',
    'tsconfig.json',
  ]);
});

test('every folder of src is in the layer table', () => {
  for (const file of files)
    assert.ok(roomOf(file) in layers, `${file} is in a folder that the layer table lacks`);
});

test('imports follow the layer table, and pass through index.ts', () => {
  const wrong = files.flatMap(file => importsOf(file).flatMap(target => violation(file, target)));
  assert.deepEqual(wrong, []);
});

test('capacity and the dashboard outside effects import only types of the engine', () => {
  const wrong = files
    .filter(file => typesOnly.some(room => roomOf(file) === room))
    .flatMap(file =>
      valueImports(file)
        .filter(t => t.startsWith('engine'))
        .map(t => `${file} -> ${t}`),
    );
  assert.deepEqual(wrong, []);
});

test('the pure core has no effects', () => {
  const effects =
    /from 'node:(?!path'|util')|\bDate\.now\(|\bnew Date\(\)|\bprocess\.(env|stdout|stderr|cwd)|Math\.random\(/;
  const wrong = files.filter(
    file => pure.some(room => file.startsWith(`${room}/`)) && effects.test(read(file)),
  );
  assert.deepEqual(wrong, []);
});

test('only engine/kernel spawns or calls native code, but for the ssh that leads to other engines', () => {
  const wrong = files.filter(
    file =>
      !file.startsWith('engine/kernel/') &&
      file !== 'remote/ssh-way.ts' &&
      /from '(node:child_process|koffi)'/.test(read(file)),
  );
  assert.deepEqual(wrong, []);
});

function violation(file: string, target: string): string[] {
  if (target === 'errors.ts' || target.endsWith('.json')) return [];
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to) return [];
  if (!layers[from]?.includes(to)) return [`${file} -> ${target}: ${from} may not import ${to}`];
  const door = to === 'lib' || to === 'engine' || target === `${to}/index.ts`;
  return door ? [] : [`${file} -> ${target}: go through ${to}/index.ts`];
}

/** The room of a file: the longest folder of the table that holds it. */
function roomOf(file: string): string {
  const folder = dirname(file);
  const rooms = Object.keys(layers).filter(room => folder === room || folder.startsWith(`${room}/`));
  return rooms.sort((a, b) => b.length - a.length)[0] ?? folder;
}

function importsOf(file: string): string[] {
  const found = [...read(file).matchAll(/(?:from|import\(|import)\s*'(\.[^']+)'/g)];
  return found.map(match => relative(src, resolve(src, dirname(file), match[1] ?? '')));
}

function valueImports(file: string): string[] {
  const found = [...read(file).matchAll(/^(?:import|export)\s+(?!type\b)([^;]*?)from\s*'(\.[^']+)'/gms)];
  return found
    .filter(match => !/^\{(\s*type\s[^,}]+,?)*\s*\}\s*$/.test(match[1] ?? ''))
    .map(match => relative(src, resolve(src, dirname(file), match[2] ?? '')));
}

function read(file: string): string {
  return readFileSync(join(src, file), 'utf8');
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === 'node_modules' ? [] : sourceFiles(path);
    return /\.tsx?$/.test(name) ? [relative(src, path)] : [];
  });
}
