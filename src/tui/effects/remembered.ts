import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { FormValues, State } from '../model/index.ts';

type Remembered = State['remembered'];

/** Where the dashboard keeps what was last entered, and whether the bell rings: `$XDG_STATE_HOME/plimsoll/forms.json`. */
export function rememberedPath(env: Readonly<Record<string, string | undefined>>): string {
  return join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'plimsoll', 'forms.json');
}

/** What was last entered in each form; nothing if there is no such file, or it cannot be understood. */
export function readRemembered(path: string): Remembered {
  const value = read(path);
  return { ...formOf(value, 'build'), ...formOf(value, 'run') };
}

/** Keeps what was entered. */
export function writeRemembered(path: string, remembered: Remembered): void {
  write(path, { ...remembered, bell: readBell(path) });
}

/** Whether the bell is to ring; it does until somebody has silenced it. */
export function readBell(path: string): boolean {
  return read(path).bell !== false;
}

export function writeBell(path: string, bell: boolean): void {
  write(path, { ...readRemembered(path), bell });
}

function read(path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** For this user only: it may hold secrets in its environment variables. */
function write(path: string, value: Remembered & { readonly bell: boolean }): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(value), { mode: 0o600 });
  renameSync(draft, path);
}

function formOf(
  value: Readonly<Record<string, unknown>>,
  kind: 'build' | 'run',
): Partial<Record<'build' | 'run', FormValues>> {
  const form = value[kind];
  if (typeof form !== 'object' || form === null) return {};
  const texts = Object.entries(form).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return { [kind]: Object.fromEntries(texts) };
}
