import type { Engine } from '../../src/engine/index.ts';
import { createSlots } from '../../src/lib/slots.ts';

/** Starts containers that do nothing, four at a time. Their ids, and what removes them. */
export async function startSleepers(
  engine: Engine,
  count: number,
): Promise<{ readonly ids: readonly string[]; readonly remove: () => Promise<void> }> {
  const inTurn = createSlots(4);
  const start = async () => {
    const spec = { image: 'localhost/busybox', command: ['sleep', '100000'], network: 'none' };
    const { id } = await engine.containers.create(spec);
    await engine.containers.start(id);
    return id;
  };
  const ids = await Promise.all(Array.from({ length: count }, () => inTurn(start)));
  const remove = async () => {
    await Promise.all(ids.map(id => inTurn(() => engine.containers.remove(id, { force: true }))));
  };
  return { ids, remove };
}
