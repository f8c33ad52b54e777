import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { parseGlobals } from '../../src/cli/globals.ts';
import type { Engine } from '../../src/engine/index.ts';
import { cancelled, PlimsollError } from '../../src/errors.ts';
import { runPlimsoll } from '../support/run-cli.ts';

const error = (code: string) => new PlimsollError('not-found', 'no', { code });

test("exitCodeOf() follows docker's table", () => {
  const cases: [unknown, string, number][] = [
    [error('IMAGE_NOT_FOUND'), 'run', 125],
    [error('COMMAND_NOT_FOUND'), 'run', 127],
    [error('COMMAND_NOT_EXECUTABLE'), 'run', 126],
    [error('COMMAND_NOT_FOUND'), 'exec', 127],
    [error('CONTAINER_NOT_FOUND'), 'exec', 1],
    [error('COMMAND_NOT_FOUND'), 'rm', 1],
    [error('OPTION_REFUSED'), 'ps', 125],
    [error('BAD_USAGE'), 'run', 1],
    [new Error('a bug'), 'run', 125],
    [new Error('a bug'), 'ps', 1],
    [cancelled('building'), 'build', 130],
    [new DOMException('x', 'AbortError'), 'logs', 1],
  ];
  for (const [thrown, verb, code] of cases) assert.equal(exitCodeOf(thrown, verb), code, `${verb} ${code}`);
});

test('parseGlobals() takes --root in both forms, only before the verb', () => {
  assert.deepEqual(parseGlobals(['ps', '-a']), { rest: ['ps', '-a'] });
  assert.deepEqual(parseGlobals(['--root', '/x', 'ps']), { root: '/x', rest: ['ps'] });
  assert.deepEqual(parseGlobals(['--root=/x', 'run', '--root']), { root: '/x', rest: ['run', '--root'] });
  assert.throws(() => parseGlobals(['--root']), /--root needs a folder/);
  assert.throws(() => parseGlobals(['--root=', 'ps']), /--root needs a folder/);
});

test('an error is one sentence and a hint on standard error, never a stack', async () => {
  const engine = failing(
    new PlimsollError('not-found', 'there is no container "x\u001b[2J"', { code: 'X', hint: 'look' }),
  );
  const { code, stdout, stderr } = await runPlimsoll(['ps'], { engine });
  assert.deepEqual(
    { code, stdout, stderr },
    { code: 1, stdout: '', stderr: 'plimsoll: No such container: x\nlook\n' },
  );
});

test('PLIMSOLL_DEBUG shows the stack and its causes', async () => {
  const engine = failing(new PlimsollError('internal', 'outer', { code: 'X', cause: new Error('inner') }));
  const { stderr } = await runPlimsoll(['ps'], { engine, env: { PLIMSOLL_DEBUG: '1' } });
  assert.match(stderr, /outer[\s\S]*at [\s\S]*inner/);
});

test('an error of the system that nobody foresaw is put into words', async () => {
  const thrown = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    path: '/x',
  });
  const { stderr } = await runPlimsoll(['ps'], { engine: failing(thrown) });
  assert.match(stderr, /^plimsoll: no space is left on the disk: "\/x"\nfree some space/);
});

test('colours are for terminals only', async () => {
  const engine = failing(error('X'));
  assert.ok((await runPlimsoll(['ps'], { engine, tty: true })).stderr.startsWith('\u001b[31m'));
  assert.ok(
    (await runPlimsoll(['ps'], { engine, tty: true, env: { NO_COLOR: '1' } })).stderr.startsWith('plimsoll:'),
  );
});

test('Ctrl-C ends a following command with 130, SIGTERM with 143', async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const result = await runPlimsoll(['events'], {
      engine: endless(),
      onStart: signals => setImmediate(() => signals.emit(signal, signal)),
    });
    assert.deepEqual(result, { code, stdout: '', stderr: '' });
  }
});

test('a verb that is not there is refused, with the near ones', async () => {
  const { code, stderr } = await runPlimsoll(['biuld']);
  assert.equal(code, 1);
  assert.equal(stderr, 'plimsoll: there is no command "biuld"\ndid you mean build?\n');
});

test('wrong use is refused in one sentence that leads to the help', async () => {
  const cases: [string[], number, RegExp][] = [
    [['run'], 1, /missing required argument 'image'[\s\S]*plimsoll run --help/],
    [['run', '--gpu-all', 'x'], 125, /unknown option '--gpu-all'[\s\S]*plimsoll run --help/],
    [['ps', '--al'], 125, /unknown option '--al'[\s\S]*did you mean --all/i],
    [['ps', 'extra'], 1, /too many arguments/],
    [['stop'], 1, /missing required argument 'container'/],
    [['volume'], 1, /"volume" needs a command\nthere are ls, create, [\s\S]*; see 'plimsoll volume --help'/],
    [['volume', 'frob'], 1, /unknown command 'frob'/],
    [['build', '--progress', 'loud', '.'], 125, /loud/],
    [['stop', '-t', 'soon', 'x'], 1, /"soon" cannot be a number of seconds/],
    [['--root'], 1, /--root needs a folder/],
    [[], 1, /needs a terminal/],
  ];
  for (const [argv, code, message] of cases) {
    const result = await runPlimsoll(argv, { engine: {} });
    assert.equal(result.code, code, argv.join(' '));
    assert.match(result.stderr, message);
    assert.ok(result.stderr.trimEnd().split('\n').length <= 2, result.stderr);
    assert.equal(result.stdout, '');
  }
});

/** An engine whose containers cannot be listed. */
function failing(thrown: unknown): Partial<Engine> {
  const containers = {
    list: () => {
      throw thrown;
    },
  } as unknown as Engine['containers'];
  return { containers };
}

/** An engine whose events never come. */
function endless(): Partial<Engine> {
  const events = {
    lastSeq: () => 0,
    async *follow({ signal }: { signal: AbortSignal }) {
      await new Promise(resolve => signal.addEventListener('abort', resolve));
      yield* [];
    },
  } as unknown as Engine['events'];
  return { events };
}
