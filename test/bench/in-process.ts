import type { Engine } from '../../src/engine/index.ts';
import { compare } from './measure.ts';
import { printComparison, type Target } from './report.ts';

/** The engine's own cost without a cold start: what the dashboard and a daemon pay. */
export async function benchInProcess(engine: Engine, slower: number): Promise<void> {
  await benchLifecycle(engine, 'none', { atMost: 50, slower });
  await benchLifecycle(engine, 'bridge', {});
  await benchExec(engine, slower);
}

async function benchLifecycle(engine: Engine, network: string, target: Target): Promise<void> {
  const once = async () => {
    const { id } = await engine.containers.create({ image: 'localhost/busybox', command: ['true'], network });
    await engine.containers.start(id);
    await engine.containers.wait(id);
    await engine.containers.remove(id);
  };
  const timings = await compare([{ name: 'plimsoll', once }], 20);
  printComparison(`create + start + wait + remove in process, network ${network}`, timings, target);
}

async function benchExec(engine: Engine, slower: number): Promise<void> {
  const { id } = await engine.containers.create({
    image: 'localhost/busybox',
    command: ['sleep', '1000'],
    network: 'none',
  });
  try {
    await engine.containers.start(id);
    const once = async () => {
      await engine.containers.exec(id, { command: ['true'] });
    };
    const timings = await compare([{ name: 'plimsoll', once }], 20);
    printComparison('exec true in process', timings, { atMost: 20, slower });
  } finally {
    await engine.containers.remove(id, { force: true });
  }
}
