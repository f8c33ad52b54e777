import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { demoDown, demoUp } from '../../src/demo/index.ts';
import { createEngine } from '../../src/engine/index.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';

test('demoUp() runs five services, again does nothing, and demoDown() leaves nothing', {
  skip: noEngine,
}, async () => {
  await using own = await rootOfOwn();
  await using engine = await createEngine({ root: own.root });
  const said: string[] = [];
  const containers = await demoUp(engine, { onProgress: line => said.push(line) });
  assert.deepEqual(containers.map(({ name }) => name).sort(), [
    'demo-batch',
    'demo-cpu-hog',
    'demo-idle',
    'demo-memory-hog',
    'demo-web',
  ]);
  const url = said.map(line => /http:\S+/.exec(line)?.[0]).find(found => found !== undefined) ?? '';
  assert.match(await answerOf(url), /Ahoy/);

  const again = await demoUp(engine);
  assert.deepEqual(again.map(({ id }) => id).sort(), containers.map(({ id }) => id).sort());

  assert.equal(await demoDown(engine), 5);
  assert.deepEqual(engine.containers.list({ all: true }), []);
  assert.deepEqual(
    engine.images.list().flatMap(({ references }) => references),
    ['localhost/busybox:latest'],
  );
  assert.deepEqual(await engine.builds.pruneCache(), { records: 0, reclaimedBytes: 0 });
  assert.deepEqual(await engine.system.check({ deep: true }), []);
  assert.equal(await demoDown(engine), 0);
});

test('an aborted demoUp() leaves nothing, and makes its own base image go', { skip: noEngine }, async () => {
  await using own = await rootOfOwn();
  await using engine = await createEngine({ root: own.root });
  await engine.images.remove('busybox');
  const abort = new AbortController();
  const onProgress = (line: string) => {
    if (line.startsWith('starting')) abort.abort();
  };
  await assert.rejects(demoUp(engine, { onProgress, signal: abort.signal }), /cancelled/);
  assert.deepEqual(engine.containers.list({ all: true }), []);
  assert.deepEqual(engine.images.list(), []);
});

/** The web server needs a moment from its container's start until it listens. */
async function answerOf(url: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    try {
      return await (await fetch(url)).text();
    } catch (error) {
      if (tries === 100) throw error;
      await sleep(50);
    }
  }
}
