import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ImageProcessConfig } from '../../src/oci/index.ts';

/** Why buildah cannot be asked here, or false. */
export const noBuildah: string | false =
  spawnSync('buildah', ['--version']).status === 0
    ? false
    : "needs buildah: run 'plimsoll doctor --install --for=test'";

/** What buildah made of a Dockerfile; `error` is what it said if it made nothing. */
export type BuildahResult =
  | { readonly rootfs: string; readonly config: ImageProcessConfig; readonly author?: string }
  | { readonly error: string };

/** Buildah with a store of its own. */
export interface Buildah extends Disposable {
  /** Builds a folder; the root filesystem of the image is there until this is disposed. */
  build(context: string, options: readonly string[]): Promise<BuildahResult>;
}

export function buildahOfOwn(): Buildah {
  const folder = mkdtempSync(join(tmpdir(), 'plt-buildah-'));
  const own = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  const settings = join(folder, 'registries.conf'); // a name that is not here is nowhere: nothing is asked for
  writeFileSync(settings, 'unqualified-search-registries = []\n');
  const env = { ...process.env, CONTAINERS_REGISTRIES_CONF: settings };
  const ask = (...args: readonly string[]) =>
    new Promise<{ error: string | undefined; stdout: string }>(resolve => {
      execFile('buildah', [...own, ...args], { env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) =>
        resolve({ error: error === null ? undefined : stderr || error.message, stdout }),
      );
    });
  let count = 0;
  return {
    async build(context, options) {
      const place = join(folder, `out-${++count}`);
      const asCaseWants = ['--isolation', 'chroot', '--network', 'host', '--format', 'docker', ...options];
      const results = ['--iidfile', `${place}.id`, '--output', `type=local,dest=${place}`];
      const built = await ask('bud', '-q', ...asCaseWants, ...results, context);
      if (built.error !== undefined) return { error: built.error };
      const id = readFileSync(`${place}.id`, 'utf8').trim();
      const { stdout } = await ask('inspect', '--type', 'image', id);
      const { Docker } = JSON.parse(stdout) as {
        Docker: { config: ImageProcessConfig; author?: string };
      };
      return {
        rootfs: place,
        config: Docker.config,
        ...(Docker.author === undefined ? {} : { author: Docker.author }),
      };
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
