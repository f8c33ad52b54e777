import { caller, run } from '../kernel/index.ts';
import { chooseStorage, type StorageChoice } from '../snapshot/index.ts';
import { resolveRoot } from '../store/index.ts';

/**
 * Tries with what root filesystems can be made in a root. Undefined where it cannot be told: for a user who has no
 * namespaces to try it in, for one.
 */
export async function examineStorage({
  dataDir,
  self = [],
}: {
  dataDir: string;
  self?: readonly string[];
}): Promise<StorageChoice | undefined> {
  const { uid, rootless, inside } = caller();
  const [program, ...words] = self;
  try {
    if (!rootless || inside) {
      const root = resolveRoot({ root: dataDir, env: process.env, uid });
      return await chooseStorage({ root, env: process.env, anew: true });
    }
    if (program === undefined) return undefined;
    const { code, stdout } = await run(program, [...words, 'internal', 'storage', '--root', dataDir], {
      timeoutMs: 20_000,
    });
    return code === 0 ? (JSON.parse(stdout) as StorageChoice) : undefined;
  } catch {
    return undefined; // other rows say what is wrong
  }
}
