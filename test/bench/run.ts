/**
 * `npm run bench`: plimsoll beside docker and podman in the same run, as medians and ratios. Figures of a noisy
 * machine differ from run to run; the ratios are what to read, and for promises in milliseconds what they are at the
 * speed that the machine has at the time. Needs root. Words after it choose parts:
 * `npm run bench -- commands network rootless builds pulls in-process many recorder api dashboard`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createEngine, resolveRoot } from '../../src/engine/index.ts';
import { benchApi } from './api.ts';
import { benchBuilds } from './builds.ts';
import { benchCommands } from './commands.ts';
import { benchDashboard } from './dashboard.ts';
import { benchInProcess } from './in-process.ts';
import { benchMany } from './many.ts';
import { benchNetwork, benchRootless } from './network.ts';
import { findPeers } from './peers.ts';
import { benchPulls } from './pulls.ts';
import { benchRecorder } from './recorder.ts';
import { measureYardstick } from './yardstick.ts';

const chosen = process.argv.slice(2);
const wanted = (part: string) => chosen.length === 0 || chosen.includes(part);
const home = mkdtempSync(join(tmpdir(), 'plimsoll-bench-root-'));
const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
const plimsoll = [launcher, '--root', home];
const engine = await createEngine({
  root: resolveRoot({ root: home, env: process.env, uid: process.getuid?.() ?? 0 }),
  self: [launcher],
});
try {
  await engine.images.bootstrap({ source: 'busybox' });
  if (wanted('commands')) {
    await measureYardstick();
    await benchCommands(plimsoll, findPeers('/bin/busybox'));
  }
  if (wanted('network')) benchNetwork(plimsoll, findPeers('/bin/busybox'));
  if (wanted('rootless')) benchRootless();
  if (wanted('builds')) await benchBuilds(plimsoll);
  if (wanted('pulls')) await benchPulls(plimsoll);
  if (wanted('in-process')) await benchInProcess(engine, await measureYardstick());
  if (wanted('many')) await benchMany(engine, plimsoll, findPeers('/bin/busybox'), await measureYardstick());
  if (wanted('recorder')) await benchRecorder(engine, plimsoll);
  if (wanted('api')) await benchApi(plimsoll, home, findPeers('/bin/busybox'));
  if (wanted('dashboard')) await benchDashboard(engine, plimsoll, await measureYardstick());
} finally {
  await engine[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true, maxRetries: 10 }); // a dashboard that was killed may still be dying
}
