import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Operations } from '../../../src/tui/effects/operations.ts';
import type { Notice } from '../../../src/tui/model/index.ts';
import { createFakeEngine } from '../../support/fake-engine.ts';

test('a container that runs tells what could not be given as asked, such as a folder that had to be made', async () => {
  const engine = createFakeEngine({ containers: 1 });
  const made = 'made the folder "/srv/new", which was not there; it belongs to root';
  const warnings = [made, `no way out of this machine: ${'a long reason '.repeat(12)}and what to do`];
  const start = async () => ({ warnings });
  const notice = await new Promise<Notice | undefined>(resolve => {
    const operations = new Operations(msg => {
      if (msg.type === 'operation-ended') resolve(msg.notice);
    });
    const spec = { image: 'shop/api:2.4', name: 'fresh' };
    operations.start({ ...engine, containers: { ...engine.containers, start } }, { type: 'run', spec });
  });
  assert.equal(notice?.text, `Running "fresh"; ${warnings.join('; ')}`);
});
