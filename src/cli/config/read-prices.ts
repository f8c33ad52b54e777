import type { Prices } from '../../capacity/index.ts';
import type { Cli } from '../cli.ts';
import { readConfigFile } from './config-file.ts';

const hint = 'write {"prices": {"core_hour": 0.03, "gib_hour": 0.004, "currency": "EUR"}}';

/** What cores and memory cost, by the configuration file. Undefined if it says nothing of prices. */
export async function readPrices(cli: Pick<Cli, 'env'>): Promise<Prices | undefined> {
  const file = await readConfigFile(cli);
  if (file?.prices === undefined) return undefined;
  const keys = ['core_hour', 'gib_hour', 'currency'];
  const { core_hour = 0, gib_hour = 0, currency = '' } = file.mapping(file.prices, 'prices', keys);
  for (const [name, price] of Object.entries({ core_hour, gib_hour }))
    if (typeof price !== 'number' || !(price >= 0 && price < Number.POSITIVE_INFINITY))
      throw file.wrong(`${name} is not a price`, hint, `"${name}"`);
  if (typeof currency !== 'string' || currency.length > 8)
    throw file.wrong('currency is not a short word', hint, '"currency"');
  return { coreHour: Number(core_hour), gibHour: Number(gib_hour), currency };
}
