import { readFileSync } from 'node:fs';
import { messageOf } from '../errors.ts';
import type { PrometheusServer } from './types.ts';

/** How long an answer may take. */
const timeoutMs = 10_000;

/** One series of an instant query. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Asks Prometheus' HTTP API; what is no number (NaN, a sum of nothing) is left out. */
export async function instantQuery(
  { url, tokenFile }: PrometheusServer,
  query: string,
  signal: AbortSignal,
): Promise<Series[]> {
  const address = new URL(`${url.pathname.replace(/\/$/, '')}/api/v1/query`, url);
  const headers: Record<string, string> = { 'Content-Type': 'application/x-www-form-urlencoded' };
  if (tokenFile !== undefined) headers.Authorization = `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`;
  else if (address.username !== '')
    headers.Authorization = `Basic ${Buffer.from(`${decodeURIComponent(address.username)}:${decodeURIComponent(address.password)}`).toString('base64')}`;
  address.username = '';
  address.password = '';
  const response = await fetch(address, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ query }).toString(),
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  }).catch((error: unknown) => {
    throw new Error(fetchProblem(error));
  });
  if (!response.ok) throw new Error(`it answers ${response.status} ${response.statusText}`);
  const { data } = (await response.json()) as { data?: { result?: unknown } };
  return Array.isArray(data?.result) ? data.result.flatMap(seriesOf) : [];
}

function fetchProblem(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'it takes too long to answer';
  const cause = error instanceof Error ? error.cause : undefined;
  return messageOf(cause ?? error);
}

function seriesOf({ metric, value }: { metric?: Record<string, string>; value?: unknown[] }): Series[] {
  const number = Number(value?.[1]);
  return Number.isFinite(number) ? [{ labels: metric ?? {}, value: number }] : [];
}
