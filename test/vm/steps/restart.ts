import assert from 'node:assert/strict';
import { clone, type Guest } from '../guest.ts';
import { cameUp } from './rootless.ts';
import type { Step } from './step.ts';

const plimsoll = `sudo ${clone}/bin/plimsoll`;

/** A reboot in the middle of everything. */
export const restart: readonly Step[] = [
  {
    name: 'reboot: containers do not hold it up, and are as their policies say afterwards',
    async run(guest) {
      await guest.shell('sudo mkdir -p /var/log/journal; sudo systemctl restart systemd-journald');
      await guest.plimsoll('run -d --name once -p 8081:80 hold:1');
      await guest.plimsoll('run -d --name always --restart always busybox sleep 100000');
      await guest.plimsoll('run -d --name unless --restart unless-stopped busybox sleep 100000');
      await guest.plimsoll(
        'run -d --name stopped --restart unless-stopped --network none busybox sleep 100000',
      );
      await guest.plimsoll('stop -t 0 stopped');
      await guest.plimsoll(
        'run -d --name clerk --restart always --network none busybox sh -c ' +
          `'trap "sleep 1; echo shut; exit 0" TERM; echo open; while :; do sleep 1; done'`,
      );
      await guest.plimsoll('volume create ledger');
      await guest.plimsoll(
        "run --rm -v ledger:/ledger --network none busybox sh -c 'echo kept > /ledger/page'",
      );
      assert.match(await guest.plimsoll('system install'), /plimsoll-boot/);
      await guest.reboot();
      await guest.until("[ $(pgrep -cf '^sleep 100000') = 2 ]"); // nobody has called plimsoll yet
      console.log(
        await guest.shell(`sudo journalctl -b -1 -o cat -u 'plimsoll-*.scope' | tail -5; ${plimsoll} ps -a`),
      );
      assert.deepEqual(await states(guest), {
        once: 'exited',
        always: 'running',
        clerk: 'running',
        unless: 'running',
        stopped: 'exited',
      });
      assert.equal(
        await guest.plimsoll('logs clerk'),
        'open\nshut\nopen\n',
        'ended in order, and not started again while the machine went down',
      );
      assert.match(
        await guest.plimsoll('run --rm -v ledger:/ledger --network none busybox cat /ledger/page'),
        /kept/,
      );
      assert.match(await guest.plimsoll('images'), /hold/);
    },
  },
  { name: 'reboot: containers of an ordinary user who lingers come up too', run: cameUp },
  {
    name: 'reboot: containers got ten seconds and no more, in order, and no session waited for them',
    async run(guest) {
      const said = await guest.shell('sudo journalctl -b -1 -o cat | tail -400');
      assert.match(said, /Stopped plimsoll-\w+\.scope[\s\S]*Reached target shutdown\.target/);
      assert.doesNotMatch(said, /(?<!plimsoll-\w+)\.(scope|service): .*(timed out|Failed with result)/);
    },
  },
  {
    name: 'reboot: ports and names work again',
    async run(guest) {
      await guest.plimsoll('start once');
      await guest.until('curl -sf --max-time 20 http://127.0.0.1:8081/ | grep -q hold');
      assert.equal(await guest.plimsoll('exec always wget -qO- http://once/'), 'hold\n');
    },
  },
  {
    name: 'at the end: nothing is left, and the root is consistent',
    async run(guest) {
      await guest.shell(`${plimsoll} rm -f $(${plimsoll} ps -aq)`);
      assert.match(await guest.plimsoll('system check --deep'), /consistent/);
      // what ends by itself gets its time: monitors, and the bridge that waits for another container
      await guest.until(
        "left=$(mount | grep plimsoll; ls /run/netns; pgrep -l 'conmon|aardvark'; ip -br link | grep pl; " +
          'find /sys/fs/cgroup -name \'plimsoll-*\'); [ -z "$left" ] || { echo "$left"; exit 1; }',
      );
      assert.match(await guest.plimsoll('system check --deep'), /consistent/);
    },
  },
];

async function states(guest: Guest): Promise<Record<string, string>> {
  const all = JSON.parse(await guest.plimsoll(`inspect $(${plimsoll} ps -aq)`)) as {
    Name: string;
    State: { Status: string };
  }[];
  return Object.fromEntries(all.map(({ Name, State }) => [Name.slice(1), State.Status]));
}
