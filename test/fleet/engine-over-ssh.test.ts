import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFleet } from '../../src/fleet/index.ts';
import { parseFleetConfig } from '../../src/fleet/read-fleet-config.ts';
import { makeBusyboxRootfs } from '../support/busybox-rootfs.ts';
import { dockerOfOwn, noPeer, type PeerEngine, peer, podmanOfOwn } from '../support/peer-engines.ts';
import { isPrivate, runPrivately } from '../support/private-network.ts';
import { noSshHosts, openSshHosts } from '../support/ssh-hosts.ts';

if (!isPrivate) runPrivately(import.meta.filename, noSshHosts());
else
  for (const [name, open] of [
    ['docker', dockerOfOwn],
    ['podman', async () => podmanOfOwn()],
  ] as const)
    test(`a machine with ${name} alone tells its figures over ssh`, {
      skip: noPeer(...(name === 'docker' ? ['docker', 'dockerd'] : ['podman'])),
    }, async () => {
      await using engine = await open();
      await using hosts = await openSshHosts(1);
      await importBusybox(engine, hosts.folder);
      const limits = ['--cpus', '0.5', '--memory', '64m', '--label', 'plimsoll.apart=pair'];
      // Of podman's runtimes one wants no hybrid cgroups, and its own limits may be above what is allowed here.
      const runtime = name === 'podman' ? ['--runtime', 'runc'] : [];
      if (name === 'podman') limits.push('--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024');
      const command = ['sh', '-c', 'while :; do :; done'];
      await engine.run(
        ...runtime,
        'run',
        '-d',
        '--name',
        'busy',
        '--network',
        'none',
        ...limits,
        'bb',
        ...command,
      );
      try {
        const config = parseFleetConfig(
          `machines: [{ name: one, ssh: ${hosts.addresses[0]}, engine: '${engine.command.join(' ')}' }]
every: 1
ssh_config: ${hosts.sshConfig}`,
          'fleet.yaml',
        );
        const told = Promise.withResolvers<void>();
        await using fleet = openFleet(config, {
          onChange: () => {
            const [machine] = fleet.machines();
            if (machine?.problem !== undefined) told.reject(new Error(machine.problem));
            else if (machine?.report?.containers?.some(({ cpu }) => cpu.peak > 0.1)) told.resolve();
          },
        });
        await told.promise;
        const { cpu, memory, containers, running } = fleet.machines()[0]?.report ?? assert.fail();
        assert.equal(running, 1);
        const [busy] = containers ?? [];
        assert.deepEqual([busy?.name, busy?.apart], ['busy', 'pair']);
        assert.ok((busy?.cpu.peak ?? 9) < 0.75, `${busy?.cpu.peak} cores under a limit of half a core`);
        assert.equal(cpu.reserved, 0.5);
        assert.equal(memory.reserved, 64 * 1024 ** 2);
      } finally {
        await engine.run('rm', '-f', 'busy');
      }
    });

async function importBusybox(engine: PeerEngine, folder: string): Promise<void> {
  const rootfs = mkdtempSync(join(folder, 'rootfs-'));
  makeBusyboxRootfs(rootfs);
  const tar = join(folder, 'bb.tar');
  await peer('tar', '-C', rootfs, '-cf', tar, '.');
  rmSync(rootfs, { recursive: true });
  await engine.run('import', tar, 'bb');
}
