import assert from 'node:assert/strict';
import { clone, type Guest } from '../guest.ts';
import type { Step } from './step.ts';

const plimsoll = `sudo ${clone}/bin/plimsoll`;

/** The engine by its command line: build, limits, network, life and death of containers, figures. */
export const mainJob: readonly Step[] = [
  {
    name: 'job: image bootstrap, and a Dockerfile becomes an image',
    async run(guest) {
      await guest.plimsoll('image bootstrap');
      await guest.shell(
        "mkdir -p app; printf '%s\\n' 'FROM busybox' 'RUN mkdir /www && echo hold > /www/index.html' " +
          '\'CMD ["httpd", "-f", "-p", "80", "-h", "/www"]\' > app/Dockerfile',
      );
      await guest.plimsoll('build -t hold:1 app');
      assert.match(await guest.plimsoll('images'), /hold/);
    },
  },
  {
    name: 'job: limits are what the container sees in its own cgroup',
    async run(guest) {
      const files = ['memory.max', 'memory.swap.max', 'cpu.max', 'pids.max'].map(
        name => `/sys/fs/cgroup/${name}`,
      );
      const seen = await guest.plimsoll(
        `run --rm --network none --memory 64m --cpus 0.5 --pids-limit 50 busybox cat ${files.join(' ')} /proc/self/cgroup`,
      );
      assert.deepEqual(seen.trim().split('\n'), ['67108864', '67108864', '50000 100000', '50', '0::/']);
    },
  },
  {
    name: 'job: a published port answers, on every address',
    async run(guest) {
      await guest.plimsoll('run -d --name web --memory 64m -p 8080:80 hold:1');
      await guest.until('curl -sf --max-time 20 http://127.0.0.1:8080/ | grep -q hold');
      await guest.shell('curl -sf --max-time 20 http://10.0.2.15:8080/ | grep -q hold');
    },
  },
  {
    name: 'job: containers find one another by name',
    async run(guest) {
      const answer = await guest.plimsoll('run --rm busybox wget -qO- http://web/');
      assert.equal(answer, 'hold\n');
    },
  },
  {
    name: 'job: exec, its exit code, and logs',
    async run(guest) {
      assert.equal(await guest.plimsoll('exec web cat /www/index.html'), 'hold\n');
      assert.equal((await guest.attempt(`${plimsoll} exec web sh -c 'exit 7'`)).code, 7);
      await guest.plimsoll("run --name said --network none busybox sh -c 'echo one; echo two >&2'");
      const { stdout, stderr } = await guest.attempt(`${plimsoll} logs said`);
      assert.deepEqual([stdout, stderr], ['one\n', 'two\n']);
      await guest.plimsoll('rm said');
    },
  },
  {
    name: 'job: stop, and its exit code',
    async run(guest) {
      await guest.plimsoll(
        'run -d --name tidy --network none busybox sh -c \'trap "exit 3" TERM; while :; do sleep 1; done\'',
      );
      await guest.plimsoll('stop tidy');
      assert.equal(await stateOf(guest, 'tidy', 'ExitCode'), 3);
      await guest.plimsoll('rm tidy');
    },
  },
  {
    name: 'job: a restart policy is carried out with no plimsoll running',
    async run(guest) {
      await guest.plimsoll(
        "run -d --name moody --restart on-failure:2 --network none busybox sh -c 'echo run; sleep 1; exit 4'",
      );
      await guest.until(`[ "$(${plimsoll} logs moody | grep -c run)" = 3 ]`);
      await guest.until(`${plimsoll} inspect moody | grep -q '"Status": *"exited"'`);
      assert.equal(await stateOf(guest, 'moody', 'ExitCode'), 4);
      await guest.plimsoll('rm moody');
    },
  },
  {
    name: 'job: a kill for lack of memory is recorded',
    async run(guest) {
      const eat = 'dd if=/dev/zero of=/dev/shm/ballast bs=1M count=60';
      const { code } = await guest.attempt(
        `${plimsoll} run --name greedy --network none --memory 16m --memory-swap 16m busybox ${eat}`,
      );
      assert.equal(code, 137);
      assert.equal(await stateOf(guest, 'greedy', 'OOMKilled'), true);
      await guest.plimsoll('rm greedy');
    },
  },
  {
    name: 'job: pause freezes, unpause resumes',
    async run(guest) {
      const folder = await cgroupOf(guest, 'web');
      await guest.plimsoll('pause web');
      await guest.shell(`grep -q 'frozen 1' ${folder}/cgroup.events`);
      assert.notEqual((await guest.attempt('curl -sf --max-time 3 http://127.0.0.1:8080/')).code, 0);
      await guest.plimsoll('unpause web');
      await guest.shell('curl -sf --max-time 20 http://127.0.0.1:8080/ | grep -q hold');
    },
  },
  {
    name: 'job: limits change while it runs',
    async run(guest) {
      await guest.plimsoll('update --memory 128m --cpus 0.25 --pids-limit 70 web');
      const seen = await guest.plimsoll(
        'exec web cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/cpu.max /sys/fs/cgroup/pids.max',
      );
      assert.deepEqual(seen.trim().split('\n'), ['134217728', '25000 100000', '70']);
    },
  },
  {
    name: "job: stats are the kernel's figures",
    async run(guest) {
      await guest.plimsoll(
        "run -d --name busy --network none --cpus 0.3 --memory 64m busybox sh -c 'while :; do :; done'",
      );
      const folder = await cgroupOf(guest, 'busy');
      const stats = await guest.plimsoll('stats --no-stream --format json busy');
      const shown = JSON.parse(stats.trim().split('\n')[0] ?? '') as Record<string, string>;
      const inactive = await guest.shell(`awk '/^inactive_file/ {print $2}' ${folder}/memory.stat`);
      const current = await guest.shell(`cat ${folder}/memory.current`);
      console.log(
        `      stats ${JSON.stringify(shown)}; memory.current ${current.trim()}, inactive_file ${inactive.trim()}`,
      );
      const cpu = Number.parseFloat(shown.CPUPerc ?? 'x');
      assert.ok(cpu > 10 && cpu < 50, `0.3 CPUs are near 30 %, not ${cpu}`);
      await guest.shell(`[ $(awk '/^nr_throttled/ {print $2}' ${folder}/cpu.stat) -gt 0 ]`);
      await guest.plimsoll('rm -f busy');
    },
  },
  {
    name: 'job: AppArmor: runs unconfined without a profile, and under ours where it is loaded',
    async run(guest) {
      const enabled = await guest.shell('cat /sys/module/apparmor/parameters/enabled');
      assert.equal(enabled.trim(), 'Y');
      const label = 'run --rm --network none busybox cat /proc/self/attr/current';
      assert.match(await guest.plimsoll(label), /unconfined/);
      await guest.shell('sudo apt-get install -qq -y --no-install-recommends apparmor');
      const profile =
        'profile plimsoll-default flags=(attach_disconnected,mediate_deleted) { file, capability, network, signal, umount, }';
      await guest.shell(`echo '${profile}' > profile; sudo apparmor_parser -r profile`);
      assert.match(await guest.plimsoll(label), /plimsoll-default \(enforce\)/);
      await guest.shell('sudo apparmor_parser -R profile');
    },
  },
  {
    name: 'job: a plimsoll that is killed takes nothing along, and the end is known',
    async run(guest) {
      const count = 'i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; sleep 1; done; exit 9';
      await guest.shell(
        `(${plimsoll} run --name counter --network none busybox sh -c '${count}' > run.out 2>&1 &)`,
      );
      await guest.until('grep -q "line 3" run.out');
      await guest.shell("sudo kill -9 $(pgrep -f '[m]ain.js run --name counter')");
      assert.equal((await guest.plimsoll('wait counter')).trim(), '9');
      const lines = (await guest.plimsoll('logs counter')).trim().split('\n');
      assert.deepEqual(
        lines,
        Array.from({ length: 30 }, (_, i) => `line ${i + 1}`),
      );
      await guest.plimsoll('rm counter');
    },
  },
  {
    name: 'job: demo up, demo down, and nothing is left of it',
    async run(guest) {
      const held =
        "mount | grep -c plimsoll || true; ls /run/netns; find /sys/fs/cgroup -name '[0-9a-f]*' -path '*plimsoll*' -type d; ip -br link | grep -v '@' | wc -l";
      await guest.plimsoll('rm -f web');
      const before = await guest.shell(held);
      await guest.plimsoll('demo up');
      await guest.until(`[ $(${plimsoll} ps -q | wc -l) -ge 4 ]`);
      console.log(await guest.plimsoll('ps'));
      await guest.plimsoll('demo down');
      // the bridge waits a while for the next container
      await guest.until(`left=$(${held}); [ "$left" = "${before.trimEnd()}" ] || { echo "$left"; exit 1; }`);
      assert.match(await guest.plimsoll('system check'), /consistent/);
    },
  },
];

async function inspect(guest: Guest, name: string) {
  const [details] = JSON.parse(await guest.plimsoll(`inspect ${name}`)) as [
    { State: Record<string, unknown> },
  ];
  return details;
}

async function stateOf(guest: Guest, name: string, field: string): Promise<unknown> {
  return (await inspect(guest, name)).State[field];
}

/** Where the kernel keeps a running container's figures. */
export async function cgroupOf(guest: Guest, name: string): Promise<string> {
  const word = await guest.shell(`cat /proc/${await stateOf(guest, name, 'Pid')}/cgroup`);
  return `/sys/fs/cgroup${word.trim().replace(/^0::/, '')}`;
}
