import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Guest } from '../guest.ts';
import { cgroupOf } from './main-job.ts';
import type { Step } from './step.ts';

const target = resolve(import.meta.dirname, '../../fixtures/cgroups/v2');

const files = [
  ...['cgroup.controllers', 'cgroup.events', 'cpu.max', 'cpu.pressure', 'cpu.stat', 'io.pressure', 'io.stat'],
  ...['memory.current', 'memory.events', 'memory.max', 'memory.peak', 'memory.pressure', 'memory.stat'],
  ...['memory.swap.current', 'memory.swap.max', 'pids.current', 'pids.max'],
];

/** Only by name: writes the kernel's files of two running containers into test/fixtures, for the tests of stats. */
export const recording: readonly Step[] = [
  {
    name: 'record: the files of cgroup v2 and of /proc',
    async run(guest) {
      const work =
        'dd if=/dev/zero of=/block bs=1M count=8 conv=fsync; (dd if=/dev/zero of=/dev/shm/x bs=1M count=60); rm /dev/shm/x; ' +
        'cat /block > /dev/null; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; exec sleep 100000';
      await guest.plimsoll('rm -f limited unlimited').catch(() => '');
      await guest.plimsoll(
        `run -d --name limited --memory 48m --cpus 0.3 --pids-limit 100 busybox sh -c '${work}'`,
      );
      await guest.plimsoll('run -d --name unlimited busybox sleep 100000');
      const limited = await cgroupOf(guest, 'limited');
      await guest.until(`grep -qx sleep /proc/$(head -1 ${limited}/cgroup.procs)/comm`);
      rmSync(target, { recursive: true, force: true });
      await copy(guest, [
        ...(await filesOf(guest, 'limited', 4242)),
        ...(await filesOf(guest, 'unlimited', 4343)),
        ...[
          'stat',
          'meminfo',
          'loadavg',
          'pressure/cpu',
          'pressure/memory',
          'pressure/io',
          'self/mountinfo',
        ].map(name => ({ from: `/proc/${name}`, to: `proc/${name}` })),
      ]);
      await guest.plimsoll('rm -f limited unlimited');
    },
  },
];

interface Copy {
  readonly from: string;
  readonly to: string;
}

/** `kept`: the number under which the tests know its process. */
async function filesOf(guest: Guest, name: string, kept: number): Promise<Copy[]> {
  const folder = await cgroupOf(guest, name);
  const pid = (await guest.shell(`head -1 ${folder}/cgroup.procs`)).trim();
  return [
    ...files.map(file => ({ from: `${folder}/${file}`, to: `cgroup/${name}/${file}` })),
    { from: `/proc/${pid}/net/dev`, to: `proc/${kept}/net/dev` },
  ];
}

/** The kernel's files have no size, so tar would find nothing in them: they are copied first. */
async function copy(guest: Guest, copies: readonly Copy[]): Promise<void> {
  const commands = copies.map(
    ({ from, to }) => `install -D /dev/null record/${to}; cat ${from} > record/${to}`,
  );
  await guest.shell(`rm -rf record; ${commands.join('; ')}`);
  const archive = await guest.shell('tar -C record -cz . | base64');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-C', join(target), '-xz'], { input: Buffer.from(archive, 'base64') });
}
