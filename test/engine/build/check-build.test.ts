import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeYard } from './yard.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

describe('the check of a Dockerfile', { skip }, () => {
  test('knows base images and the ignore file, and builds nothing', async () => {
    await using yard = makeYard();
    await yard.makeBase('base', () => {}, { Env: ['HOME_OF_BASE=/x'] });
    yard.write('.dockerignore', 'secret\nlogs\n!logs/keep\n');
    yard.write(
      'Dockerfile',
      'FROM base\nWORKDIR $HOME_OF_BASE\nCOPY secret logs $NOWHERE /\nCOPY /secret .\n',
    );
    const report = await yard.builds.check({ context: yard.context });
    assert.deepEqual(
      report.warnings.map(({ rule, line, message }) => [rule, line, message]),
      [
        ['CopyIgnoredFile', 3, '"secret" is left out by the ignore file'],
        ['UndefinedVar', 3, 'the variable "NOWHERE" is not defined here'],
        ['CopyIgnoredFile', 4, '"secret" is left out by the ignore file'],
      ],
    );
    assert.match(report.warnings[0]?.url ?? '', /copy-ignored-file/);
    assert.deepEqual(yard.builds.list(), []);
    assert.deepEqual(yard.leftovers(), []);
  });

  test('tells a build what it finds, and fails one that wants it', async () => {
    await using yard = makeYard();
    const { events } = await yard.build('FROM scratch AS Stage\nCOPY Dockerfile /\n');
    const warned = events.filter(event => event.kind === 'warned');
    assert.deepEqual(
      warned.map(({ rule, line, fix }) => [rule, line, fix]),
      [['StageNameCasing', 1, 'write "stage"']],
    );
    await assert.rejects(yard.build('# check=error=true\nFROM scratch AS Stage\n'), {
      code: 'LINT_FAILED',
      summary: 'Dockerfile:2: StageNameCasing: the name of the stage "Stage" has capitals',
    });
    await yard.build('# check=error=true;skip=all\nFROM scratch AS Stage\nCOPY Dockerfile /\n');
  });
});

describe('the outline of a Dockerfile', { skip }, () => {
  test('tells stages with their descriptions, and what the target can be given', async () => {
    await using yard = makeYard();
    const text = [
      '# BASE is where it all begins',
      'ARG BASE=busybox',
      '# tools has what the others need',
      'FROM $BASE AS tools',
      'RUN --mount=type=cache,target=/root/.cache --mount=type=secret,id=token,required make',
      'FROM $BASE AS unused',
      'ARG NEVER',
      'RUN --mount=type=ssh true',
      'FROM $BASE',
      '# VERSION of what is built',
      'ARG VERSION',
      'COPY --from=tools /out /out',
    ];
    yard.write('Dockerfile', text.join('\n'));
    const outline = await yard.builds.outline({ context: yard.context, buildArgs: { VERSION: '3' } });
    assert.deepEqual(outline, {
      target: 'stage-2',
      stages: [
        { name: 'tools', isNamed: true, base: '$BASE', line: 4, description: 'has what the others need' },
        { name: 'unused', isNamed: true, base: '$BASE', line: 6 },
        { name: '2', isNamed: false, base: '$BASE', line: 9 },
      ],
      args: [
        { name: 'BASE', line: 2, value: 'busybox', description: 'is where it all begins' },
        { name: 'VERSION', line: 11, value: '3', description: 'of what is built' },
      ],
      secrets: [{ id: 'token', required: true, line: 5 }],
      ssh: [],
      caches: [{ id: '/root/.cache', line: 5 }],
    });
    const unused = await yard.builds.outline({ context: yard.context, target: 'unused' });
    assert.deepEqual([unused.args.at(-1)?.name, unused.ssh.length, unused.caches.length], ['NEVER', 1, 0]);
  });
});
