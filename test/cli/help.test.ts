import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandTable } from '../../src/cli/command-table.ts';
import { golden } from '../support/golden.ts';
import { runPlimsoll } from '../support/run-cli.ts';

test('--help lists every verb', async () => {
  const { code, stdout } = await runPlimsoll(['--help']);
  assert.equal(code, 0);
  golden('cli/help.txt', stdout);
  assert.equal((await runPlimsoll(['help'])).stdout, stdout);
});

for (const { name } of commandTable) {
  test(`${name} --help shows its options and an example`, async () => {
    const { code, stdout, stderr } = await runPlimsoll([name, '--help']);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    golden(`cli/${name}.txt`, stdout);
    assert.equal((await runPlimsoll(['help', name])).stdout, stdout);
  });
}

for (const words of [
  ['image', 'bootstrap'],
  ['volume', 'create'],
  ['network', 'ls'],
  ['system', 'check'],
  ['system', 'install'],
  ['generate', 'systemd'],
  ['generate', 'daemonset'],
  ['demo', 'up'],
]) {
  test(`${words.join(' ')} --help shows its options and an example`, async () => {
    const { stdout } = await runPlimsoll([...words, '--help']);
    golden(`cli/${words.join('-')}.txt`, stdout);
    assert.match(stdout, /^Examples?:\n {2}plimsoll/m);
  });
}

test('every command that does something has an example', async () => {
  for (const { name } of commandTable) {
    const { stdout } = await runPlimsoll([name, '--help']);
    const group = /^Commands:/m.test(stdout);
    assert.ok(group || /^Examples?:\n {2}plimsoll/m.test(stdout), `${name} has no example`);
  }
});
