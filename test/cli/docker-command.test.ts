import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../src/cli/collect.ts';
import { DockerCommand } from '../../src/cli/docker-command.ts';

function parse(line: string): { options: object; words: readonly string[] } {
  const command = new DockerCommand().exitOverride().passThroughOptions();
  command
    .option('-d, --detach')
    .option('-p, --publish <port>', '', collect)
    .option('-i')
    .option('--no-trunc');
  command
    .option('--pull [when]')
    .argument('[words...]')
    .configureOutput({ writeErr: () => {} });
  let told: readonly string[] = [];
  command.action((words: string[]) => {
    told = words;
  });
  command.parse(line.split(' '), { from: 'user' });
  return { options: command.opts(), words: told };
}

test('switches may say their value, and short options have theirs behind a sign of equality', () => {
  assert.deepEqual(parse('--detach=true x').options, { detach: true, trunc: true });
  assert.deepEqual(parse('-d=false --no-trunc=1 x').options, { trunc: false });
  assert.deepEqual(parse('-p=80:80 -p 1:1 --publish=2=3 x').options, {
    publish: ['80:80', '1:1', '2=3'],
    trunc: true,
  });
  assert.deepEqual(parse('--pull=true x').options, { pull: 'true', trunc: true });
  assert.throws(() => parse('--detach=perhaps x'), /unknown option/);
});

test('what follows the first word, or is a value, is left as it is', () => {
  assert.deepEqual(parse('-d image -d=false -p=1').words, ['image', '-d=false', '-p=1']);
  assert.deepEqual(parse('-p -d=true x').options, { publish: ['-d=true'], trunc: true });
  assert.deepEqual(parse('-idp -d=true x').options, {
    i: true,
    detach: true,
    publish: ['-d=true'],
    trunc: true,
  });
  assert.deepEqual(parse('-- -d=true').words, ['-d=true']);
});
