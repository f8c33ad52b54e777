import assert from 'node:assert/strict';
import { clone, type Guest } from '../guest.ts';
import type { Step } from './step.ts';

const plimsoll = `${clone}/bin/plimsoll`;

/** An ordinary user without sudo, on the cgroups that systemd gives away. */
export const rootless: readonly Step[] = [
  {
    name: 'rootless: an ordinary user has an image, builds another, and runs it',
    async run(guest) {
      await guest.shell(`${plimsoll} image bootstrap`);
      await guest.shell(`${plimsoll} build -q -t hold:1 app`);
      const map = await guest.shell(`${plimsoll} run --rm --network none hold:1 cat /proc/self/uid_map`);
      assert.match(map, /^\s+0\s+\d{4}\s+1\n\s+1\s+\d+\s+\d+\n$/);
      assert.equal((await guest.attempt(`${plimsoll} run --rm --network none hold:1 false`)).code, 1);
      assert.match(await guest.shell(`${plimsoll} doctor`), /cgroups +v2/);
    },
  },
  {
    name: 'rootless: limits are what the container sees in its own cgroup, and can be changed; pause',
    async run(guest) {
      const seen = 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max';
      await guest.shell(
        `${plimsoll} run -d --name own --network none --memory 64m --pids-limit 50 hold:1 sleep 100000`,
      );
      assert.equal(await guest.shell(`${plimsoll} exec own ${seen}`), '67108864\n50\n');
      await guest.shell(`${plimsoll} update --memory 80m --memory-swap 80m own`);
      assert.equal(await guest.shell(`${plimsoll} exec own ${seen}`), '83886080\n50\n');
      await guest.shell(`${plimsoll} pause own && ${plimsoll} unpause own`);
      assert.match(await guest.shell(`${plimsoll} stats --no-stream own`), /80MiB/);
      await guest.shell(`${plimsoll} rm -f own`);
    },
  },
  {
    name: 'rootless: a published port answers, and names are found',
    async run(guest) {
      await guest.shell(`${plimsoll} run -d --name web --restart always -p 8090:80 hold:1`);
      await guest.until('curl -sf --max-time 20 http://127.0.0.1:8090/ | grep -q hold');
      assert.equal(await guest.shell(`${plimsoll} run --rm hold:1 wget -qO- http://web/`), 'hold\n');
    },
  },
  {
    name: 'rootless: what the user and what root runs are apart',
    async run(guest) {
      assert.doesNotMatch(await guest.plimsoll('ps -a'), /8090/);
      assert.match(await guest.shell(`${plimsoll} ps`), /8090->80/);
      assert.match(await guest.shell(`${plimsoll} system check`), /consistent/);
    },
  },
  {
    name: 'rootless: system install --user, and lingering: containers are to come up without a login',
    async run(guest) {
      assert.match(await guest.shell(`${plimsoll} system install --user 2>&1`), /enable-linger/);
      await guest.shell('sudo loginctl enable-linger op');
      await guest.shell('systemctl --user is-active plimsoll-boot.service');
    },
  },
];

/** What of the above is so after a reboot, before any plimsoll was called. */
export async function cameUp(guest: Guest): Promise<void> {
  await guest.until('curl -sf --max-time 20 http://127.0.0.1:8090/ | grep -q hold');
  assert.match(await guest.shell(`${plimsoll} ps`), /Up .*8090->80/);
  await guest.shell(`${plimsoll} system uninstall --user`);
  await guest.shell(`${plimsoll} rm -f web`);
  assert.match(await guest.shell(`${plimsoll} system check --deep`), /consistent/);
}
