import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '../../src/engine/index.ts';
import { runPlimsoll } from '../support/run-cli.ts';

/** `network prune` of an engine with one unused network: what went, and what was said. */
async function prune(words: readonly string[], options: { typing?: boolean; input?: string }) {
  const removed: string[] = [];
  const engine = {
    system: { unusedNetworks: () => ['old'] },
    networks: {
      inspect: () => ({ labels: {}, created: 0 }),
      remove: async (name: string) => void removed.push(name),
    },
  } as unknown as Engine;
  return { ...(await runPlimsoll(['network', 'prune', ...words], { engine, ...options })), removed };
}

test('prune asks a person at a terminal, and takes nothing away without a yes', async () => {
  for (const input of ['n\n', '\n', 'perhaps\n']) {
    const { removed, code, stderr } = await prune([], { typing: true, input });
    assert.deepEqual([removed, code], [[], 1], input);
    assert.match(
      stderr,
      /^WARNING! This will remove all networks .*\nAre you sure .*\[y\/N\] plimsoll: nothing was removed/,
    );
  }
  for (const input of ['y\n', 'YES\n']) {
    const { removed, code } = await prune([], { typing: true, input });
    assert.deepEqual([removed, code], [['old'], 0], input);
  }
});

test('prune asks nobody with --force, and no script', async () => {
  for (const [words, typing] of [
    [['--force'], true],
    [['-f', '--filter', 'label!=x'], true],
    [[], false],
  ] as const) {
    const { removed, code, stderr } = await prune(words, { typing });
    assert.deepEqual([removed, code, stderr], [['old'], 0, '']);
  }
});
