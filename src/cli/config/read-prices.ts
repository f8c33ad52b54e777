import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Prices } from '../../capacity/index.ts';
import { errnoOf, messageOf, PlimsollError } from '../../errors.ts';
import { nearMisses } from '../../lib/near-misses.ts';
import type { Cli } from '../cli.ts';

/**
 * What cores and memory cost, from the first configuration file that there is: `PLIMSOLL_CONFIG`,
 * `~/.config/plimsoll/config.json`, `/etc/plimsoll/config.json`. Undefined if it says nothing of prices.
 */
export async function readPrices(cli: Pick<Cli, 'env'>): Promise<Prices | undefined> {
  for (const path of placesOf(cli)) {
    const text = await textOf(path, path === cli.env.PLIMSOLL_CONFIG);
    if (text !== undefined) return parseConfig(text, path);
  }
  return undefined;
}

function placesOf({ env }: Pick<Cli, 'env'>): string[] {
  if (env.PLIMSOLL_CONFIG) return [env.PLIMSOLL_CONFIG];
  const own = env.XDG_CONFIG_HOME || (env.HOME && join(env.HOME, '.config'));
  return [...(own ? [join(own, 'plimsoll/config.json')] : []), '/etc/plimsoll/config.json'];
}

async function textOf(path: string, isWanted: boolean): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && !isWanted) return undefined;
    throw wrong(path, 'it cannot be read', error);
  }
}

function parseConfig(text: string, path: string): Prices | undefined {
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw wrong(path, messageOf(error).split('\n')[0] ?? '', error);
  }
  const { prices } = objectOf(config, { path, name: 'the file', keys: ['prices'] });
  if (prices === undefined) return undefined;
  const keys = ['core_hour', 'gib_hour', 'currency'];
  const { core_hour = 0, gib_hour = 0, currency = '' } = objectOf(prices, { path, name: 'prices', keys });
  for (const [name, price] of Object.entries({ core_hour, gib_hour }))
    if (typeof price !== 'number' || !(price >= 0 && price < Number.POSITIVE_INFINITY))
      throw wrong(path, `${name} is not a price`);
  if (typeof currency !== 'string' || currency.length > 8) throw wrong(path, 'currency is not a short word');
  return { coreHour: Number(core_hour), gibHour: Number(gib_hour), currency };
}

/** A mapping that has no other keys than these. */
function objectOf(
  value: unknown,
  { path, name, keys }: { readonly path: string; readonly name: string; readonly keys: readonly string[] },
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(path, `${name} is not a mapping of ${keys.join(', ')}`);
  const unknown = Object.keys(value).find(key => !keys.includes(key));
  if (unknown === undefined) return value as Readonly<Record<string, unknown>>;
  const near = nearMisses(unknown, keys);
  throw wrong(
    path,
    `${name} knows no "${unknown}"${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
  );
}

function wrong(path: string, what: string, cause?: unknown): PlimsollError {
  return new PlimsollError('invalid-argument', `the configuration in "${path}" is not right: ${what}`, {
    ...{
      code: 'CONFIG_INVALID',
      hint: 'write {"prices": {"core_hour": 0.03, "gib_hour": 0.004, "currency": "EUR"}}',
    },
    ...(cause === undefined ? {} : { cause }),
  });
}
