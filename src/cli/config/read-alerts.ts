import { type AlertWatchOptions, parseAlertRule } from '../../capacity/index.ts';
import { isPlimsollError } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { parseDuration } from '../parse/parse-time.ts';
import { type ConfigFile, readConfigFile } from './config-file.ts';

const hint =
  'write {"alerts": {"rules": ["memory > 90% until 80% for 2m", "oom"], "quiet_after_start": "1m"}}';

/** What to tell of, as far as the configuration file says; an error names the line. */
export async function readAlerts(cli: Pick<Cli, 'env'>): Promise<Partial<AlertWatchOptions>> {
  const file = await readConfigFile(cli);
  if (file?.alerts === undefined) return {};
  const { rules, quiet_after_start: quiet } = file.mapping(file.alerts, 'alerts', [
    'rules',
    'quiet_after_start',
  ]);
  if (rules !== undefined && !Array.isArray(rules))
    throw file.wrong('rules is not a list of rules', hint, '"rules"');
  return {
    ...(rules === undefined ? {} : { rules: rules.map(rule => understood(file, rule, parseAlertRule)) }),
    ...(quiet === undefined ? {} : { quietMs: understood(file, quiet, parseDuration) }),
  };
}

function understood<T>(file: ConfigFile, value: unknown, parse: (text: string) => T): T {
  const written = JSON.stringify(value);
  if (typeof value !== 'string') throw file.wrong(`${written} is not a text`, hint, written);
  try {
    return parse(value);
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    throw file.wrong(error.message, error.hint ?? hint, written);
  }
}
