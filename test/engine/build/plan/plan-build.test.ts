import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { DockerfileError } from '../../../../src/engine/build/dockerfile/index.ts';
import {
  type BaseImage,
  type BuildPlan,
  type PlanRequest,
  planBuild,
} from '../../../../src/engine/build/plan/index.ts';
import { golden } from '../golden.ts';

const fixtures = resolve(import.meta.dirname, '../../../fixtures');

test('planBuild() makes the expected graph of each fixture', async t => {
  for (const name of readdirSync(join(fixtures, 'dockerfiles'))) {
    await t.test(name, () => {
      const folder = join(fixtures, 'dockerfiles', name);
      const made = plan(readFileSync(join(folder, 'Dockerfile'), 'utf8'));
      const images = (key: string, value: unknown) => (key === 'image' ? (value as BaseImage).id : value);
      golden(join(folder, 'plan.json'), `${JSON.stringify(made, images, 2)}\n`);
    });
  }
});

test('planBuild() says what is wrong with each bad fixture, and where', async t => {
  for (const name of readdirSync(join(fixtures, 'dockerfiles-bad'))) {
    await t.test(name, () => {
      const folder = join(fixtures, 'dockerfiles-bad', name);
      const error = errorOf(() => plan(readFileSync(join(folder, 'Dockerfile'), 'utf8')));
      golden(
        join(folder, 'error.txt'),
        `${error.kind} ${error.code}\n${error.message}\n\nhint: ${error.hint}\n`,
      );
    });
  }
});

test('planBuild() asks for images until it knows all, and only for those of used stages', () => {
  const text = 'FROM never AS a\nFROM one AS b\nCOPY --from=two /x /y\nCOPY --from=b2 /x /y\n';
  const asked: string[] = [];
  const bases = new Map<string, BaseImage>();
  for (;;) {
    const result = planBuild(request(text, { bases }));
    if (result.kind === 'planned') break;
    for (const { name } of result.images) {
      asked.push(name);
      bases.set(name, image(name));
    }
  }
  assert.deepEqual(asked, ['one', 'two', 'b2']);
});

test('planBuild() takes a target by name or number and leaves the rest out', () => {
  const text = 'FROM busybox AS one\nRUN 1\nFROM busybox AS two\nRUN 2\n';
  for (const target of ['one', 'ONE', '0']) {
    assert.deepEqual(
      plan(text, { target }).steps.map(step => step.name),
      ['[one 1/2] FROM busybox AS one', '[one 2/2] RUN 1'],
    );
  }
  assert.throws(() => plan(text, { target: 'three' }), {
    code: 'STAGE_NOT_FOUND',
    hint: 'its stages are one, two',
  });
});

test('planBuild() scopes ARG and ENV as docker does', () => {
  const text = [
    'ARG G=global',
    'ARG U=unset-in-stage',
    'FROM busybox AS a',
    'ARG G',
    'ARG L=local',
    'ENV E=$G-$L-$U',
    'ARG LATE=$E',
    'RUN x',
    'FROM a AS b',
    'RUN y',
    'FROM busybox',
    'RUN --mount=from=b,target=/b z',
  ].join('\n');
  const { steps } = plan(text, { buildArgs: { L: 'given' } });
  const runs = steps.flatMap(step => (step.operation.kind === 'run' ? [step.operation] : []));
  assert.deepEqual(runs[0]?.buildArgs, { G: 'global', L: 'given', LATE: 'global-given-' });
  assert.equal(runs[0]?.env.E, 'global-given-');
  assert.deepEqual(
    runs[1]?.buildArgs,
    runs[0]?.buildArgs,
    'a stage knows the ARGs of the one it begins with',
  );
  assert.equal(runs[1]?.env.E, 'global-given-', 'and its ENV');
  assert.deepEqual(runs[2]?.buildArgs, {}, 'but none of another');
});

test('planBuild() gives proxies to RUN beside what decides its result, unless they are declared', () => {
  const buildArgs = { HTTP_PROXY: 'http://p' };
  const [run] = runsOf(plan('FROM busybox\nRUN x', { buildArgs }));
  assert.deepEqual([run?.buildArgs, run?.proxyArgs], [{}, buildArgs]);
  const [declared] = runsOf(plan('FROM busybox\nARG HTTP_PROXY\nRUN x', { buildArgs }));
  assert.deepEqual([declared?.buildArgs, declared?.proxyArgs], [buildArgs, {}]);
});

test('planBuild() names build arguments that nobody declares', () => {
  const made = plan('ARG A\nFROM busybox\nARG B', {
    buildArgs: { A: '1', B: '1', C: '1', no_proxy: 'x', BUILDKIT_INLINE_CACHE: '1' },
  });
  assert.deepEqual(made.warnings, ['no ARG declares the build argument C']);
});

test('planBuild() knows the platform arguments in FROM, and in a stage once declared', () => {
  const made = plan('FROM busybox-$TARGETARCH\nARG TARGETPLATFORM\nRUN x');
  assert.equal(made.steps[0]?.name, '[1/3] FROM busybox-$TARGETARCH');
  assert.deepEqual(runsOf(made)[0]?.buildArgs, { TARGETPLATFORM: 'linux/amd64' });
});

function plan(text: string, options: Partial<PlanRequest> = {}): BuildPlan {
  const names = ['busybox', 'triggering', 'busybox-amd64', 'tool'];
  const bases = new Map(
    names.flatMap(name => [name, `${name} for linux/s390x`].map(key => [key, image(name)])),
  );
  const result = planBuild(request(text, { bases, ...options }));
  assert.ok(result.kind === 'planned', JSON.stringify(result));
  return result.plan;
}

const amd64 = { os: 'linux', architecture: 'amd64' };

function request(text: string, options: Partial<PlanRequest>): PlanRequest {
  return {
    source: { file: 'Dockerfile', text },
    buildArgs: {},
    labels: {},
    platforms: { build: amd64, target: amd64, runnable: ['linux/amd64'] },
    network: 'bridge',
    hosts: [],
    allow: new Set(),
    secrets: new Set(),
    ssh: new Set(),
    contexts: new Map(),
    noCacheStages: [],
    bases: new Map(),
    ...options,
  };
}

function image(name: string): BaseImage {
  const triggers = ['COPY --from=tool /bin/tool /bin/', 'RUN tool'];
  return {
    id: `sha256:${name}`,
    layers: [`sha256:layer-of-${name}`],
    config: {
      os: 'linux',
      architecture: 'amd64',
      config: { Env: ['PATH=/bin'], Cmd: ['sh'], ...(name === 'triggering' ? { OnBuild: triggers } : {}) },
      rootfs: { type: 'layers', diff_ids: [`sha256:layer-of-${name}`] },
      history: [],
    },
  };
}

function runsOf(made: BuildPlan) {
  return made.steps.flatMap(step => (step.operation.kind === 'run' ? [step.operation] : []));
}

function errorOf(action: () => unknown): DockerfileError {
  try {
    action();
  } catch (error) {
    if (error instanceof DockerfileError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: 'expected a DockerfileError' });
}
