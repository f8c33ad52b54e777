import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventRow, followBuild } from '../../../src/tui/effects/follow.ts';
import { createFakeEngine } from '../../support/fake-engine.ts';

test('the clock goes on with a build that says nothing', async () => {
  const engine = createFakeEngine({ containers: 1 });
  const stop = new AbortController();
  async function* silent(): AsyncGenerator<never> {
    await new Promise(resolve => stop.signal.addEventListener('abort', resolve));
  }
  const builds = { ...engine.builds, follow: silent };
  const times: number[] = [];
  const begun = Date.now();
  await followBuild(
    { ...engine, builds },
    'b1',
    msg => {
      if (msg.type === 'build-moved') times.push(msg.now);
      if (times.length === 2) stop.abort();
    },
    stop.signal,
  );
  assert.ok((times[0] ?? 0) >= begun && (times[1] ?? 0) > (times[0] ?? 0));
});

test('an image is called in events as in lists', () => {
  const event = {
    ...{ seq: 1, type: 'image', action: 'tag', scope: 'local', timeNano: '1782043200000000000' },
    actor: { id: `sha256:${'a'.repeat(64)}`, attributes: { name: 'docker.io/library/slow:80' } },
  } as const;
  assert.equal(eventRow(event as never).name, 'slow:80');
});
