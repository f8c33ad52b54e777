import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keys } from '../../support/terminal.ts';
import { clone, type Guest, patience } from '../guest.ts';
import { supply } from '../supply.ts';
import type { Step } from './step.ts';

/** From nothing to the dashboard, by what the README says. */
export const newcomer: readonly Step[] = [
  {
    name: 'set-up: the machine is bare: cgroup v2, systemd, no container tools',
    async run(guest) {
      assert.equal((await guest.shell('stat -fc %T /sys/fs/cgroup')).trim(), 'cgroup2fs');
      assert.equal((await guest.shell('systemctl is-system-running')).trim(), 'running');
      const tools = 'crun runc conmon nft aardvark-dns busybox docker podman';
      const { stdout } = await guest.attempt(`for tool in ${tools}; do command -v $tool || true; done`);
      assert.equal(stdout, '');
    },
  },
  {
    essential: true,
    name: 'set-up: packages are offered to it as by the internet',
    async run(guest) {
      await supply(guest);
      await guest.shell('sudo rm -f /etc/sudoers.d/op'); // from here on, sudo asks for a password
      assert.notEqual((await guest.attempt('sudo -n true')).code, 0);
    },
  },
  {
    essential: true,
    name: 'set-up: a fresh clone',
    async run(guest) {
      const folder = mkdtempSync(join(tmpdir(), 'plimsoll-clone-'));
      try {
        const bundle = join(folder, 'plimsoll.bundle');
        execFileSync('git', ['bundle', 'create', '-q', bundle, 'HEAD']);
        await guest.put(bundle, 'plimsoll.bundle');
        await guest.shell(`rm -rf ${clone}; git clone -q plimsoll.bundle ${clone}`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    name: 'set-up: npm start by somebody who gives sudo no password still opens, and says what to do',
    async run(guest) {
      await using screen = guest.terminal();
      await screen.see(/\$ $/m, patience);
      screen.type(`cd plimsoll && npm start${keys.enter}`);
      await screen.see(/installing \d+ npm packages/, patience);
      await screen.see(/building plimsoll/, 4 * patience); // npm takes 85 times as long as elsewhere
      await screen.see(/ctrl-d: go on without\)\s+\[sudo\] password for op/, patience);
      screen.type(keys.ctrlD);
      await screen.see(/ctrl-d: without\)\s+\[sudo\] password for op/, patience);
      console.log(indented(screen.text()));
      screen.type(keys.ctrlD);
      await screen.see(/load line/i, patience);
      console.log(indented(await screen.see(/the machine lacks OCI runtime and conmon/, patience)));
      screen.type('q');
      await screen.see(/\$ $/m, patience);
    },
  },
  {
    name: 'set-up: doctor before: what is missing, each with its fix, and exit code 1',
    async run(guest) {
      const { code, stdout } = await guest.attempt(`${clone}/bin/plimsoll doctor`);
      console.log(stdout);
      assert.equal(code, 1);
      assert.match(stdout, /missing +OCI runtime +not installed\n.*\n +fix: sudo apt-get install .*crun/);
      assert.match(stdout, /missing +conmon/);
      assert.match(stdout, /building or running cannot work/);
    },
  },
  {
    essential: true,
    name: 'set-up: npm start as an ordinary user whom sudo asks for a password: installs, and opens as root',
    async run(guest) {
      await using screen = guest.terminal();
      await screen.see(/\$ $/m, patience);
      screen.type(`cd plimsoll && npm start${keys.enter}`);
      await screen.see(/\[sudo\] password for op/, 4 * patience);
      screen.type(`op${keys.enter}`);
      await screen.see(/load line/i, 2 * patience);
      await screen.seeNot(/needs? root/, patience);
      screen.type('q');
      const after = await screen.see(/\$ $/m, patience);
      console.log(indented(after));
      for (const tool of ['crun', 'conmon', 'nft', 'busybox'])
        await guest.shell(`PATH=$PATH:/usr/sbin command -v ${tool}`);
    },
  },
  {
    name: 'set-up: a second npm start installs nothing',
    async run(guest) {
      const installed = async () =>
        await guest.shell('grep -c . /var/log/dpkg.log; stat -c %Y plimsoll/.build/stamp');
      const before = await installed();
      await using screen = guest.terminal();
      await screen.see(/\$ $/m, patience);
      screen.type(`cd plimsoll && npm start${keys.enter}`);
      await screen.see(/\[sudo\] password for op/, patience);
      assert.doesNotMatch(screen.text(), /installing|building plimsoll/);
      screen.type(`op${keys.enter}`);
      await screen.see(/load line/i, patience);
      screen.type('q');
      await screen.see(/\$ $/m, patience);
      assert.equal(await installed(), before);
    },
  },
  {
    name: 'set-up: doctor after: all is well',
    async run(guest) {
      await allowSudo(guest);
      const { code, stdout } = await guest.attempt(`sudo ${clone}/bin/plimsoll doctor`);
      console.log(stdout);
      assert.equal(code, 0);
      assert.match(stdout, /cgroups +v2: .*memory.*pids/);
      assert.match(stdout, /all is well/);
    },
  },
];

/** A screen as it is shown in the report. */
function indented(screen: string): string {
  return screen.trimEnd().replace(/^/gm, '      | ');
}

/** Without a password again, for commands that have no terminal. */
async function allowSudo(guest: Guest): Promise<void> {
  const rule = 'op ALL=(ALL) NOPASSWD:ALL';
  await guest.shell(
    `echo op | sudo -S sh -c 'echo "${rule}" > /etc/sudoers.d/op; chmod 440 /etc/sudoers.d/op'`,
  );
}
