import { execFileSync } from 'node:child_process';
import { callRig, type Guest, openGuest } from './guest.ts';
import { aroundSystemd } from './steps/around-systemd.ts';
import { daemon, unitsAndJournal } from './steps/daemon.ts';
import { dashboard } from './steps/dashboard.ts';
import { mainJob } from './steps/main-job.ts';
import { newcomer } from './steps/newcomer.ts';
import { recording } from './steps/recording.ts';
import { restart } from './steps/restart.ts';
import { rootless } from './steps/rootless.ts';
import type { Step } from './steps/step.ts';

/**
 * Tries plimsoll as a newcomer would on a server with systemd and cgroup v2: a fresh clone, `npm start` as an ordinary
 * user with sudo, the main job, the dashboard, a logout, a reboot. Slow (half an hour and more on an emulated machine),
 * so no part of `npm test`.
 *
 *     PLIMSOLL_VM=path/to/vm bin/node test/vm/run.ts [--keep] [STEP...]
 *
 * PLIMSOLL_VM is a command that drives a throw-away machine with an ordinary user `op`, who may use sudo with the
 * password `op`: `up` makes a fresh one, `ssh CMD` runs CMD as `op`, `ssh` is a login shell in a terminal, `put SRC
 * DST` copies, `down` throws the machine away. It must be bare (Node, npm and git, no container tools), and needs no
 * internet: packages come from this machine.
 *
 * With words, only the steps whose names contain one run, on the machine as it is (`--keep` leaves it running): each
 * builds on those before it.
 */
const rig = (process.env.PLIMSOLL_VM ?? '').split(' ').filter(Boolean);
if (rig.length === 0)
  throw new Error('PLIMSOLL_VM must name the command that drives the machine; see test/vm/run.ts');
const words = process.argv.slice(2).filter(word => word !== '--keep');
const keep = process.argv.includes('--keep') || words.length > 0;

const steps: readonly Step[] = [
  ...newcomer,
  ...mainJob,
  ...aroundSystemd,
  ...dashboard,
  ...unitsAndJournal,
  ...daemon,
  ...rootless,
  ...restart,
];

async function main(): Promise<number> {
  const guest = openGuest(rig);
  if (words.length === 0) {
    await callRig(rig, ['down'], {});
    const { code, stderr } = await callRig(rig, ['up'], {});
    if (code !== 0) throw new Error(`the machine does not come up: ${stderr}`);
  }
  const chosen =
    words.length === 0
      ? steps
      : [...steps, ...recording].filter(({ name }) => words.some(word => name.includes(word)));
  const count = { passed: 0, failed: 0 };
  for (const step of chosen) {
    if (await attempt(step, guest)) count.passed++;
    else if (++count.failed && step.essential) break;
  }
  const { passed, failed } = count;
  console.log(
    `${commit()}: ${passed} passed, ${failed} failed, ${chosen.length - passed - failed} not tried`,
  );
  if (!keep) await callRig(rig, ['down'], {});
  return failed === 0 ? 0 : 1;
}

async function attempt({ name, run }: Step, guest: Guest): Promise<boolean> {
  const began = performance.now();
  const took = () => `${Math.round((performance.now() - began) / 1000)} s`;
  try {
    await run(guest);
    console.log(`pass  ${name} (${took()})`);
    return true;
  } catch (error) {
    console.log(`FAIL  ${name} (${took()})\n${String(error).replace(/^/gm, '      ')}`);
    return false;
  }
}

function commit(): string {
  return execFileSync('git', ['log', '-1', '--format=%h'], { encoding: 'utf8' }).trim();
}

process.exitCode = await main();
