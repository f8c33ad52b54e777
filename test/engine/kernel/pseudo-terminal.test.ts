import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { openPseudoTerminal } from '../../../src/engine/kernel/index.ts';

test('openPseudoTerminal() gives a process a terminal of that size, and its output up to the last byte', async () => {
  await using terminal = await openPseudoTerminal({ columns: 91, rows: 17 });
  let output = '';
  terminal.own.on('data', chunk => {
    output += chunk;
  });
  terminal.resize({ columns: 92, rows: 18 });
  const { other } = terminal;
  const child = spawn('sh', ['-c', 'test -t 0 && stty size; read line; echo "got $line"'], {
    stdio: [other, other, other],
  });
  const ended = new Promise(resolve => child.on('exit', resolve));
  terminal.own.write('ahoy\n');
  await ended;
  await terminal.drained();
  assert.match(output, /18 92\r\n/);
  assert.match(output, /got ahoy\r\n$/);
});
