import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert } from '../capacity/index.ts';
import { run } from '../engine/kernel/index.ts';
import { cancelled, messageOf, PlimsollError } from '../errors.ts';

/** Where alerts go beside the terminal. */
export interface AlertTargets {
  /** For sh(1), which is given the alert in its environment. */
  readonly command?: string;
  /** Is sent the alert as JSON by POST. */
  readonly webhook?: URL;
}

/** A command may take so long; a webhook so long for each of its attempts. */
const commandMs = 60_000;
const webhookMs = 10_000;
const attempts = 3;

/**
 * Hands an alert to a command and a webhook. Rejects with why one of them did not take it, after both were tried; a
 * webhook is tried three times.
 */
export async function deliverAlert(
  alert: Alert,
  { command, webhook }: AlertTargets,
  signal: AbortSignal,
): Promise<void> {
  const results = await Promise.allSettled([
    command === undefined ? undefined : callCommand(alert, command, signal),
    webhook === undefined ? undefined : callWebhook(alert, webhook, signal),
  ]);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

async function callCommand(alert: Alert, command: string, signal: AbortSignal): Promise<void> {
  const { state, rule, subject, value, text } = alert;
  const env = {
    ...process.env,
    PLIMSOLL_ALERT_STATE: state,
    PLIMSOLL_ALERT_RULE: rule,
    PLIMSOLL_ALERT_SUBJECT: subject,
    PLIMSOLL_ALERT_VALUE: value === undefined ? '' : String(value),
    PLIMSOLL_ALERT_TEXT: text,
  };
  const { code, stderr } = await run('sh', ['-c', command], { env, signal, timeoutMs: commandMs });
  if (code === 0) return;
  const words = stderr.trim().split('\n').at(-1) ?? '';
  throw notTaken(
    `the command for alerts ended with ${code ?? 'a signal'}${words === '' ? '' : `: ${words}`}`,
  );
}

async function callWebhook(alert: Alert, url: URL, signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ ...alert, time: new Date(alert.time).toISOString() });
  const headers = { 'Content-Type': 'application/json' };
  let problem = '';
  for (let attempt = 1; attempt <= attempts; attempt++) {
    try {
      const either = AbortSignal.any([signal, AbortSignal.timeout(webhookMs)]);
      const response = await fetch(url, { method: 'POST', headers, body, signal: either });
      await response.body?.cancel();
      if (response.ok) return;
      problem = `it answers ${response.status}`;
      if (response.status < 500 && response.status !== 429) break; // asking again would not help
    } catch (error) {
      if (signal.aborted) throw cancelled('delivering an alert');
      problem = messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
    }
    if (attempt < attempts) await sleep(500 * 2 ** attempt, undefined, { signal }).catch(() => undefined);
  }
  throw notTaken(`the webhook for alerts did not take one: ${problem}`);
}

function notTaken(message: string): PlimsollError {
  return new PlimsollError('unavailable', message, {
    ...{ code: 'ALERT_NOT_DELIVERED', hint: 'alerts go on being watched for' },
  });
}
