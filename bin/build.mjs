/**
 * Bundles src/main.ts into `.build/<hash>/` and points `.build/main.js` at it by one rename, so that a build never
 * takes a chunk away from a plimsoll that runs: older bundles stay for a day.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const home = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const target = join(home, '.build');
const day = 24 * 60 * 60 * 1000;

async function main() {
  const fresh = join(target, `tmp-${process.pid}`);
  try {
    await mkdir(fresh, { recursive: true });
    await bundle(fresh);
    await cp(join(home, 'src/demo'), join(fresh, 'demo'), { recursive: true, filter: isAsset }).catch(absent);
    await writeFile(join(fresh, 'main.mjs'), entry);
    await install(fresh);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function bundle(outdir) {
  await build({
    absWorkingDir: home,
    entryPoints: { app: 'src/main.ts' },
    outdir,
    bundle: true,
    format: 'esm',
    outExtension: { '.js': '.mjs' }, // so that Node need not look for a package.json
    splitting: true,
    platform: 'node',
    target: 'node24',
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    external: ['koffi', 'esbuild'],
    banner: { js: 'import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);' },
    plugins: [standIns],
    logLevel: 'warning',
  });
}

/** Stands for modules that cannot be bundled, and mends what would print a warning into the screen. */
const standIns = {
  name: 'stand-ins',
  async setup({ onResolve, onLoad }) {
    const blessed = await findFile(join(home, 'src/tui'), /^blessed-stand-in\.[mc]?[jt]s$/);
    onResolve({ filter: /^blessed$/ }, () => (blessed ? { path: blessed } : undefined));
    // Importing node:process runs every getter of it (reports, workers, ...), 10 ms of each start; the global does not.
    onResolve({ filter: /^(node:)?process$/ }, () => ({ path: 'process', namespace: 'global' }));
    onLoad({ filter: /.*/, namespace: 'global' }, () => ({
      contents: 'module.exports = process;',
      loader: 'js',
    }));
    // Functions of these modules that a short command never calls: loaded at their first call.
    onResolve({ filter: /^node:(child_process|net|dgram|util)$/ }, ({ path, importer }) =>
      /\/(src\/engine|commander)\//.test(importer) ? { path, namespace: 'at-first-call' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'at-first-call' }, ({ path }) => ({ contents: atFirstCall(path) }));
    onResolve({ filter: /^react-devtools-core$/ }, () => ({ path: 'devtools', namespace: 'empty' }));
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {};' }));
    onLoad(
      { filter: /node_modules\/[^/]*(contrib|canvas|picture|x256|term)[^/]*\/.*\.js$/ },
      async ({ path }) => ({
        contents: (await readFile(path, 'utf8'))
          .replace(/new Buffer\((?=["'`[]|[\w.]+, *["'])/g, 'Buffer.from(')
          .replace(/new Buffer\(/g, 'Buffer.alloc('),
        loader: 'js',
      }),
    );
  },
};

/** A module with the functions and constructors of a built-in one, which is loaded when the first is called. */
function atFirstCall(name) {
  const functions = Object.entries(process.getBuiltinModule(name)).filter(
    ([, value]) => typeof value === 'function',
  );
  const wrappers = functions.map(
    ([key]) => `export function ${key}(...args) {
      return new.target ? Reflect.construct(builtin().${key}, args) : builtin().${key}(...args);
    }`,
  );
  const all = `export default { ${functions.map(([key]) => key).join(', ')} };`;
  return `const builtin = () => process.getBuiltinModule('${name}');\n${wrappers.join('\n')}\n${all}`;
}

/** Loads the program with the compile cache on; a folder of our own, as a shared one could be poisoned by others. */
const entry = `import { enableCompileCache } from 'node:module';
enableCompileCache(new URL('../cache', import.meta.url).pathname);
await import('./app.mjs');
`;

/** Moves a finished bundle to the name of its content, makes it the current one, and sweeps those out of use. */
async function install(folder) {
  const name = await hashOf(folder);
  const final = join(target, name);
  await rename(folder, final).catch(ignoreExisting);
  await utimes(final, new Date(), new Date());
  const link = join(target, `link-${process.pid}`);
  await symlink(join(name, 'main.mjs'), link);
  await rename(link, join(target, 'main.js'));
  for (const other of await readdir(target)) {
    const path = join(target, other);
    if (!/^([0-9a-f]{16}|(tmp|link)-\d+)$/.test(other) || other === name) continue;
    if (Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0) < day) continue;
    await rm(path, { recursive: true, force: true });
  }
}

async function hashOf(folder) {
  const hash = createHash('sha256');
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    hash.update(name);
    if ((await stat(join(folder, name))).isFile()) hash.update(await readFile(join(folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function findFile(folder, pattern) {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const name = names.find(path => pattern.test(path.split('/').at(-1)));
  return name && join(folder, name);
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
