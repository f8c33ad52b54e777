import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { createEngine } from '../../src/engine/index.ts';
import { createRemoteEngine, parseEndpoint } from '../../src/remote/index.ts';
import { cannotRunContainers, makeBusyboxRootfs } from '../support/busybox-rootfs.ts';
import { daemonOfOwn } from '../support/daemon-of-own.ts';
import { type ContractEngine, engineContract } from '../support/engine-contract.ts';
import { dockerOfOwn, noPeer, podmanService } from '../support/peer-engines.ts';
import { rootOfOwn } from '../support/root-of-own.ts';

const folder = mkdtempSync(join(tmpdir(), 'plt-contract-'));
const rootfs = cannotRunContainers === false ? makeBusyboxRootfs(folder) : folder;
// What is seen of engines elsewhere is kept there.
process.env.XDG_STATE_HOME = join(folder, 'state');
after(() => rmSync(folder, { recursive: true, force: true }));

engineContract(
  "our own engine, in this process, keeps an engine's contract",
  async () => {
    const own = await rootOfOwn();
    const engine = await createEngine({ root: own.root });
    return {
      engine,
      hasBridge: true,
      hasEvents: true,
      async [Symbol.asyncDispose]() {
        await engine[Symbol.asyncDispose]();
        await own[Symbol.asyncDispose]();
      },
    };
  },
  { skip: cannotRunContainers, rootfs },
);

engineContract(
  "our own daemon, over Docker's API, keeps the same contract",
  async () => {
    const daemon = await daemonOfOwn();
    return await remote(daemon.socket, daemon, { hasBridge: true, hasEvents: true });
  },
  { skip: cannotRunContainers, rootfs },
);

engineContract(
  'dockerd keeps the same contract',
  async () => {
    const docker = await dockerOfOwn();
    return await remote(docker.socket, docker, { hasBridge: false, hasEvents: true });
  },
  { skip: cannotRunContainers || noPeer('dockerd', 'docker'), rootfs },
);

engineContract(
  'podman system service keeps the same contract',
  async () => {
    const podman = await podmanService();
    return await remote(podman.socket, podman, { hasBridge: false, hasEvents: false });
  },
  { skip: cannotRunContainers || noPeer('podman'), rootfs },
);

async function remote(
  socket: string,
  daemon: AsyncDisposable,
  has: Pick<ContractEngine, 'hasBridge' | 'hasEvents'>,
): Promise<ContractEngine> {
  const engine = await createRemoteEngine(parseEndpoint(`unix://${socket}`));
  return {
    engine,
    ...has,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
    },
  };
}
