import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Engine } from '../../src/engine/index.ts';
import { runPlimsoll } from '../support/run-cli.ts';

const engine: Partial<Engine> = {
  containers: {
    list: () => [
      { name: 'web', state: { status: 'created', restartCount: 0 } },
      { name: 'worker', state: { status: 'created', restartCount: 0 } },
    ],
  } as unknown as Engine['containers'],
  images: { list: () => [{ references: ['localhost/busybox:latest'] }] } as unknown as Engine['images'],
  volumes: { list: () => [{ name: 'files' }] } as unknown as Engine['volumes'],
};

async function complete(...words: string[]): Promise<string[]> {
  const { stdout, code } = await runPlimsoll(['__complete', '--', ...words], { engine });
  assert.equal(code, 0);
  return stdout.split('\n').flatMap(line => (line === '' ? [] : [line.split('\t')[0] ?? '']));
}

test('verbs complete by what they begin with', async () => {
  assert.deepEqual(await complete('sto'), ['stop']);
  assert.ok((await complete('')).includes('build'));
});

test('subcommands, options and their choices come from the commands themselves', async () => {
  assert.deepEqual(await complete('demo', ''), ['up', 'down']);
  assert.deepEqual(await complete('ps', '--no'), ['--no-trunc']);
  assert.deepEqual(await complete('build', '--progress', 'p'), ['plain']);
  assert.deepEqual(await complete('completion', 'z'), ['zsh']);
});

test('names come from the root, by what the argument is', async () => {
  assert.deepEqual(await complete('logs', 'w'), ['web', 'worker']);
  assert.deepEqual(await complete('stop', '-t', '5', 'web', 'wo'), ['worker']);
  assert.deepEqual(await complete('run', '--rm', 'loc'), ['localhost/busybox:latest']);
  assert.deepEqual(await complete('volume', 'rm', ''), ['files']);
});

test('what cannot be told is left to the shell', async () => {
  assert.deepEqual(await complete('build', '-f', 'Dock'), []);
  assert.deepEqual(await complete('nope', ''), []);
});

for (const shell of ['bash', 'zsh', 'fish']) {
  const there = spawnSync(shell, ['-c', 'true']).status === 0;
  test(`the ${shell} script is valid`, { skip: there ? false : `${shell} is not installed` }, async () => {
    const { stdout } = await runPlimsoll(['completion', shell]);
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-completion-'));
    try {
      const script = join(folder, `plimsoll.${shell}`); // fish reads no socket, which is what a child gets as stdin
      writeFileSync(script, stdout);
      const { status, stderr } = spawnSync(shell, ['-n', script], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('the bash script offers what plimsoll answers', async () => {
  const { stdout: script } = await runPlimsoll(['completion', 'bash']);
  const asked = `plimsoll() { printf 'web\\tUp 5 minutes\\nworker\\tCreated\\n'; }
${script}
COMP_WORDS=(plimsoll logs w); COMP_CWORD=2; _plimsoll; printf '%s\\n' "\${COMPREPLY[@]}"`;
  assert.equal(spawnSync('bash', ['-c', asked], { encoding: 'utf8' }).stdout, 'web\nworker\n');
});
