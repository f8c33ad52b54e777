import { readdir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const home = resolve(fileURLToPath(import.meta.url), '../..');
const source = join(home, 'src');

/**
 * The parts of the bundle, as parts of the source; the first pattern that fits a file decides. What every call needs
 * together is one part, since each costs half a millisecond.
 */
const parts = [
  [/^(main\.ts|cli\/)/, () => 'app'],
  [/^lib\/cell-text\.ts/, () => 'cell-text'],
  [/^(errors\.ts|lib\/[^/]+$|words\/)/, () => 'core'],
  [/^api\//, () => 'api'],
  [/^wire\//, () => 'wire'],
  [/^engine\/snapshot\/unpack-thread\.ts/, () => 'unpack-thread'],
  [/^engine\/network\/rootless\/(forward-thread|splice-streams)\.ts/, () => 'forward-thread'],
  [/^engine\/([^/]+$|(store|events|kernel)\/)/, () => 'engine'],
  [/^((engine|lib)\/[^/]+|(?!tui|\.\.)[^/]+)\//, ([, folder]) => folder.replace('/', '-')],
  [/^tui\/(index\.ts|terminal\/)/, () => 'tui'],
  [/^tui\/components\/charts\//, () => 'charts'],
  [/^tui\//, () => 'tui-app'],
];

/** The entries of threads, each a part of its own that no other imports. */
export const threads = {
  'unpack-thread': './engine/snapshot/unpack-thread.ts',
  'forward-thread': './engine/network/rootless/forward-thread.ts',
};

/** What other parts may import of a part: what other folders may, and what stands on its own. */
const door = /(^|\/)index\.ts$|^(main|errors|lib\/[^/]+)\.ts$|^tui\/app\.tsx$/;

/** Packages that are parts of their own: large, and of no use to most calls, or used by several parts. */
const apart = ['systeminformation', 'yaml'];

/** Built-in modules that Node has loaded before the first line of ours runs. */
const loadedAlready = /^node:(fs|path|os|events)$/;

/**
 * Bundles src/main.ts into `folder` in parts, which `loader.cjs` loads when something of them is used first. Throws
 * where one part imports what is no door of another, or has a copy of what another has.
 */
export async function bundle(folder) {
  const files = (await readdir(source, { recursive: true })).sort();
  const names = new Set([...files.filter(file => door.test(file)).map(partOf), ...Object.keys(threads)]);
  const { metafile } = await build({
    absWorkingDir: home,
    entryPoints: [...names, ...apart].map(name => ({ in: `part:${name}`, out: name })),
    outdir: folder,
    bundle: true,
    metafile: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    supported: { 'dynamic-import': false },
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    define: {
      'process.env.NODE_ENV': '"production"',
      'process.env.DEV': '"false"', // Ink would load its developer tools, with an await that no part can have
      'import.meta.dirname': '__dirname',
      'import.meta.url': '__filename',
    },
    external: ['koffi', 'esbuild', '@kubernetes/client-node'],
    banner: { js: '(function(exports,require,module,__filename,__dirname){' },
    footer: { js: '})' },
    plugins: [cutting(files), standIns],
    logLevel: 'warning',
  });
  refuseCopies(metafile);
}

function partOf(file) {
  for (const [pattern, name] of parts) {
    const match = pattern.exec(file);
    if (match !== null) return name(match);
  }
  return undefined;
}

/** Makes the entry of each part, and lets imports of other parts and of Node's modules wait for their first use. */
function cutting(files) {
  return {
    name: 'cutting',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^part:/ }, ({ path }) => ({ path, namespace: 'part' }));
      onLoad({ filter: /.*/, namespace: 'part' }, ({ path }) => ({
        contents: entryOf(path.slice('part:'.length), files),
        resolveDir: source,
      }));
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, importer, namespace, kind }) => {
        const file = relative(source, join(resolveDir, path));
        const part = partOf(file);
        if (part === undefined || namespace === 'part' || part === partOf(relative(source, importer)))
          return undefined;
        if (!door.test(file)) return { errors: [{ text: `${file} is no door of the part "${part}"` }] };
        return outside(`part:${part}#${file}`, { waits: kind === 'import-statement' && part !== 'core' });
      });
      // Of no use to a first frame or a short command, and larger than all of ours.
      onResolve({ filter: new RegExp(`^(${apart.join('|')})$`) }, ({ path, namespace }) =>
        namespace === 'part' ? undefined : outside(`part:${path}#${path}`, { waits: false }),
      );
      onResolve({ filter: /^node:/ }, ({ path, kind, importer }) =>
        kind === 'import-statement' && !loadedAlready.test(path) && /\/(src|commander)\//.test(importer)
          ? outside(path, { waits: true })
          : undefined,
      );
    },
  };
}

/** A module with the doors of a part, by their names. */
function entryOf(part, files) {
  if (part === 'app') return `import './main.ts';`;
  if (part in threads) return `import '${threads[part]}';`;
  if (part === 'tui-app') return appOnceReady;
  const doors = apart.includes(part)
    ? [part]
    : files.filter(file => door.test(file) && partOf(file) === part);
  return doors.map(file => `export * as "${file}" from "${file === part ? file : `./${file}`}";`).join('\n');
}

function outside(path, { waits }) {
  return { path: waits ? `lazy:${path}` : path, external: true };
}

/** Yoga, Ink's layout, is loaded asynchronously, and Ink wants it at once. A part cannot wait, so its door does. */
const appOnceReady = `
import { ready } from 'yoga-layout';
const once = {
  async runApp(options) {
    await ready;
    const { runApp } = await import('./tui/app.tsx');
    return await runApp(options);
  },
  async runFleetApp(options) {
    await ready;
    const { runFleetApp } = await import('./tui/app.tsx');
    return await runFleetApp(options);
  },
};
export { once as "tui/app.tsx" };`;

/** In the place of yoga-layout's own entry, which awaits at its top level. */
const yoga = `
import load from './binaries/yoga-wasm-base64-esm.js';
import wrap from './src/wrapAssembly.js';
export * from './src/generated/YGEnums.js';
let Yoga;
export { Yoga as default };
export const ready = load().then(assembly => { Yoga = wrap(assembly); });`;

/** Stands for modules that cannot be bundled as they are, and mends what would print a warning into the screen. */
const standIns = {
  name: 'stand-ins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^blessed$/ }, () => ({
      path: join(source, 'tui/components/charts/blessed-stand-in.ts'),
    }));
    // docker-modem's own way over ssh is not used (src/remote/ssh-agent.ts), and would bring native code.
    onResolve({ filter: /^ssh2$/ }, () => ({ path: 'ssh2', namespace: 'unused' }));
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'export const Client = undefined;' }));
    // Importing node:process runs every getter of it (reports, workers, ...), 10 ms of each start; the global does not.
    onResolve({ filter: /^(node:)?process$/ }, () => ({ path: 'process', namespace: 'global' }));
    onLoad({ filter: /.*/, namespace: 'global' }, () => ({
      contents:
        'export default process; export const { env } = process; export const cwd = () => process.cwd();',
    }));
    // Without the import `process` is the global one, of which esbuild knows that DEV is off.
    onLoad({ filter: /\/ink\/build\/reconciler\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace("import process from 'node:process';", ''),
    }));
    // It would load all of TLS for the socket of an engine on this machine: 5 MB of a recorder.
    onLoad({ filter: /\/docker-modem\/lib\/http\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(
        "nativeHttps = require('https')",
        "nativeHttps = { request: (...all) => require('https').request(...all) }",
      ),
    }));
    onResolve({ filter: /^yoga-layout$/ }, () => ({ path: 'yoga-layout', namespace: 'yoga' }));
    onLoad({ filter: /.*/, namespace: 'yoga' }, () => ({
      contents: yoga,
      resolveDir: join(home, 'node_modules/yoga-layout/dist'),
    }));
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

/** A module in two parts would have two states. Tables of Unicode and the global `process` have none. */
function refuseCopies({ outputs }) {
  const homes = new Map();
  for (const [output, { inputs }] of Object.entries(outputs)) {
    for (const input of Object.keys(inputs)) homes.set(input, [...(homes.get(input) ?? []), output]);
  }
  for (const [input, all] of homes) {
    if (all.length === 1 || /get-east-asian-width|^global:process$/.test(input)) continue;
    throw new Error(`${input} would be in ${all.join(' and in ')}`);
  }
}
