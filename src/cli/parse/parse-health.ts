import type { HealthAction, HealthSpec } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';
import { parseCount } from './parse-limits.ts';
import { parseDuration } from './parse-time.ts';

/** The health options of `run` and `create`, as typed. */
export interface HealthOptions {
  readonly healthCmd?: string;
  readonly healthInterval?: string;
  readonly healthTimeout?: string;
  readonly healthRetries?: string;
  readonly healthStartPeriod?: string;
  readonly healthStartInterval?: string;
  readonly healthOnFailure?: string;
  /** False: `--no-healthcheck`. */
  readonly healthcheck?: boolean;
}

const times = {
  healthInterval: 'intervalMs',
  healthTimeout: 'timeoutMs',
  healthStartPeriod: 'startPeriodMs',
  healthStartInterval: 'startIntervalMs',
} as const;

/** The health check that options describe; only what was given is there, undefined for none of them. */
export function parseHealth(options: HealthOptions): HealthSpec | undefined {
  const { healthCmd, healthRetries, healthOnFailure, healthcheck } = options;
  const spec: { -readonly [key in keyof HealthSpec]: HealthSpec[key] } = {};
  for (const [option, key] of Object.entries(times) as [
    keyof typeof times,
    keyof HealthSpec & `${string}Ms`,
  ][]) {
    const text = options[option];
    if (text !== undefined) spec[key] = parseHealthTime(text, option);
  }
  if (healthCmd !== undefined) spec.command = healthCmd;
  if (healthRetries !== undefined) spec.retries = parseCount(healthRetries, 'a number of failures', 0);
  if (healthOnFailure !== undefined) spec.onFailure = parseAction(healthOnFailure);
  if (healthcheck !== false) return Object.keys(spec).length === 0 ? undefined : spec;
  if (Object.keys(spec).length === 0) return { command: '' };
  throw badOption('--no-healthcheck excludes all --health options', 'leave one of them out');
}

/** As docker: 0 stands for the default, anything else is at least a millisecond. */
function parseHealthTime(text: string, option: keyof typeof times): number {
  const ms = parseDuration(text);
  if (ms === 0 || ms >= 1) return Math.round(ms);
  const flag = option.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
  throw badOption(`--${flag} of "${text}" is too short`, 'the least is 1ms');
}

function parseAction(text: string): HealthAction {
  if (text === 'none' || text === 'kill' || text === 'restart' || text === 'stop') return text;
  throw badOption(`"${text}" is nothing that can be done about health`, 'use none, kill, restart or stop');
}
