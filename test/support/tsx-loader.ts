import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';

/**
 * For `node --import ./test/support/tsx-loader.ts`: runs .tsx files, and gives blessed-contrib our stand-in for
 * blessed, as the bundle does.
 */
const standIn = new URL('../../src/tui/components/charts/blessed-stand-in.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    return specifier === 'blessed' ? { url: standIn, shortCircuit: true } : next(specifier, context);
  },
  load(url, context, next) {
    if (url.includes('/drawille-')) return { ...next(url, context), source: withoutOldBuffers(url) };
    if (!url.endsWith('.tsx')) return next(url, context);
    const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), {
      loader: 'tsx',
      jsx: 'automatic',
      sourcemap: 'inline',
      sourcefile: fileURLToPath(url),
    });
    return { format: 'module', source: code, shortCircuit: true };
  },
});

/** `new Buffer` would print a warning into the screen. */
function withoutOldBuffers(url: string): string {
  return readFileSync(fileURLToPath(url), 'utf8').replaceAll('new Buffer(', 'Buffer.alloc(');
}
