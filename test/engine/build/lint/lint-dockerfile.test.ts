import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { type LintRequest, lintDockerfile, rules, ruleUrl } from '../../../../src/engine/build/lint/index.ts';
import type { BaseImage } from '../../../../src/engine/build/plan/index.ts';
import { golden } from '../golden.ts';

const fixtures = resolve(import.meta.dirname, '../../../fixtures/dockerfiles-lint');
const names = readdirSync(fixtures);

test('lintDockerfile() finds in each fixture what its rule is about, and nothing else', async t => {
  for (const name of names) {
    await t.test(name, () => {
      const { violations, isError } = lint(readFileSync(join(fixtures, name, 'Dockerfile'), 'utf8'));
      const lines = violations.map(
        ({ rule, start, end, detail, fix }) =>
          `${start === end ? start : `${start}-${end}`} ${rule}: ${detail}\n    ${fix}\n`,
      );
      golden(join(fixtures, name, 'violations.txt'), [...lines, isError ? 'error\n' : ''].join(''));
    });
  }
});

test('every rule has a fixture that breaks it', () => {
  const broken = names.flatMap(name =>
    lint(readFileSync(join(fixtures, name, 'Dockerfile'), 'utf8')).violations.map(({ rule }) => rule),
  );
  assert.deepEqual([...new Set(broken)].sort(), Object.keys(rules).sort());
  assert.equal(Object.keys(rules).length, 22);
});

test('the build argument BUILDKIT_DOCKERFILE_CHECK wins over the directive', () => {
  const text = '# check=skip=all\nFROM scratch AS A\n';
  assert.equal(lint(text).violations.length, 0);
  const { violations, isError } = lint(text, { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'error=true' } });
  assert.deepEqual([violations.length, isError], [1, true]);
});

test('lintDockerfile() says which part of the directive it cannot read', () => {
  const table: Readonly<Record<string, RegExp>> = {
    skip: /"skip" is not of the form/,
    'skip=StageNameCaseing': /no rule "StageNameCaseing"; did you mean StageNameCasing/,
    'error=maybe': /neither true nor false/,
    'only=x': /"only" is none of/,
  };
  for (const [option, message] of Object.entries(table)) {
    assert.throws(() => lint(`# check=${option}\nFROM scratch\n`), { lines: { start: 1, end: 1 }, message });
  }
});

test('a variable of a base image that is not here may be defined there', () => {
  assert.deepEqual(lint('FROM nowhere\nWORKDIR $X/y\n').violations, []);
});

test("ruleUrl() is the address of docker's page", () => {
  assert.equal(
    ruleUrl('JSONArgsRecommended'),
    'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/',
  );
  assert.equal(
    ruleUrl('UndefinedArgInFrom'),
    'https://docs.docker.com/go/dockerfile/rule/undefined-arg-in-from/',
  );
});

function lint(text: string, options: Partial<LintRequest> = {}) {
  const amd64 = { os: 'linux', architecture: 'amd64' };
  return lintDockerfile({
    source: { file: 'Dockerfile', text },
    buildArgs: {},
    platforms: { build: amd64, target: amd64, runnable: ['linux/amd64'] },
    bases: new Map([
      ['busybox', image('amd64')],
      ['foreign', image('s390x')],
    ]),
    isIgnored: path => path === 'ignored' || path.startsWith('ignored/'),
    ...options,
  });
}

function image(architecture: string): BaseImage {
  return {
    id: 'sha256:0',
    layers: [],
    config: {
      os: 'linux',
      architecture,
      config: { Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [] },
      history: [],
    },
  };
}
