import assert from 'node:assert/strict';
import { clone, type Guest } from '../guest.ts';
import type { Step } from './step.ts';

const plimsoll = `${clone}/bin/plimsoll`;
const socket = '/run/plimsoll.sock';
const service = 'plimsoll-daemon.service';
const ping = `sudo curl -sf --max-time 300 --unix-socket ${socket} http://plimsoll/_ping`;

/** The Docker API as systemd runs it: by a socket, with word of being ready, a watchdog, and its sandbox. */
export const daemon: readonly Step[] = [
  {
    name: 'daemon: systemd has the socket, and the first client starts the daemon, which says that it is ready',
    async run(guest) {
      assert.match(await guest.plimsoll('system install --daemon 2>&1'), /plimsoll\.sock/);
      assert.equal(await guest.shell(`sudo stat -c '%F %a %U' ${socket}`), 'socket 660 root\n');
      assert.equal((await show(guest, 'ActiveState')).ActiveState, 'inactive');
      assert.equal(await guest.shell(ping), 'OK');
      assert.deepEqual(await show(guest, 'Type', 'ActiveState', 'SubState', 'WatchdogUSec', 'Result'), {
        Type: 'notify',
        ActiveState: 'active',
        SubState: 'running',
        WatchdogUSec: '1min',
        Result: 'success',
      });
    },
  },
  {
    name: 'daemon: inside its sandbox it builds, and runs with binds, ports, limits, devices and a terminal',
    async run(guest) {
      const remote = `sudo ${plimsoll} -H unix://${socket}`;
      await guest.shell(`${remote} build -q -t hold:2 app`);
      await guest.shell(
        `${remote} run -d --name served --memory 64m -p 8082:80 -v /etc/hostname:/name:ro --device /dev/net/tun hold:2`,
      );
      await guest.until('curl -sf --max-time 20 http://127.0.0.1:8082/ | grep -q hold');
      const inside = 'cat /name /sys/fs/cgroup/memory.max; head -c 4 /dev/urandom | wc -c; ls /dev/net/tun';
      assert.equal(
        await guest.shell(`${remote} exec served sh -c '${inside}'`),
        `${await guest.shell('cat /etc/hostname')}67108864\n4\n/dev/net/tun\n`,
      );
      assert.match(await guest.shell(`${remote} run --rm -t --network none hold:2 tty`), /\/dev\/pts\/0/);
      const monitor = await guest.shell('cat /proc/$(pgrep -f "conmon.*-n served" | head -1)/cgroup');
      assert.match(monitor, /machine\.slice\/plimsoll-\w+\.scope/, 'outside the cgroup of the service');
    },
  },
  {
    name: 'daemon: kill -9 loses no container and no exit code, and systemd starts it again',
    async run(guest) {
      const started = async () => await guest.plimsoll("inspect -f '{{.State.StartedAt}}' served");
      const before = await started();
      const { MainPID } = await show(guest, 'MainPID');
      await guest.shell(`sudo kill -KILL ${MainPID}`);
      await guest.until(`[ "$(systemctl show ${service} -p NRestarts --value)" -ge 1 ]`);
      assert.equal(await guest.shell(ping), 'OK');
      assert.equal(await started(), before);
      await guest.shell('curl -sf --max-time 60 http://127.0.0.1:8082/ | grep -q hold');
      assert.notEqual((await show(guest, 'MainPID')).MainPID, MainPID);
      const again = (await show(guest, 'MainPID')).MainPID;
      await guest.shell(`sudo kill -KILL ${again}; sudo ${plimsoll} kill served`);
      await guest.until(ping);
      const inspect = `sudo curl -sf --max-time 300 --unix-socket ${socket} http://plimsoll/containers/served/json`;
      assert.match(await guest.shell(inspect), /"Status":"exited".*"ExitCode":137/);
      await guest.plimsoll('rm served');
    },
  },
  {
    name: 'daemon: one that hangs is killed by the watchdog and started again',
    async run(guest) {
      const { MainPID, NRestarts } = await show(guest, 'MainPID', 'NRestarts');
      await guest.shell(`sudo kill -STOP ${MainPID}`);
      await guest.until(`[ "$(systemctl show ${service} -p NRestarts --value)" -gt ${NRestarts} ]`);
      assert.equal(await guest.shell(ping), 'OK');
      assert.match(
        await guest.shell(`sudo journalctl -b -o cat -u ${service} | tail -50`),
        /Watchdog timeout/,
      );
    },
  },
  {
    name: 'daemon: an ordinary user has one too, and uninstall takes all away',
    async run(guest) {
      await guest.plimsoll('system uninstall');
      assert.equal((await guest.attempt(`[ -e ${socket} ]`)).code, 1);
      assert.match(await guest.shell(`${plimsoll} system install --user --daemon 2>&1`), /plimsoll\.sock/);
      await guest.shell(`${plimsoll} image bootstrap`);
      const own = 'unix://$XDG_RUNTIME_DIR/plimsoll.sock';
      assert.equal(
        await guest.shell(`${plimsoll} -H ${own} run --rm --network none busybox id -u`, {
          timeoutMs: 600_000,
        }),
        '0\n',
      );
      const shown = await guest.shell(`systemctl --user show ${service} -p ActiveState --value`);
      assert.equal(shown, 'active\n');
      await guest.shell(`${plimsoll} system uninstall --user`);
      assert.equal(
        await guest.shell(
          'systemctl --user list-unit-files --no-legend "plimsoll*" || true; ls /etc/systemd/system | grep plimsoll || true',
        ),
        '',
      );
    },
  },
];

/** Containers that systemd owns, and that write into its journal. */
export const unitsAndJournal: readonly Step[] = [
  {
    name: 'units: a unit of generate systemd starts, restarts and stops its container',
    async run(guest) {
      await guest.plimsoll('create --name owned --network none hold:1 sleep 100000');
      await guest.shell(
        `sudo ${plimsoll} generate systemd --name owned | sudo tee /etc/systemd/system/container-owned.service; ` +
          'sudo systemctl daemon-reload; sudo systemctl start container-owned',
      );
      assert.equal((await guest.plimsoll('exec owned echo alive')).trim(), 'alive');
      await guest.plimsoll('kill owned');
      await guest.until('[ "$(systemctl show container-owned -p NRestarts --value)" -ge 1 ]');
      await guest.until(`sudo ${plimsoll} exec owned true`);
      await guest.shell('sudo systemctl stop container-owned');
      assert.equal(await guest.plimsoll("inspect -f '{{.State.Status}}' owned"), 'exited\n');
      await guest.shell('sudo rm /etc/systemd/system/container-owned.service; sudo systemctl daemon-reload');
      await guest.shell('sudo systemctl reset-failed');
      await guest.plimsoll('rm owned');
    },
  },
  {
    name: 'journal: what a container says is there, by its name, and plimsoll reads it back',
    async run(guest) {
      const say = 'run --name told --log-driver journald --network none hold:1';
      await guest.plimsoll(`${say} sh -c 'echo ahoy; echo beware >&2'`);
      await guest.until('sudo journalctl -o cat CONTAINER_NAME=told | grep -q ahoy');
      const { stdout, stderr } = await guest.attempt(`sudo ${plimsoll} logs told`);
      assert.deepEqual([stdout, stderr], ['ahoy\n', 'beware\n']);
      await guest.plimsoll('rm told');
    },
  },
];

async function show<Name extends string>(
  guest: Guest,
  ...names: readonly Name[]
): Promise<Record<Name, string>> {
  const text = await guest.shell(`systemctl show ${service} ${names.map(name => `-p ${name}`).join(' ')}`);
  return Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map(line => line.split('=', 2)),
  ) as Record<Name, string>;
}
