import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FormValues, State } from '../model/index.ts';

type Remembered = State['remembered'];

/** Where the dashboard keeps what was last entered: `$XDG_STATE_HOME/plimsoll/forms.json`. */
export function rememberedPath(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'plimsoll', 'forms.json');
}

/** What was last entered in each form; nothing if there is no such file, or it cannot be understood. */
export function readRemembered(path: string): Remembered {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return { ...formOf(value, 'build'), ...formOf(value, 'run') };
  } catch {
    return {};
  }
}

/** Keeps what was entered, for this user only: it may hold secrets in its environment variables. */
export function writeRemembered(path: string, remembered: Remembered): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(remembered), { mode: 0o600 });
  renameSync(draft, path);
}

function formOf(value: unknown, kind: 'build' | 'run'): Partial<Record<'build' | 'run', FormValues>> {
  if (typeof value !== 'object' || value === null || !(kind in value)) return {};
  const form: unknown = (value as Record<string, unknown>)[kind];
  if (typeof form !== 'object' || form === null) return {};
  const texts = Object.entries(form).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return { [kind]: Object.fromEntries(texts) };
}
