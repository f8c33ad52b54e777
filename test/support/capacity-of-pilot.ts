import type { Engine } from '../../src/engine/index.ts';
import { readCapacity, readUndoable, readWhy } from '../../src/tui/effects/capacity.ts';
import { noon, type Pilot } from './dashboard-state.ts';

/** Does what the model asked of the engine about capacity, as the effects do. */
export async function obey(pilot: Pilot, engine: Engine): Promise<void> {
  for (const command of pilot.taken()) {
    if (command.type === 'read-capacity') pilot.tell(readCapacity(engine, command.windowMs, command.frame));
    if (command.type === 'read-why') pilot.tell(readWhy(engine, command.target, noon));
    if (command.type === 'read-undoable') pilot.tell(readUndoable(engine));
    if (command.type === 'change-limits') await engine.limits.change(command.requests);
    if (command.type === 'undo-limits') await engine.limits.undo(command.changes);
    if (command.type === 'change-limits' || command.type === 'undo-limits')
      pilot.tell({ type: 'operation-ended', id: 0 });
  }
}
