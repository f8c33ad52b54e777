/** A process of its own that emits `argv[3]` events, each in a transaction, into the root `argv[2]` (JSON). */
import { join } from 'node:path';
import { createEventService } from '../../../src/engine/events/index.ts';
import { Database } from '../../../src/engine/store/index.ts';

const root = JSON.parse(process.argv[2] ?? '');
using db = Database.open(join(root.dataDir, 'plimsoll.db'));
const events = createEventService({ root, db, clock: Date.now });
for (let i = 0; i < Number(process.argv[3]); i++) {
  db.transaction(() => events.emit('container', 'start', `${process.pid}-${i}`));
  await new Promise(resolve => setTimeout(resolve, 1));
}
