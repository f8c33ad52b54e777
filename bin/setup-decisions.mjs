/** What `setup.mjs` decides, apart from what it does: pure functions over what it has read. */
import { createHash } from 'node:crypto';

/**
 * Names of the packages that `package-lock.json` wants and npm's own record of node_modules lacks or has in another
 * version. Optional packages count only when they are the Node for this machine; dev ones only for tests.
 */
export function missingPackages(wanted, installed, { mode, arch }) {
  const found = installed?.packages ?? {};
  return Object.entries(wanted.packages)
    .filter(([path, entry]) => path !== '' && isNeeded(path, entry, { mode, arch }))
    .filter(([path, entry]) => found[path]?.version !== entry.version)
    .map(([path]) => path.replace(/^.*node_modules\//, ''));
}

/** A digest that changes whenever a source file is added, removed, edited or touched. */
export function sourceStamp(files) {
  const lines = files.map(({ path, size, mtimeMs }) => `${path} ${size} ${mtimeMs}`);
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

function isNeeded(path, entry, { mode, arch }) {
  if (entry.dev || entry.devOptional) return mode === 'test' && !entry.optional && !entry.devOptional;
  if (entry.optional) return path === `node_modules/node-linux-${arch}`;
  return true;
}
