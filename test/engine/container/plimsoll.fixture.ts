/**
 * A program that stands for plimsoll in tests: `internal ...` as a monitor calls it, `start NAME [hold]`, and
 * `read NAME PATH`, which begins to read and stays.
 * Arguments: data folder, verb, rest.
 */
import { createEngine, resolveRoot, runInternal } from '../../../src/engine/index.ts';

const [dataDir = '', verb, ...rest] = process.argv.slice(2);
const root = resolveRoot({ root: dataDir, env: {}, uid: 0 });
const self = [process.execPath, import.meta.filename, dataDir];

if (verb === 'internal') {
  process.stdout.write(await runInternal(rest, root, self));
} else if (verb === 'read') {
  await using engine = await createEngine({ root, self });
  const tar = await engine.files.read(rest[0] ?? '', rest[1] ?? '');
  tar.once('readable', () => console.log('reading'));
  await new Promise(resolve => setTimeout(resolve, 60_000));
} else {
  await using engine = await createEngine({ root, self });
  await engine.containers.start(rest[0] ?? '');
  console.log('started');
  if (rest[1] === 'hold') await new Promise(resolve => setTimeout(resolve, 60_000));
}
