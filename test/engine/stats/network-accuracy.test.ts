import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createEngine, type Engine } from '../../../src/engine/index.ts';
import { noEngine, rootOfOwn } from '../../support/root-of-own.ts';

const MiB = 1024 ** 2;
const copied = 128 * MiB;

test('what a container receives and another one sends over their network is counted within 2 %', {
  skip: noEngine,
}, async () => {
  await using own = await rootOfOwn();
  await using engine = await createEngine({ root: own.root });
  const serve = `mkdir /w && dd if=/dev/zero of=/w/f bs=1M count=${copied / MiB} 2>/dev/null; echo ready; exec httpd -f -p 80 -h /w`;
  const server = await start(engine, 'server', serve);
  await hasPrinted(engine, server, 'ready');
  const [address = ''] = engine.containers.inspect(server).addresses; // with its prefix
  const client = await start(
    engine,
    'client',
    `until wget -q -O /dev/null http://${address.split('/')[0]}/f; do sleep 0.1; done; echo done; sleep 1000`,
  );
  await hasPrinted(engine, client, 'done');
  const { containers } = await engine.stats.once({ intervalMs: 10 });
  const received = containers.get(client)?.sample.network?.rxBytes ?? 0;
  const sent = containers.get(server)?.sample.network?.txBytes ?? 0;
  for (const [what, bytes] of Object.entries({ received, sent }))
    assert.ok(bytes >= copied && bytes < copied * 1.02, `${bytes} bytes ${what} of ${copied}`);
});

async function start(engine: Engine, name: string, script: string): Promise<string> {
  const command = ['sh', '-c', script];
  const { id } = await engine.containers.create({ image: 'busybox', name, command });
  await engine.containers.start(id);
  return id;
}

async function hasPrinted(engine: Engine, id: string, line: string): Promise<void> {
  for await (const entry of engine.containers.logs(id, { follow: true }))
    if (entry.line.toString() === line) return;
}
