import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createListWriter } from '../../src/api/write-container-list.ts';
import type { ContainerSummary, Network } from '../../src/engine/index.ts';
import { containerSummaryJson } from '../../src/wire/index.ts';
import { createFakeEngine } from '../support/fake-engine.ts';

test('a list has what is so now: words of time, networks and volumes that changed behind a container that did not', () => {
  const engine = createFakeEngine({ containers: 3 });
  const containers: ContainerSummary[] = engine.containers
    .list({ all: true })
    .map(each => ({ ...each, mounts: [{ type: 'volume', name: 'data', target: '/data', readOnly: false }] }));
  const [first] = containers;
  assert.ok(first !== undefined);
  const joined = { name: 'shop', id: 'f00d', driver: 'bridge', containers: {} } as unknown as Network;
  const inside = { ...joined, containers: { [first.id]: { address: '10.0.0.2', mac: '' } } };
  const write = createListWriter();
  const seen = new Set<string>();
  for (const [networks, path, now] of [
    [[joined], '/volumes/data', Date.now()],
    [[joined], '/volumes/data', Date.now() + 3600_000],
    [[inside], '/volumes/data', Date.now() + 3600_000],
    [[inside], '', Date.now() + 3600_000],
    [[inside], '', Date.now() + 3600_000],
    [[joined], '/volumes/data', Date.now()],
  ] as const) {
    const surroundings = { networks, volumePath: () => path };
    const text = write(containers, surroundings, now);
    seen.add(text);
    assert.deepEqual(
      JSON.parse(text),
      JSON.parse(
        JSON.stringify(containers.map(each => containerSummaryJson(each, { ...surroundings, now }))),
      ),
    );
  }
  assert.equal(seen.size, 4);
});
