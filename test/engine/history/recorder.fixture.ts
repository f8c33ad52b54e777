/**
 * A recorder that is killed: writes made-up frames of three containers from second FROM on, as fast as it can, and
 * prints the last second of each ten that are on disk. Arguments: data folder, FROM.
 */
import { writeSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { createHistoryService } from '../../../src/engine/history/index.ts';
import { createRootFolders, resolveRoot } from '../../../src/engine/store/index.ts';
import { createFrames } from '../../support/usage-frames.ts';

const [dataDir = '', from = '0'] = process.argv.slice(2);
const root = resolveRoot({ root: dataDir, env: {}, uid: process.getuid?.() ?? 0 });
createRootFolders(root);
const history = createHistoryService({ root, clock: Date.now });
const recorder = history.record({
  report: error => {
    throw error;
  },
});
const frameAt = createFrames(3, () => ({ cpu: 1, memory: 1_000_000 }));
for (let second = Number(from); ; second++) {
  recorder.add(frameAt(second));
  if (!recorder.writes) await breathe();
  else if (second % 10 === 0 && second >= Number(from) + 20) writeSync(1, `${second - 1}\n`);
}
