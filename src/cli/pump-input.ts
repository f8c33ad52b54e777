import type { Attachment } from '../engine/index.ts';
import { watchDetachKeys } from '../words/index.ts';
import type { Cli } from './cli.ts';

/**
 * Passes this terminal's (or pipe's) input and size on to a container until disposed of. With a terminal on both
 * sides every key goes in raw; `onDetach` is called when the keys to leave were typed.
 */
export function pumpInput(
  cli: Cli,
  attachment: Attachment,
  { tty, detachKeys, onDetach }: { tty: boolean; detachKeys?: readonly number[]; onDetach: () => void },
): Disposable {
  const { stdin, stdout } = cli;
  const raw = tty && stdin.isTTY === true;
  const watch = watchDetachKeys(detachKeys);
  const onData = (chunk: Buffer) => {
    const typed = raw ? watch(chunk) : { data: chunk, detached: false };
    if (typed.data.length > 0) void attachment.write(typed.data);
    if (typed.detached) onDetach();
  };
  const onEnd = () => attachment.endInput();
  const onResize = () => {
    const { columns, rows } = stdout;
    if (columns && rows) attachment.resize({ columns, rows });
  };
  if (raw) stdin.setRawMode(true);
  stdin.on('data', onData).once('end', onEnd);
  if (tty) {
    process.on('SIGWINCH', onResize);
    onResize();
  }
  return {
    [Symbol.dispose]() {
      stdin.off('data', onData).off('end', onEnd).pause();
      process.off('SIGWINCH', onResize);
      if (raw) stdin.setRawMode(false);
    },
  };
}
