import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ImageProcessConfig } from '../../../src/oci/index.ts';
import { openBuildRoot } from '../../support/build-root.ts';
import { cannotRunContainers } from '../../support/busybox-rootfs.ts';
import { golden } from '../../support/golden.ts';

/*
 * A folder of Dockerfiles with their contexts: what each makes is compared with what is written down, and with what
 * `buildah bud` makes of the same input.
 */
const fixtures = join(import.meta.dirname, '../../fixtures/dockerfile-cases');
const cases = readdirSync(fixtures).sort();
const noBuildah =
  spawnSync('buildah', ['--version']).status === 0
    ? false
    : "needs buildah: run 'plimsoll doctor --install --for=test'";

/** What an image is: every file of it, and what it says of itself. */
interface Made {
  readonly tree: readonly string[];
  readonly config: object;
}

for (const name of cases) {
  let here: Promise<Made> | undefined;
  const made = (folder: string) => {
    here ??= buildHere(folder);
    return here;
  };

  test(`the case "${name}" makes what is written down`, { skip: cannotRunContainers }, async () => {
    using input = prepare(name);
    const { tree, config } = await made(input.folder);
    golden(`dockerfile-cases/${name}.txt`, `${[...tree, JSON.stringify(config, undefined, 1)].join('\n')}\n`);
  });

  test(`the case "${name}" makes what buildah makes of it`, {
    skip: cannotRunContainers || noBuildah,
  }, async () => {
    using input = prepare(name);
    assert.deepEqual(await made(input.folder), buildThere(input.folder));
  });
}

const mistakes: Readonly<Record<string, string>> = {
  'a source that is not there': 'FROM scratch\nCOPY nowhere /\n',
  'an instruction that there is not': 'FROM scratch\nCOPPY one /\n',
  'a stage that there is not': 'FROM scratch\nCOPY --from=7 one /\n',
  'a step before FROM': 'COPY one /\nFROM scratch\n',
  'several sources for one file': 'FROM scratch\nCOPY one two.txt /file\n',
};

for (const [what, text] of Object.entries(mistakes)) {
  test(`${what} is refused, as buildah does`, { skip: cannotRunContainers || noBuildah }, async () => {
    using input = prepare('copy');
    using root = openBuildRoot();
    await assert.rejects(
      root.build(text, { context: input.folder, dockerfile: join(root.context, 'Dockerfile') }),
    );
    const refused = buildah(input.folder, ['bud', '--isolation', 'chroot', '-f', '-', input.folder], text);
    assert.notEqual(refused.status, 0);
  });
}

/** A copy of the context with modes that no checkout decides, and what cannot be checked in. */
function prepare(name: string): Disposable & { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'plt-case-'));
  const context = join(fixtures, name, 'context'); // a case without files has none
  if (existsSync(context)) cpSync(context, folder, { recursive: true, verbatimSymlinks: true });
  copyFileSync(join(fixtures, name, 'Dockerfile'), join(folder, 'Dockerfile'));
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const status = lstatSync(join(folder, path));
    if (!status.isSymbolicLink()) chmodSync(join(folder, path), status.isDirectory() ? 0o755 : 0o644);
  }
  if (name === 'run') copyFileSync('/bin/busybox', join(folder, 'busybox'));
  if (name === 'add')
    spawnSync('tar', ['cf', join(folder, 'packed.tar'), '--owner=3', '--group=4', '-C', folder, 'plain']);
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

async function buildHere(folder: string): Promise<Made> {
  using root = openBuildRoot();
  const { builds, images, snapshots } = root;
  const { image } = await builds.build({ context: folder, network: 'none' });
  const { layers, config } = images.resolve(image);
  await using staged = await snapshots.stage(layers);
  return { tree: treeOf(staged.target), config: settingsOf(config.config) };
}

function buildThere(folder: string): Made {
  const store = mkdtempSync(join(tmpdir(), 'plt-buildah-'));
  try {
    const ask = (...args: string[]) => {
      const { status, stdout, stderr } = buildah(store, args);
      assert.equal(status, 0, stderr);
      return stdout.trim();
    };
    const id =
      ask('bud', '-q', '--isolation', 'chroot', '--network', 'host', folder).split('\n').at(-1) ?? '';
    const inspected = JSON.parse(ask('inspect', '--type', 'image', id)) as {
      OCIv1: { config: ImageProcessConfig };
    };
    const mounted = ask('mount', ask('from', '--pull-never', id));
    return { tree: treeOf(mounted), config: settingsOf(inspected.OCIv1.config) };
  } finally {
    buildah(store, ['rm', '-a']);
    rmSync(store, { recursive: true, force: true });
  }
}

function buildah(store: string, args: readonly string[], input?: string) {
  const own = ['--root', join(store, 'root'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs'];
  return spawnSync('buildah', [...own, ...args], {
    encoding: 'utf8',
    ...(input === undefined ? {} : { input }),
  });
}

/** Path, mode, owner and content of everything, but for the places that a runtime makes for its mounts. */
function treeOf(rootfs: string): string[] {
  return readdirSync(rootfs, { recursive: true, encoding: 'utf8' })
    .filter(path => !/^(dev|etc|proc|run|sys)(\/|$)|^bin\/(?!busybox$)/.test(path))
    .sort()
    .map(path => {
      const status = lstatSync(join(rootfs, path));
      const mode = (status.mode & 0o7777).toString(8);
      const owner = `${status.uid}:${status.gid}`;
      if (status.isSymbolicLink()) return `${path} -> ${readlinkSync(join(rootfs, path))}`;
      if (status.isDirectory()) return `${path}/ ${mode} ${owner}`;
      const hash = createHash('sha256')
        .update(readFileSync(join(rootfs, path)))
        .digest('hex');
      const isOfMachine = path === 'bin/busybox' || path.endsWith('.tar');
      return `${path} ${mode} ${owner} ${isOfMachine ? '' : hash.slice(0, 12)}`.trimEnd();
    });
}

/** What both have words for, without what is empty. */
function settingsOf(config: ImageProcessConfig): object {
  const { Env, Cmd, Entrypoint, WorkingDir, User, ExposedPorts, Volumes, Labels = {}, StopSignal } = config;
  const { 'io.buildah.version': _, ...labels } = Labels;
  const folder = WorkingDir === '/' ? undefined : WorkingDir; // BuildKit and we write it, buildah does not
  const settings = { Cmd, Entrypoint, WorkingDir: folder, User, StopSignal };
  const lists = {
    Env: Env?.filter(entry => !entry.startsWith('PATH=')),
    ExposedPorts: Object.keys(ExposedPorts ?? {}).sort(),
    Volumes: Object.keys(Volumes ?? {}).sort(),
    Labels: Object.entries(labels).sort(),
  };
  const isFilled = ([, value]: [string, unknown]) =>
    value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries({ ...settings, ...lists }).filter(isFilled));
}
