import { PlimsollError } from '../errors.ts';
import { blankEntry, readTar, tarEnd, tarPadding, writeTarHeader } from '../lib/tar/index.ts';
import { contextJson, createContext, parseContext, readContext, readContextTls } from './context-store.ts';
import type { ContextTls, Env } from './types.ts';

/** No context is as large: what is may be anything. Bytes. */
const largest = 1024 * 1024;

const parts = ['ca', 'cert', 'key'] as const;

/**
 * A context with its certificates as docker's `context export` writes it: a tar of `meta.json` and `tls/docker/*.pem`
 * (docker/cli, cli/context/store). Throws `not-found` (`CONTEXT_NOT_FOUND`).
 */
export function exportContext(env: Env, name: string): Buffer {
  const context = readContext(env, name);
  const tls: ContextTls = readContextTls(env, context) ?? {};
  const files = parts.flatMap(part =>
    tls[part] === undefined ? [] : [fileOf(`tls/docker/${part}.pem`, tls[part], 0o600)],
  );
  const folders = files.length === 0 ? [] : ['tls', 'tls/docker'].map(folderOf);
  return Buffer.concat([
    fileOf('meta.json', Buffer.from(JSON.stringify(contextJson(context))), 0o644),
    ...folders,
    ...files,
    tarEnd,
  ]);
}

function folderOf(name: string): Buffer {
  return writeTarHeader({ ...blankEntry, name, type: 'directory', mode: 0o700 });
}

function fileOf(name: string, content: Buffer, mode: number): Buffer {
  const head = writeTarHeader({ ...blankEntry, name, type: 'file', mode, size: content.length });
  return Buffer.concat([head, content, Buffer.alloc(tarPadding(content.length))]);
}

/**
 * Keeps what docker's or our export wrote as a context of this name. Throws `invalid-argument` (`BAD_ARCHIVE`,
 * `BAD_CONTEXT`), `conflict` (`CONTEXT_EXISTS`).
 */
export async function importContext(
  env: Env,
  name: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<void> {
  const files = await readFiles(archive);
  const meta = files.get('meta.json');
  if (meta === undefined) throw noContext('it has no meta.json');
  const context = parseContext(meta.toString('utf8'));
  if (context === undefined || context.host === '') throw noContext('its meta.json names no engine');
  const tls = Object.fromEntries(
    parts.flatMap(part => {
      const pem = files.get(`tls/docker/${part}.pem`);
      return pem === undefined ? [] : [[part, pem]];
    }),
  );
  createContext(env, { ...context, name }, Object.keys(tls).length === 0 ? undefined : tls);
}

async function readFiles(archive: AsyncIterable<Uint8Array>): Promise<ReadonlyMap<string, Buffer>> {
  const files = new Map<string, Buffer>();
  let name = '';
  let read = 0;
  for await (const part of readTar(withEnd(archive))) {
    if ('entry' in part) name = part.entry.type === 'file' ? part.entry.name.replace(/^\.\//, '') : '';
    else {
      read += part.content.length;
      if (read > largest) throw noContext('it is too large');
      if (part.content.includes(0)) throw noContext('it breaks off in the middle');
      files.set(name, Buffer.concat([files.get(name) ?? Buffer.alloc(0), part.content]));
    }
  }
  return files;
}

/** Docker's client leaves out the end of its archives, and the padding before it. No text has a zero in it. */
async function* withEnd(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* archive;
  yield Buffer.alloc(4 * 512);
}

function noContext(why: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the archive is no context: ${why}`, {
    code: 'BAD_CONTEXT',
    hint: "'plimsoll context export' and docker's write one",
  });
}
