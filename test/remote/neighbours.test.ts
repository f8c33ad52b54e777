import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { usualSockets } from '../../src/contexts/index.ts';
import type { Neighbours } from '../../src/engine/index.ts';
import { watchNeighbours } from '../../src/remote/index.ts';

const web = 'a'.repeat(64);
const far = 'b'.repeat(64);

test('what another engine runs here is known by its name, its limits and the cgroup of its first process', async t => {
  const world = await worldOf(t, { Name: 'Engine' });
  world.run(web, { pid: 41, name: 'web', cgroup: `0::/system.slice/docker-${web}.scope/init.scope` });
  world.run(far, { pid: 42, name: 'elsewhere', cgroup: '0::/user.slice' }); // 42 is another process here
  const { running, ready } = world.neighbours();
  assert.deepEqual(running(), [], 'nothing is waited for');
  await ready();
  const [one, ...others] = running();
  assert.deepEqual(others, []);
  assert.equal(one?.id, `docker:${web}`);
  assert.equal(one?.name, 'web');
  assert.equal(one?.cgroupPath, `/system.slice/docker-${web}.scope`, 'what it makes below is counted in it');
  assert.deepEqual([one?.limits.cpus, one?.limits.memoryBytes], [1.5, 2 ** 26]);
});

test('a container that ends is forgotten, changed limits are seen, and what is known outlives a silent engine', async t => {
  const world = await worldOf(t, { Name: 'Podman Engine' });
  world.run(web, { pid: 41, name: 'web', cgroup: `5:memory:/libpod_parent/libpod-${web}\n0::/` });
  world.run(far, { pid: 43, name: 'db', cgroup: `5:cpu,memory:/libpod_parent/libpod-${far}\n0::/` });
  const { running, ready } = world.neighbours();
  await ready();
  assert.deepEqual(
    running()
      .map(({ name }) => name)
      .sort(),
    ['db', 'web'],
  );
  assert.equal(running()[0]?.engine, 'podman');
  world.end(far);
  world.run(web, { pid: 41, name: 'web', cgroup: `5:memory:/libpod_parent/libpod-${web}`, nanoCpus: 3e9 });
  await ready();
  assert.deepEqual(
    running().map(({ name, limits }) => [name, limits.cpus]),
    [['web', 3]],
  );
  world.server.close();
  world.server.closeAllConnections();
  await ready();
  assert.equal(running().length, 1);
});

test("plimsoll's own daemon is no other engine, whatever its socket is called", async t => {
  const world = await worldOf(t, { Name: 'Engine', platform: 'plimsoll' });
  world.run(web, { pid: 41, name: 'web', cgroup: `0::/${web}` });
  const { running, ready } = world.neighbours();
  await ready();
  assert.deepEqual(running(), []);
});

test('an engine that hangs holds nobody up, and one that is not there is told of once', async t => {
  const world = await worldOf(t, { Name: 'Engine' });
  world.server.removeAllListeners('request');
  const began = performance.now();
  const told: string[] = [];
  const gone = `unix://${world.folder}/none.sock`;
  using watch = watchNeighbours({
    addresses: [`unix://${world.socket}`, gone],
    report: (_, address) => told.push(address),
  });
  await watch.ready();
  await watch.ready();
  assert.ok(performance.now() - began < 60_000);
  assert.deepEqual(told, [gone]);
});

test('sockets are found where Docker and Podman put them: of all users for root, else only of the caller', async t => {
  const { folder: run } = await worldOf(t, { Name: 'Engine' });
  const servers = [
    'docker.sock',
    'podman/podman.sock',
    'user/1000/docker.sock',
    'user/1001/podman/podman.sock',
  ];
  for (const name of servers) {
    mkdirSync(join(run, name, '..'), { recursive: true });
    const server = createServer();
    await new Promise<void>(resolve => server.listen(join(run, name), resolve));
    t.after(() => server.close());
  }
  writeFileSync(join(run, 'user/1001/docker.sock'), 'no socket');
  const found = (uid: number) =>
    usualSockets(uid, run).map(address => address.slice(`unix://${run}/`.length));
  assert.deepEqual(found(0).sort(), servers.toSorted());
  assert.deepEqual(found(1000), ['docker.sock', 'podman/podman.sock', 'user/1000/docker.sock']);
});

interface FakeContainer {
  readonly pid: number;
  readonly name: string;
  readonly cgroup: string;
  readonly nanoCpus?: number;
}

/** An engine's API as far as it is asked, and a procfs in which its processes are. */
async function worldOf(t: TestContext, version: { Name: string; platform?: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-beside-'));
  const socket = join(folder, 'engine.sock');
  const containers = new Map<string, FakeContainer>();
  const answer = (path: string): unknown => {
    if (path.endsWith('/version'))
      return {
        ApiVersion: '1.41',
        Components: [{ Name: version.Name }],
        ...(version.platform === undefined ? {} : { Platform: { Name: version.platform } }),
      };
    if (path.endsWith('/containers/json'))
      return [...containers.keys()].map(Id => ({ Id, State: 'running' }));
    const id = /containers\/([0-9a-f]+)\/json/.exec(path)?.[1] ?? '';
    const one = containers.get(id);
    return one === undefined ? undefined : inspected(id, one);
  };
  const server: Server = createServer((request, response) => {
    const body = answer((request.url ?? '').split('?')[0] ?? '');
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { message: 'no such container' }));
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
  const proc = join(folder, 'proc');
  const opened: Neighbours[] = [];
  t.after(async () => {
    for (const each of opened) each[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
    await sleep(10);
    rmSync(folder, { recursive: true });
  });
  return {
    ...{ folder, socket, server },
    run(id: string, one: FakeContainer) {
      containers.set(id, one);
      mkdirSync(join(proc, String(one.pid)), { recursive: true });
      writeFileSync(join(proc, String(one.pid), 'cgroup'), `${one.cgroup}\n`);
    },
    end: (id: string) => containers.delete(id),
    neighbours() {
      const watch = watchNeighbours({ addresses: [`unix://${socket}`], proc });
      opened.push(watch);
      return watch;
    },
  };
}

function inspected(id: string, { pid, name, nanoCpus = 1.5e9 }: FakeContainer): object {
  return {
    ...{
      Id: id,
      Name: `/${name}`,
      Created: '2026-01-01T00:00:00Z',
      Image: 'sha256:0',
      Path: 'sleep',
      Args: [],
    },
    State: { Status: 'running', Running: true, Pid: pid, StartedAt: '2026-01-01T00:00:00Z' },
    Config: { Image: 'busybox', Labels: {} },
    HostConfig: { NanoCpus: nanoCpus, Memory: 2 ** 26, NetworkMode: 'bridge' },
    ...{ NetworkSettings: { Networks: {}, Ports: {} }, Mounts: [] },
  };
}
