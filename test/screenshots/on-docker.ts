import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHome } from '../e2e/dashboard.ts';
import { dockerOfOwn, importBusybox, noPeer, type ServingPeer } from '../support/peer-engines.ts';
import { openTerminal, type TerminalProgram } from '../support/terminal.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');

/** What the containers do: one that computes, one that writes, two that wait. */
const services: readonly (readonly [name: string, limits: readonly string[], command: string])[] = [
  ['api', ['--cpus', '0.4', '--memory', '128m'], 'while :; do :; done'],
  ['web', ['--memory', '64m'], 'i=0; while :; do i=$((i+1)); echo "GET /orders/$i 200"; sleep 0.2; done'],
  ['queue', ['--memory', '256m'], 'dd if=/dev/zero of=/tmp/queue bs=1M count=40 2>/dev/null; sleep 600'],
  ['cron', [], 'sleep 600'],
];

/** The dashboard on an engine of our own, with those of the dockerd on the same machine beside its containers. */
async function beside(
  { socket }: ServingPeer,
  shoot: (screen: TerminalProgram, name: string) => void,
): Promise<void> {
  using home = openHome();
  const run = (name: string, limits: readonly string[], command: string) =>
    home.plimsoll('run', '-d', '--name', name, ...limits, 'localhost/busybox', 'sh', '-c', command);
  run('shop', ['--cpus', '0.5', '--memory', '256m'], 'while :; do echo "GET / 200"; sleep 0.1; done');
  run('mail', ['--memory', '128m'], 'sleep 600');
  try {
    await using screen = home.dashboard({
      ...{ columns: 150, rows: 42 },
      env: { PLIMSOLL_ALSO: `unix://${socket}` },
    });
    await screen.see(/docker\/queue/, 30_000);
    for (const key of ['j', 'j', '6']) {
      screen.type(key);
      await sleep(250);
    }
    await sleep(15_000); // some history for the charts
    shoot(screen, 'neighbours');
  } finally {
    home.plimsoll('rm', '-f', 'shop', 'mail');
  }
}

/** The dashboard on a real dockerd with a few containers, all of which is gone afterwards. */
export async function onDocker(shoot: (screen: TerminalProgram, name: string) => void): Promise<void> {
  const missing = noPeer('docker', 'dockerd');
  if (missing !== false) {
    console.log(`no picture on dockerd: ${missing}`);
    return;
  }
  await using docker = await dockerOfOwn();
  await importBusybox(docker, 'shop/base:1.0');
  for (const [name, limits, command] of services)
    await docker.run(
      'run',
      '-d',
      '--name',
      name,
      '--network',
      'none',
      ...limits,
      'shop/base:1.0',
      'sh',
      '-c',
      command,
    );
  try {
    await using screen = openTerminal([launcher, '-H', `unix://${docker.socket}`], {
      columns: 150,
      rows: 42,
    });
    await screen.see(/queue/);
    for (const key of ['j', 'j', 'j', 'l']) {
      screen.type(key);
      await sleep(250);
    }
    await sleep(15_000); // some history for the charts
    shoot(screen, 'docker');
    await beside(docker, shoot);
  } finally {
    await docker.run('rm', '-f', ...services.map(([name]) => name));
  }
}
