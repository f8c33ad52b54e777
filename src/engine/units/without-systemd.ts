import { existsSync } from 'node:fs';
import { PlimsollError } from '../../errors.ts';
import { shellWord } from '../../lib/shell-word.ts';

/**
 * The refusal where systemd does not run the machine, with what does the same there: OpenRC's folder of scripts, or a
 * line for cron.
 */
export function withoutSystemd(
  command: readonly string[],
  user: boolean,
  openRc = existsSync('/run/openrc'),
): PlimsollError {
  const line = command.map(shellWord).join(' ');
  const hint = user
    ? `let cron do it: (crontab -l; echo ${shellWord(`@reboot ${line}`)}) | crontab -`
    : openRc
      ? `let OpenRC do it: printf '#!/bin/sh\\n%s\\n' ${shellWord(line)} >/etc/local.d/plimsoll.start, chmod +x it, and rc-update add local`
      : `let cron do it: echo ${shellWord(`@reboot root ${line}`)} >/etc/cron.d/plimsoll`;
  return new PlimsollError('unavailable', 'systemd does not run this machine, so it can start no unit', {
    code: 'NO_SYSTEMD',
    hint,
  });
}
