import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createEngine, type Root, resolveRoot } from '../../src/engine/index.ts';
import { noteLeftover } from './sweep.ts';

const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');

/** Why tests on the real engine cannot run here; false if they can. */
export const noEngine: string | false =
  process.getuid?.() === 0 ? false : 'needs root: run the tests with sudo';

/**
 * A root in a folder of its own, with a busybox image, and what takes all of it away again: containers, the folder,
 * its run folder. Fails if a mount of it is left.
 */
export async function rootOfOwn(): Promise<
  AsyncDisposable & { readonly root: Root; readonly folder: string }
> {
  const folder = mkdtempSync('/var/tmp/plt-');
  noteLeftover({ folder, command: [launcher, '--root', join(folder, 'root')] });
  const root = resolveRoot({ root: join(folder, 'root'), env: {}, uid: 0 });
  await using engine = await createEngine({ root });
  await engine.images.bootstrap({ source: 'busybox' });
  return {
    root,
    folder,
    async [Symbol.asyncDispose]() {
      await removeContainers(root);
      const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
        .split('\n')
        .filter(line => line.includes(root.id));
      if (mounts.length > 0) throw new Error(`left behind: ${mounts.join('; ')}`);
      rmSync(root.runDir, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function removeContainers(root: Root): Promise<void> {
  await using engine = await createEngine({ root });
  for (const { id } of engine.containers.list({ all: true })) {
    await engine.containers.remove(id, { force: true, volumes: true });
  }
}
