import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { loadLine } from '../../src/capacity/index.ts';
import { type ContainerSpec, type Engine, packTree, TreeRoot } from '../../src/engine/index.ts';

/** An engine to hold against the contract, and how to be done with it. */
export interface ContractEngine extends AsyncDisposable {
  readonly engine: Engine;
  /** Network of containers that need none: some peers here can make no bridge. */
  readonly hasBridge: boolean;
  /** It tells what happens: Podman does only where there is a journal. */
  readonly hasEvents: boolean;
}

const image = 'localhost/contract:1';

/**
 * What holds of every engine behind the interface, whichever it is and wherever: the same calls, the same answers. Each
 * test takes away what it made.
 */
export function engineContract(
  name: string,
  open: () => Promise<ContractEngine>,
  { skip = false, rootfs }: { readonly skip?: string | false; readonly rootfs: string },
): void {
  test(name, { skip }, async t => {
    await using opened = await open();
    const { engine } = opened;
    const { containers } = engine;
    const made = async (spec: Partial<ContainerSpec>) => {
      const container = await containers.create({ image, network: 'none', ...spec });
      return {
        ...container,
        async [Symbol.asyncDispose]() {
          const isThere = containers.list({ all: true }).some(({ id }) => id === container.id);
          if (isThere) await containers.remove(container.id, { force: true, volumes: true });
        },
      };
    };

    await t.test('makes an image of a root filesystem, and finds it by name and id', async () => {
      using tree = await TreeRoot.open(rootfs);
      const tar = packTree({ tree, path: '/', name: '' });
      const id = await engine.archives.importTar({ tar, reference: image, changes: ['CMD ["sleep", "60"]'] });
      const found = engine.images.inspect(image);
      assert.equal(found.id, id);
      assert.deepEqual(found.config.config.Cmd, ['sleep', '60']);
      assert.equal(engine.images.inspect(id.slice(7, 19)).id, id);
      assert.ok(engine.images.list().some(each => each.references.includes(image)));
    });

    await t.test('runs a container to its end, with its output and exit code', async () => {
      await using one = await made({ command: ['sh', '-c', 'echo out; echo err >&2; exit 7'] });
      assert.equal(containers.inspect(one.id).state.status, 'created');
      await containers.start(one.id);
      assert.equal(await containers.wait(one.id), 7);
      const { state } = containers.inspect(one.name);
      assert.deepEqual([state.status, state.exitCode], ['exited', 7]);
      const lines = await Array.fromAsync(containers.logs(one.id));
      assert.deepEqual(lines.map(({ stream, line }) => `${stream} ${line}`).sort(), [
        'stderr err',
        'stdout out',
      ]);
    });

    await t.test('lists what runs, by state, with names, limits and labels', async () => {
      const limits = { memoryBytes: 64 * 1024 ** 2 };
      await using one = await made({ name: 'contract-web', labels: { team: 'a' }, limits });
      assert.ok(!containers.list().some(({ id }) => id === one.id));
      await containers.start(one.id);
      const found = containers.list().find(({ id }) => id === one.id);
      assert.equal(found?.name, 'contract-web');
      assert.equal(found?.limits.memoryBytes, limits.memoryBytes);
      assert.equal(found?.labels.team, 'a');
      assert.equal(found?.state.status, 'running');
    });

    await t.test('runs commands inside, with input, output and exit codes', async () => {
      await using one = await made({});
      await containers.start(one.id);
      const plain = await containers.exec(one.id, { command: ['sh', '-c', 'echo in; echo no >&2; exit 4'] });
      assert.deepEqual([plain.exitCode, String(plain.stdout), String(plain.stderr)], [4, 'in\n', 'no\n']);
      const stdin = Readable.from([Buffer.from('through')]);
      const echoed = await containers.exec(one.id, { command: ['cat'], stdio: { stdin } });
      assert.equal(String(echoed.stdout), 'through');
      const env = await containers.exec(one.id, { command: ['sh', '-c', 'echo $A'], env: ['A=b'] });
      assert.equal(String(env.stdout), 'b\n');
    });

    await t.test('pauses, goes on, stops and starts again', async () => {
      await using one = await made({});
      const status = () => containers.inspect(one.id).state.status;
      await containers.start(one.id);
      await containers.pause(one.id);
      assert.equal(status(), 'paused');
      await containers.unpause(one.id);
      assert.equal(status(), 'running');
      await containers.stop(one.id, { timeoutSeconds: 0 });
      assert.equal(status(), 'exited');
      await containers.start(one.id);
      assert.equal(status(), 'running');
    });

    await t.test('removes no container that runs, but by force', async () => {
      await using one = await made({});
      await containers.start(one.id);
      await assert.rejects(containers.remove(one.id), { kind: 'conflict' });
      await containers.remove(one.id, { force: true });
      assert.throws(() => containers.inspect(one.id), { code: 'CONTAINER_NOT_FOUND' });
    });

    await t.test('says in the same words what is not there, and what is taken', async () => {
      assert.throws(() => containers.inspect('nobody'), { kind: 'not-found', code: 'CONTAINER_NOT_FOUND' });
      assert.throws(() => engine.images.inspect('nothing:1'), { code: 'IMAGE_NOT_FOUND' });
      assert.throws(() => engine.networks.inspect('nowhere'), { code: 'NETWORK_NOT_FOUND' });
      assert.throws(() => engine.volumes.inspect('none-such'), { code: 'VOLUME_NOT_FOUND' });
      await assert.rejects(containers.create({ image: 'localhost/nothing:1', network: 'none' }), {
        code: 'IMAGE_NOT_FOUND',
      });
      await using one = await made({ name: 'contract-twice' });
      await assert.rejects(made({ name: one.name }), { kind: 'conflict' });
    });

    const mute = opened.hasEvents ? false : 'it tells what happens to a journal only';
    await t.test('announces what happens to a container, in order', { skip: mute }, async () => {
      const stop = new AbortController();
      const sinceSeq = engine.events.lastSeq();
      const filter = { types: ['container' as const] };
      const seen: string[] = [];
      const watched = (async () => {
        for await (const { action } of engine.events.follow({ sinceSeq, filter, signal: stop.signal })) {
          seen.push(action);
          if (action === 'destroy' && seen.includes('start')) return; // not that of one before
        }
      })();
      // A follower of an engine elsewhere hears what comes once the engine has taken it on.
      for (let tries = 0; !seen.includes('start'); tries++) {
        assert.ok(tries < 50, 'nothing was announced');
        await using one = await made({ command: ['true'] });
        await containers.start(one.id);
        await containers.wait(one.id);
        await containers.remove(one.id);
      }
      await watched;
      stop.abort();
      const order = ['create', 'start', 'die', 'destroy'].map(action => seen.lastIndexOf(action));
      assert.deepEqual(
        order.toSorted((a, b) => a - b),
        order,
        seen.join(' '),
      );
    });

    await t.test('measures what a container uses against what the machine has', async () => {
      await using one = await made({ command: ['sh', '-c', 'while :; do :; done'], limits: { cpus: 0.5 } });
      await containers.start(one.id);
      const { host, containers: used } = await engine.stats.once({ intervalMs: 400 });
      assert.ok(host.cores >= 1 && host.memoryTotalBytes > 1024 ** 3);
      const usage = used.get(one.id);
      assert.ok(
        usage !== undefined && usage.cpuCores > 0.01 && usage.cpuCores < 1.5,
        String(usage?.cpuCores),
      );
      assert.ok(usage.memory.usageBytes > 0);
    });

    await t.test('tells what is set apart and not used: the waste', async () => {
      await using one = await made({ limits: { memoryBytes: 64 * 1024 ** 2, cpus: 0.5 } });
      await containers.start(one.id);
      const frame = await engine.stats.once({ intervalMs: 200 });
      const line = loadLine(frame, new Map(containers.list().map(({ id, limits }) => [id, limits])));
      for (const [{ containers: loads, wasted }, limit] of [
        [line.cpu, 0.5],
        [line.memory, 64 * 1024 ** 2],
      ] as const) {
        const load = loads.find(({ id }) => id === one.id);
        assert.equal(load?.reserved, limit);
        assert.ok(load.unused > limit / 2 && wasted >= 0, JSON.stringify(load));
      }
    });

    await t.test('remembers what was seen of a container, for who asks later', async () => {
      await using one = await made({});
      await containers.start(one.id);
      const stop = new AbortController();
      {
        await using recorder = engine.history.record({ report: error => assert.ifError(error) });
        let written = 0;
        for await (const frame of engine.stats.stream({ intervalMs: 1000, signal: stop.signal })) {
          recorder.add(frame);
          if (recorder.writes) written++;
          if (written === 4) stop.abort();
        }
      }
      const since = Date.now() - 600_000;
      const usage = engine.history.usage({ since }).get(one.id);
      assert.ok((usage?.points ?? 0) >= 2 && (usage?.memory.max ?? 0) > 0, JSON.stringify(usage));
      assert.ok(engine.history.chart(one.id, { since }, 600).length > 0);
    });

    await t.test('gives the end of a log, and what comes while it is followed', async () => {
      const script = 'for i in 1 2 3; do echo line $i; done; sleep 1; echo line 4';
      await using one = await made({ command: ['sh', '-c', script] });
      await containers.start(one.id);
      const lines: string[] = [];
      for await (const { line } of containers.logs(one.id, { follow: true })) lines.push(String(line));
      assert.deepEqual(lines, ['line 1', 'line 2', 'line 3', 'line 4']);
      const end = await Array.fromAsync(containers.logs(one.id, { tail: 2 }));
      assert.deepEqual(
        end.map(({ line }) => String(line)),
        ['line 3', 'line 4'],
      );
    });

    await t.test('builds an image from a Dockerfile, and says what each step did', async () => {
      const context = mkdtempSync(join(tmpdir(), 'plt-contract-build-'));
      try {
        writeFileSync(join(context, 'cargo'), 'tea\n');
        const text = `FROM ${image}\nCOPY cargo /hold/\nRUN cp /hold/cargo /hold/copy\nCMD ["cat", "/hold/copy"]\n`;
        writeFileSync(join(context, 'Dockerfile'), text);
        const tags = ['localhost/contract-built:1'];
        const { build, image: id } = await engine.builds.build({ context, tags, network: 'none' });
        assert.equal(engine.images.inspect('localhost/contract-built:1').id, id);
        const signal = AbortSignal.timeout(10_000);
        const told = await Array.fromAsync(engine.builds.follow(build, { signal }));
        assert.equal(told.at(-1)?.kind, 'finished');
        {
          await using one = await made({ image: id });
          await containers.start(one.id);
          assert.equal(await containers.wait(one.id), 0);
          const [entry] = await Array.fromAsync(containers.logs(one.id));
          assert.equal(String(entry?.line), 'tea');
        }
        const usage = await engine.system.diskUsage();
        assert.ok(usage.images.some(each => each.id === id));
        await engine.images.remove('localhost/contract-built:1');
      } finally {
        rmSync(context, { recursive: true, force: true });
      }
    });

    await t.test('copies files into a container and out of it', async () => {
      await using one = await made({});
      await containers.start(one.id);
      await containers.exec(one.id, { command: ['sh', '-c', 'echo cargo >/tmp/hold'] });
      assert.equal((await engine.files.stat(one.id, '/tmp/hold', { follow: false }))?.size, 6);
      assert.equal(await engine.files.stat(one.id, '/tmp/nothing', { follow: false }), undefined);
      const tar = await engine.files.read(one.id, '/tmp/hold');
      const bytes = Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
      await engine.files.write(one.id, '/root', Readable.from([bytes]) as AsyncIterable<Uint8Array>);
      const { stdout } = await containers.exec(one.id, { command: ['cat', '/root/hold'] });
      assert.equal(String(stdout), 'cargo\n');
      assert.ok((await engine.files.changes(one.id)).some(({ path }) => path === '/root/hold'));
    });

    await t.test('keeps volumes, and knows who mounts them', async () => {
      const { name: volume } = await engine.volumes.create({ name: 'contract-data', labels: { a: 'b' } });
      assert.equal(engine.volumes.inspect(volume).labels.a, 'b');
      {
        await using one = await made({
          mounts: [{ type: 'volume', name: volume, target: '/data', readOnly: false }],
        });
        assert.deepEqual(engine.volumes.inspect(volume).containers, [one.id]);
        await assert.rejects(engine.volumes.remove(volume), { kind: 'conflict' });
      }
      await engine.volumes.remove(volume);
      assert.throws(() => engine.volumes.inspect(volume), { kind: 'not-found' });
    });

    await t.test(
      'makes and removes networks',
      { skip: opened.hasBridge ? false : 'it may make no bridge here' },
      async () => {
        const network = await engine.networks.create({ name: 'contract-net', subnet: '10.213.77.0/24' });
        assert.equal(network.subnet, '10.213.77.0/24');
        assert.ok(engine.networks.list().some(({ name }) => name === 'contract-net'));
        await engine.networks.remove('contract-net');
        assert.throws(() => engine.networks.inspect('contract-net'), { kind: 'not-found' });
      },
    );

    await t.test('knows the networks that it has, and who is on them', async () => {
      await using one = await made({});
      const [network] = engine.networks.list();
      assert.deepEqual(engine.networks.inspect(network?.name ?? '').id, network?.id);
      assert.ok(engine.networks.list().every(({ containers: on }) => on[one.id]?.address === undefined));
    });

    await t.test('saves an image and loads it again, and gives and takes names', async () => {
      await engine.images.tag(image, 'localhost/contract:2');
      assert.ok(engine.images.inspect(image).references.includes('localhost/contract:2'));
      const tar = await engine.archives.save({ names: ['localhost/contract:2'] });
      const archive = Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
      await engine.images.remove('localhost/contract:2');
      const [loaded] = await engine.archives.load({
        archive: Readable.from([archive]) as AsyncIterable<Uint8Array>,
      });
      assert.deepEqual(loaded?.references, ['localhost/contract:2']);
      await engine.images.remove('localhost/contract:2');
      assert.throws(() => engine.images.inspect('localhost/contract:2'), { kind: 'not-found' });
    });

    await t.test('is connected with a container from its first byte to its last', async () => {
      await using one = await made({ command: ['cat'], openStdin: true });
      await containers.start(one.id);
      await using attachment = await containers.attach(one.id);
      await attachment.write(Buffer.from('ahoy\n'));
      attachment.endInput();
      let text = '';
      for await (const { data } of attachment.output) text += String(data);
      assert.equal(text, 'ahoy\n');
      assert.equal(await containers.wait(one.id), 0);
    });

    await engine.images.remove(image, { force: true });
  });
}
