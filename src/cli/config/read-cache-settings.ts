import type { CacheSettings, CacheShare } from '../../engine/index.ts';
import { isPlimsollError } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { parseSize } from '../parse/parse-size.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';

const hint =
  'write {"build_cache": {"max_used_space": "20GB", "reserved_space": "5GB", "min_free_space": "20%"}}, or {"build_cache": {"gc": false}}';

/** Within what bounds builds leave their cache, by the configuration file. Undefined if it says nothing of it. */
export async function readCacheSettings(cli: Pick<Cli, 'env'>): Promise<CacheSettings | undefined> {
  const file = await readConfigFile(cli);
  if (file?.build_cache === undefined) return undefined;
  const { gc, max_used_space, reserved_space, min_free_space } = file.mapping(
    file.build_cache,
    'build_cache',
    ['gc', 'max_used_space', 'reserved_space', 'min_free_space'],
  );
  if (gc !== undefined && typeof gc !== 'boolean') throw file.wrong('gc is not true or false', hint, '"gc"');
  return {
    ...(gc === undefined ? {} : { gc }),
    ...(max_used_space === undefined ? {} : { maxUsed: shareOf(file, max_used_space) }),
    ...(reserved_space === undefined ? {} : { reserved: shareOf(file, reserved_space) }),
    ...(min_free_space === undefined ? {} : { minFree: shareOf(file, min_free_space) }),
  };
}

/** `20GB` as everywhere, or `20%` of the disk. */
function shareOf(file: ConfigFile, value: unknown): CacheShare {
  const written = JSON.stringify(value);
  const [, percent] = /^(\d{1,3}(?:\.\d+)?)\s*%$/.exec(String(value)) ?? [];
  if (percent !== undefined && Number(percent) <= 100) return { percent: Number(percent) };
  if (typeof value !== 'string' && typeof value !== 'number')
    throw file.wrong(`${written} is neither a size nor a part of the disk`, hint, written);
  try {
    return { bytes: parseSize(String(value)) };
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    throw file.wrong(`${written} is neither a size nor a part of the disk`, hint, written);
  }
}
