import { badRequest } from '../wire/index.ts';
import type { Query } from './query.ts';

/** The platform that a client asks for: in words (`linux/arm64`), or since API 1.48 as OCI's JSON. */
export function requestedPlatform(query: Query): string | undefined {
  const text = query.text('platform');
  if (text === undefined || !text.startsWith('{')) return text;
  const { os = 'linux', architecture, variant } = parse(text);
  return [os, architecture, variant].filter(part => part !== undefined && part !== '').join('/');
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw badRequest(`invalid value for platform: "${text}" is no JSON`, 'give it as linux/arm64');
  }
}
