import assert from 'node:assert/strict';
import { clone, type Guest } from '../guest.ts';
import { cgroupOf } from './main-job.ts';
import type { Step } from './step.ts';

const plimsoll = `sudo ${clone}/bin/plimsoll`;

/** What systemd does with processes and cgroups must not reach containers. */
export const aroundSystemd: readonly Step[] = [
  {
    name: 'systemd: containers and monitors are in a unit of their own, which is delegated',
    async run(guest) {
      await guest.plimsoll('run -d --name lasting --memory 64m --cpus 0.5 busybox sleep 100000');
      const unit = await unitOf(guest);
      const monitor = await guest.shell(`cat /proc/$(pgrep -o conmon)/cgroup`);
      assert.equal(monitor.trim(), `0::/machine.slice/${unit}/monitors`);
      const nameServer = await guest.shell(`cat /proc/$(pgrep -o aardvark)/cgroup`);
      assert.equal(nameServer, monitor);
      const shown = await guest.shell(`systemctl show ${unit} -p ActiveState -p Delegate -p TasksMax`);
      assert.deepEqual(shown.trim().split('\n').sort(), [
        'ActiveState=active',
        'Delegate=yes',
        'TasksMax=infinity',
      ]);
    },
  },
  {
    name: 'systemd: a reload and a re-execution of systemd leave limits as they are',
    async run(guest) {
      const limits = async () =>
        await guest.plimsoll('exec lasting cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max');
      const before = await limits();
      await guest.shell('sudo systemctl daemon-reload && sudo systemctl daemon-reexec');
      assert.equal(await limits(), before);
      assert.equal(before, '67108864\n50000 100000\n');
    },
  },
  {
    name: 'systemd: containers outlive a logout, also where logind kills what a user leaves',
    async run(guest) {
      const conf = '/etc/systemd/logind.conf.d/kill.conf';
      await guest.shell(
        `sudo mkdir -p ${conf.replace(/\/[^/]*$/, '')}; printf '[Login]\\nKillUserProcesses=yes\\n' | sudo tee ${conf}; sudo systemctl restart systemd-logind`,
      );
      await guest.plimsoll('run -d --name guest-of-a-session --network none busybox sleep 100000');
      await guest.until('[ $(loginctl list-sessions --no-legend | wc -l) -le 1 ]');
      for (const name of ['lasting', 'guest-of-a-session'])
        assert.equal((await guest.plimsoll(`exec ${name} echo alive`)).trim(), 'alive');
      await guest.plimsoll('rm -f guest-of-a-session');
      await guest.shell(`sudo rm ${conf}; sudo systemctl restart systemd-logind`);
    },
  },
  {
    name: 'systemd: containers outlive the service that started them, and their end is recorded',
    async run(guest) {
      const command = `${clone}/bin/plimsoll run -d --name deployed --network none busybox sh -c 'trap "exit 5" TERM; while true; do sleep 1; done'`;
      await guest.shell(
        `printf '%s\\n' '#!/bin/sh' "${command.replaceAll('"', '\\"')}" 'exec sleep 1000' > deploy; chmod 755 deploy`,
      );
      await guest.shell('sudo systemd-run -q --unit=deploy /home/op/deploy');
      await guest.until(`${plimsoll} ps | grep -q deployed`);
      await guest.shell('sudo systemctl stop deploy');
      assert.equal((await guest.plimsoll('exec deployed echo alive')).trim(), 'alive');
      await guest.plimsoll('stop deployed');
      assert.match(await guest.plimsoll('inspect deployed'), /"ExitCode": *5/);
      await guest.plimsoll('rm deployed');
    },
  },
  {
    name: 'systemd: nothing is left of the unit when the last container has gone',
    async run(guest) {
      const folder = await cgroupOf(guest, 'lasting');
      const unit = await unitOf(guest);
      await guest.plimsoll('rm -f lasting');
      await guest.until(`! systemctl is-active -q ${unit}`);
      await guest.until(`[ ! -e ${folder.replace(/\/[^/]*$/, '')} ]`);
      assert.equal(await guest.shell('systemctl --failed --no-legend --plain'), '');
    },
  },
];

async function unitOf(guest: Guest): Promise<string> {
  const { root } = JSON.parse(await guest.plimsoll('system info --json')) as { root: { id: string } };
  return `plimsoll-${root.id}.scope`;
}
