import type { SshMachine } from './types.ts';

/**
 * `user@host`, `host`, `[::1]:22`, `ssh://user@host:22`; undefined for what ssh(1) might take for an option or a
 * command.
 */
export function parseSshTarget(text: string): Pick<SshMachine, 'target' | 'port'> | undefined {
  const pattern =
    /^(?:ssh:\/\/)?(?:([\w.][\w.$+-]*)@)?(?:\[([\da-fA-F:.%]+)\]|([A-Za-z\d_][\w.-]*))(?::(\d{1,5}))?\/?$/;
  const [, user, address, host, port] = pattern.exec(text) ?? [];
  const name = address ?? host;
  if (name === undefined || Number(port ?? 22) > 65_535 || Number(port ?? 22) === 0) return undefined;
  return {
    target: user === undefined ? name : `${user}@${name}`,
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}
