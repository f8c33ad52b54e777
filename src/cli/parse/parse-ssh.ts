import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BuildRequest } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

type Agents = NonNullable<BuildRequest['ssh']>;

interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** `--ssh` values, as docker has them: `default`, or `ID=SOCKET`, or `ID=KEY[,KEY]`. */
export function parseSsh(values: readonly string[], place: Place): Agents {
  return Object.fromEntries(values.map(value => parseAgent(value, place)));
}

function parseAgent(text: string, { cwd, env }: Place): [string, Agents[string]] {
  const [id = '', paths] = text.split(/=(.*)/s);
  if (id === '') throw badSsh(text, 'it has no id');
  if (paths === undefined || paths === '') {
    const socket = env.SSH_AUTH_SOCK;
    if (!socket) throw badSsh(text, 'SSH_AUTH_SOCK is not set, so that no agent is known');
    return [id, { socket }];
  }
  const files = paths.split(',').map(path => resolve(cwd, path));
  const found = files.map(file => ({ file, status: statusOf(file) }));
  const missing = found.find(({ status }) => status === undefined);
  if (missing !== undefined) throw badSsh(text, `there is no file "${missing.file}"`);
  const socket = found.find(({ status }) => status?.isSocket());
  if (socket === undefined) return [id, { keys: files }];
  if (files.length > 1) throw badSsh(text, 'one socket is an agent, several are none');
  return [id, { socket: socket.file }];
}

function statusOf(file: string): Stats | undefined {
  return statSync(file, { throwIfNoEntry: false });
}

function badSsh(text: string, why: string) {
  return badOption(
    `cannot lend the ssh agent "${text}": ${why}`,
    'write default, ID=SOCKET or ID=PRIVATE-KEY',
  );
}
