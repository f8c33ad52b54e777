import type { Command } from 'commander';
import { type AdviceRule, defaultRule } from '../../capacity/index.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseTime } from '../parse/parse-time.ts';

/** The options that advice is made by. */
export interface AdviceOptions {
  readonly since: string;
  readonly cpuPercentile?: string;
  readonly cpuHeadroom?: string;
  readonly memoryHeadroom?: string;
}

/** Adds `--since`, `--cpu-percentile`, `--cpu-headroom` and `--memory-headroom`. */
export function adviceOptions(command: Command): Command {
  const percent = (factor: number) => `${Math.round(factor * 100)}%`;
  return command
    .option('--since <time>', 'How far to look back: a duration, or a time', '14d')
    .option(
      '--cpu-percentile <percent>',
      `The share of time that the cores have to suffice for (default: ${percent(defaultRule.cpuPercentile)})`,
    )
    .option(
      '--cpu-headroom <percent>',
      `Cores beyond what was seen (default: ${percent(defaultRule.cpuHeadroom - 1)})`,
    )
    .option(
      '--memory-headroom <percent>',
      `Memory beyond what was seen (default: ${percent(defaultRule.memoryHeadroom - 1)})`,
    );
}

/** The rule that the options ask for, and where its window begins, in milliseconds since the epoch. */
export function parseAdviceOptions(
  options: AdviceOptions,
  now: number,
): { readonly rule: AdviceRule; readonly since: number } {
  const { cpuPercentile, cpuHeadroom, memoryHeadroom } = options;
  const percentile = parsePercent(cpuPercentile, { name: '--cpu-percentile', least: 50, most: 100 });
  const headroom = (text: string | undefined, name: string) => {
    const percent = parsePercent(text, { name, least: 0, most: 400 });
    return percent === undefined ? undefined : 1 + percent;
  };
  const rule = {
    ...defaultRule,
    cpuPercentile: percentile ?? defaultRule.cpuPercentile,
    cpuHeadroom: headroom(cpuHeadroom, '--cpu-headroom') ?? defaultRule.cpuHeadroom,
    memoryHeadroom: headroom(memoryHeadroom, '--memory-headroom') ?? defaultRule.memoryHeadroom,
  };
  return { rule, since: parseTime(options.since, now) };
}

function parsePercent(
  text: string | undefined,
  { name, least, most }: { name: string; least: number; most: number },
): number | undefined {
  if (text === undefined) return undefined;
  const percent = Number(/^([\d.]+)%?$/.exec(text)?.[1]);
  if (percent >= least && percent <= most) return percent / 100;
  throw badOption(`"${text}" is out of range`, `${name} takes ${least} to ${most} percent`);
}
