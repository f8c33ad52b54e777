import { resizeTerminal } from '../runtime/index.ts';
import type { ContainerRecord } from './records.ts';
import { notRunning } from './transitions.ts';
import { announce, isLive, pathsOf, type World } from './world.ts';

/** Changes the size of a running container's terminal; without one the monitor takes no notice. */
export function resizeContainer(
  world: World,
  record: ContainerRecord,
  size: { columns: number; rows: number },
): void {
  const { id, name, state } = record;
  if (!isLive(state)) notRunning(name, state.status, 'start it first');
  resizeTerminal(pathsOf(world.root, id).bundle, size);
  const attributes = { height: String(size.rows), width: String(size.columns) };
  world.db.transaction(() => announce(world, record, 'resize', attributes));
}
