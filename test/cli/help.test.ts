import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import type { Cli } from '../../src/cli/cli.ts';
import { commandTable } from '../../src/cli/command-table.ts';
import { DockerCommand } from '../../src/cli/docker-command.ts';
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

test('every command that does something has an example', () => {
  const without: string[] = [];
  const walk = (command: Command, words: string) => {
    let help = '';
    command.configureOutput({
      writeOut: text => {
        help += text;
      },
    });
    command.outputHelp();
    if (command.commands.length === 0 && !/^Examples?:\n(?: {2}.*\n)*? {2}.*plimsoll/m.test(help))
      without.push(words);
    for (const child of command.commands) walk(child, `${words} ${child.name()}`);
  };
  for (const { name, configure } of commandTable) {
    const command = new DockerCommand(`plimsoll ${name}`);
    configure(command, {} as Cli);
    walk(command, name);
  }
  assert.deepEqual(without, []);
});
