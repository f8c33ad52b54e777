import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BuildOutline, CheckReport, Engine } from '../../src/engine/index.ts';
import { runPlimsoll } from '../support/run-cli.ts';

const report: CheckReport = {
  file: 'Dockerfile',
  text: 'FROM scratch AS Stage\n\u001b[2JCMD x\n',
  isError: false,
  warnings: [
    {
      ...{ rule: 'StageNameCasing', description: 'Names are in lower case', url: 'https://example.com/' },
      ...{ message: 'the name of the stage "Stage" has capitals', fix: 'write "stage"', line: 1, endLine: 2 },
    },
  ],
};
const outline: BuildOutline = {
  target: 'app',
  stages: [
    { name: 'tools', isNamed: true, base: 'busybox', line: 1, description: 'for the others' },
    { name: 'app', isNamed: true, base: 'busybox', line: 3 },
  ],
  args: [{ name: 'VERSION', value: '1', line: 2, description: 'of the app' }],
  secrets: [{ id: 'token', required: true, line: 3 }],
  ssh: [],
  caches: [{ id: '/cache', line: 3 }],
};

const call = (words: string, found = report) =>
  runPlimsoll(['build', ...words.split(' '), '.'], {
    engine: {
      builds: { check: async () => found, outline: async () => outline },
    } as unknown as Partial<Engine>,
  });

test('build --check prints rule, line, what is wrong and what to do, and ends with code 1', async () => {
  const { code, stdout } = await call('--check');
  assert.equal(code, 1);
  assert.deepEqual(stdout.split('\n'), [
    'StageNameCasing Dockerfile:1: the name of the stage "Stage" has capitals',
    '  write "stage"',
    '  https://example.com/',
    '    1 | FROM scratch AS Stage',
    '    2 | CMD x',
    '',
    'the check found 1 thing',
    '',
  ]);
  const clean = await call('--check', { ...report, warnings: [] });
  assert.deepEqual([clean.code, clean.stdout], [0, 'the check found nothing\n']);
});

test("build --call=check,format=json has docker's shape", async () => {
  const { code, stdout } = await call('--call check,format=json');
  assert.equal(code, 1);
  const { warnings, sources } = JSON.parse(stdout) as { warnings: unknown[]; sources: { data: string }[] };
  assert.deepEqual(warnings, [
    {
      ruleName: 'StageNameCasing',
      description: 'Names are in lower case',
      url: 'https://example.com/',
      detail: 'the name of the stage "Stage" has capitals',
      fix: 'write "stage"',
      location: {
        sourceIndex: 0,
        ranges: [{ start: { line: 1, character: 0 }, end: { line: 2, character: 0 } }],
      },
    },
  ]);
  assert.equal(atob(sources[0]?.data ?? ''), report.text);
});

test('build --call=targets and outline print tables, or JSON', async () => {
  assert.equal(
    (await call('--call targets')).stdout,
    'TARGET          FROM      DESCRIPTION\ntools           busybox   for the others\napp (default)   busybox\n',
  );
  const { stdout } = await call('--call outline');
  assert.match(stdout, /^TARGET: app\n\nBUILD ARG +VALUE +DESCRIPTION\nVERSION +1 +of the app\n/);
  assert.match(stdout, /\nSECRET +REQUIRED\ntoken +yes\n\nCACHE MOUNT\n\/cache\n$/);
  assert.deepEqual(JSON.parse((await call('--call outline,format=json')).stdout), outline);
  assert.equal(JSON.parse((await call('--call targets,format=json')).stdout).default, 'app');
  for (const bad of ['--call lint', '--call check,format=xml']) assert.equal((await call(bad)).code, 1);
});
