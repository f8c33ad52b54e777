import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keys, openTerminal } from './terminal.ts';
import { terminalPng } from './terminal-picture.ts';

test('a program in the terminal is seen, typed to, and ends with its exit code', async () => {
  await using shell = openTerminal(['sh', '-c', 'printf "name? "; read name; echo "hello $name"; exit 3'], {
    columns: 40,
    rows: 5,
  });
  await shell.see(/name\?/);
  shell.type(`keel${keys.enter}`);
  await shell.see(/hello keel/);
  assert.equal((await shell.exit()).exitCode, 3);
});

test('the picture of a screen is a PNG, and the same screen gives the same bytes', async () => {
  const shot = async () => {
    await using shell = openTerminal(['sh', '-c', 'printf "\\033[31m╭─█▄⣿╮\\033[0m ok"; sleep 5'], {
      columns: 20,
      rows: 3,
    });
    await shell.see(/ok/);
    return terminalPng(shell.emulator);
  };
  const [first, second] = [await shot(), await shot()];
  assert.equal(first.subarray(1, 4).toString(), 'PNG');
  assert.deepEqual(first, second);
});
