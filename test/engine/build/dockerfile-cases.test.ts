import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { DockerfileError } from '../../../src/engine/build/index.ts';
import type { BuildRequest } from '../../../src/engine/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { hostPlatform } from '../../../src/oci/index.ts';
import { type BuildRoot, openBuildRoot } from '../../support/build-root.ts';
import { type Buildah, buildahOfOwn, noBuildah } from '../../support/buildah.ts';
import { cannotRunContainers, makeBusyboxRootfs } from '../../support/busybox-rootfs.ts';
import {
  aboveBase,
  configOf,
  type DockerfileCase,
  type Expected,
  expectedOf,
  type LaidOutCase,
  layOut,
  readCases,
  rewriteCase,
  treeOf,
} from '../../support/dockerfile-case.ts';
import { runPlimsoll } from '../../support/run-cli.ts';
import { type FileServer, serveFiles } from '../../support/serve-files.ts';

/*
 * Every instruction and flag of the Dockerfile language: what each case makes is compared with what is written in it,
 * and with what `buildah bud` makes of the same input unless the case says why that is something else.
 */
const { PLIMSOLL_CASES: wanted = '', PLIMSOLL_CASES_REASONS: reasons } = process.env;
const cases = readCases(join(import.meta.dirname, '../../fixtures/dockerfile-cases')).filter(({ name }) =>
  name.startsWith(wanted),
);
const folder = mkdtempSync(join(tmpdir(), 'plt-cases-'));
const here = new Map<string, Expected>();
const there = new Map<string, Promise<Expected>>();
/** Each has files of its own: a builder may write into its context. */
const sides = ['here', 'there'] as const;
const laidOut = new Map<string, LaidOutCase>();
let root: BuildRoot;
let server: FileServer | undefined;
let peer: Buildah | undefined;
let baseTree: readonly string[] = [];

before(async () => {
  if (cannotRunContainers) return;
  server = await serveFiles(path => join(folder, path.replace(/^\/([^/]+\/[^/]+)\//, '/$1/www/')));
  root = openBuildRoot();
  await makeBase();
  for (const one of cases) {
    const name = one.name.replaceAll('/', '-');
    for (const side of sides)
      laidOut.set(
        `${side} ${one.name}`,
        layOut(one, join(folder, side, name), `${server.url}/${side}/${name}`),
      );
  }
  if (noBuildah) return;
  peer = buildahOfOwn();
  await askBuildah(peer);
});

after(async () => {
  await Promise.allSettled(there.values());
  peer?.[Symbol.dispose]();
  server?.[Symbol.dispose]();
  root?.[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

for (const one of cases) {
  test(`the case ${one.name} comes to what is written down`, { skip: cannotRunContainers }, async () => {
    const made = await buildHere(one);
    here.set(one.name, made);
    if (process.env.UPDATE_GOLDEN === '1') rewriteCase(one, made);
    else assert.deepEqual(made, expectedOf(one));
  });
}

for (const one of cases.filter(isCompared)) {
  test(`the case ${one.name} comes to what buildah makes of it`, {
    skip: cannotRunContainers || noBuildah,
  }, async () => {
    const [ours, theirs] = [here.get(one.name), await there.get(one.name)];
    assert.ok(ours !== undefined && theirs !== undefined);
    if (one.buildah !== undefined)
      assert.ok(!isSame(ours, theirs), `buildah does not differ: "${one.buildah}"`);
    else if (ours.error === undefined) assert.deepEqual(theirs, ours);
    else assert.ok(theirs.error !== undefined, 'buildah takes it');
  });
}

/** A case that says how buildah differs is compared only where somebody wants to know whether that still holds. */
function isCompared(one: DockerfileCase): boolean {
  return one.buildah === undefined || reasons === '1';
}

function isSame(ours: Expected, theirs: Expected): boolean {
  return ours.error === undefined ? isDeepStrictEqual(ours, theirs) : theirs.error !== undefined;
}

/** The base image that cases may begin with, of the host's busybox. */
async function makeBase(): Promise<void> {
  await using staged = await root.snapshots.stage([]);
  makeBusyboxRootfs(staged.target);
  baseTree = treeOf(staged.target);
  using layer = await staged.commit();
  const created = '2020-01-01T00:00:00.000Z';
  root.images.create({
    config: {
      ...{ created, ...hostPlatform(process.arch) },
      config: { Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created, created_by: 'base' }],
    },
    references: ['base'],
  });
}

/** Begins to build all cases with buildah, two at a time, beside ours. */
async function askBuildah(buildah: Buildah): Promise<void> {
  const base = join(folder, 'base');
  mkdirSync(base);
  makeBusyboxRootfs(base);
  writeFileSync(join(folder, 'Baseless'), 'FROM scratch\nCOPY . /\nENV PATH=/bin\n');
  const made = await buildah.build(base, ['-f', join(folder, 'Baseless'), '-t', 'base']);
  assert.ok(!('error' in made), JSON.stringify(made));
  const lanes: Promise<unknown>[] = [Promise.resolve(), Promise.resolve()];
  for (const [index, one] of cases.filter(isCompared).entries()) {
    const lane = index % lanes.length;
    const result = (lanes[lane] ?? Promise.resolve()).then(() => buildThere(buildah, one));
    lanes[lane] = result.catch(() => {});
    there.set(one.name, result);
  }
}

async function buildHere(one: DockerfileCase): Promise<Expected> {
  const { context, options, www } = filesOf('here', one);
  const request = await requestOf([...options, context]);
  try {
    const { image } = await root.builds.build({ ...request, pull: 'never' });
    const { layers, config } = root.images.resolve(image);
    await using staged = await root.snapshots.stage(layers);
    return {
      tree: aboveBase(treeOf(staged.target), baseTree),
      config: configOf(config.config ?? {}, config.author),
    };
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    const said = error instanceof DockerfileError ? error.summary : error.message;
    return { tree: [], config: [], error: said.replaceAll(www, '{www}') };
  }
}

async function buildThere(buildah: Buildah, one: DockerfileCase): Promise<Expected> {
  const { context, options } = filesOf('there', one);
  const made = await buildah.build(context, options);
  if ('error' in made) return { tree: [], config: [], error: made.error };
  return {
    tree: aboveBase(treeOf(made.rootfs), baseTree),
    config: configOf(made.config, made.author),
  };
}

function filesOf(side: (typeof sides)[number], one: DockerfileCase): LaidOutCase {
  const files = laidOut.get(`${side} ${one.name}`);
  assert.ok(files !== undefined);
  return files;
}

/** What the command line asks the engine for. */
async function requestOf(words: readonly string[]): Promise<BuildRequest> {
  let asked: BuildRequest | undefined;
  const builds = {
    build: async (request: BuildRequest) => {
      asked = request;
      return { build: 'b', image: 'sha256:0' };
    },
  };
  const engine = { builds } as unknown as NonNullable<Parameters<typeof runPlimsoll>[1]>['engine'];
  const result = await runPlimsoll(['build', '--network', 'none', ...words], engine ? { engine } : {});
  assert.ok(asked !== undefined, result.stderr);
  const { onProgress: _, signal: __, ...request } = asked;
  return request;
}
