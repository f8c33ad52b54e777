import { PlimsollError } from '../../errors.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { formatPercent } from '../../lib/format-percent.ts';

/** Shares that are compared with a threshold: of containers, and of the machine. */
export const alertFigures = [
  'cpu',
  'memory',
  'throttled',
  'machine.cpu',
  'machine.memory',
  'machine.wasted',
] as const;
export type AlertFigure = (typeof alertFigures)[number];

/** What is told as soon as it happens. */
export const alertIncidents = ['oom', 'died'] as const;
export type AlertIncident = (typeof alertIncidents)[number];

/** When to tell: a figure that is beyond a threshold for a while, or something that happens to a container. */
export type AlertRule =
  | {
      readonly figure: AlertFigure;
      readonly side: '>' | '<';
      /** Shares, 0..1. It is over when the figure has come back to `until`, which is on the good side of `at`. */
      readonly at: number;
      readonly until: number;
      /** How long it has to be so before it is told, and be over before that is told. */
      readonly forMs: number;
    }
  | { readonly incident: AlertIncident };

/** Those that are watched if no others are given. */
export const defaultAlertRules: readonly string[] = [
  'memory > 90% until 80% for 2m',
  'throttled > 25% until 15% for 5m',
  'machine.cpu > 95% until 85% for 5m',
  'machine.memory > 95% until 90% for 2m',
  'oom',
  'died',
];

const pattern =
  /^(?<figure>[a-z.]+)\s*(?<side>[<>])\s*(?<at>[\d.]+)%?(?:\s+until\s+(?<until>[\d.]+)%?)?(?:\s+for\s+(?<duration>[\d.]+)(?<unit>s|m|h))?$/;
const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** `memory > 90% until 80% for 2m`, or `oom`. Throws `invalid-argument` with what can be written. */
export function parseAlertRule(text: string): AlertRule {
  const trimmed = text.trim();
  const incident = alertIncidents.find(name => name === trimmed);
  if (incident !== undefined) return { incident };
  const { figure, side, at, until, duration, unit = '' } = pattern.exec(trimmed)?.groups ?? {};
  const known = alertFigures.find(name => name === figure);
  if (known === undefined || at === undefined || (side !== '>' && side !== '<')) throw wrong(text);
  const threshold = Number(at) / 100;
  const over = until === undefined ? threshold : Number(until) / 100;
  const forMs = Number(duration ?? 0) * (units[unit] ?? 0);
  const isOrdered = side === '>' ? over <= threshold : over >= threshold;
  if (!(threshold >= 0 && threshold <= 1 && isOrdered && forMs >= 0)) throw wrong(text);
  return { figure: known, side, at: threshold, until: over, forMs };
}

/** The rule as it can be written. */
export function formatAlertRule(rule: AlertRule): string {
  if ('incident' in rule) return rule.incident;
  const { figure, side, at, until, forMs } = rule;
  const back = until === at ? '' : ` until ${formatPercent(until * 100)}`;
  return `${figure} ${side} ${formatPercent(at * 100)}${back}${forMs === 0 ? '' : ` for ${formatDuration(forMs)}`}`;
}

function wrong(text: string): PlimsollError {
  return new PlimsollError('invalid-argument', `"${text}" is no rule for an alert`, {
    ...{ code: 'BAD_ALERT_RULE' },
    hint: `write as in 'memory > 90% until 80% for 2m', of ${alertFigures.join(', ')}; or ${alertIncidents.join(', ')}`,
  });
}
