import { cancelled, PlimsollError } from '../errors.ts';
import type { Cli } from './cli.ts';

/**
 * Asks a person for a line at the terminal; with `secret` nothing of it is shown. Throws `invalid-argument`
 * (`NO_TERMINAL`) with `hint` where there is nobody to ask, `cancelled` at Ctrl-C.
 */
export async function ask(
  cli: Cli,
  question: string,
  { secret = false, hint }: { secret?: boolean; hint: string },
): Promise<string> {
  const { stdin, stderr } = cli;
  if (stdin.isTTY !== true) {
    throw new PlimsollError('invalid-argument', 'there is no terminal to ask at', {
      code: 'NO_TERMINAL',
      hint,
    });
  }
  stderr.write(question);
  stdin.setRawMode(secret); // else the terminal itself echoes and edits
  try {
    return await readLine(cli);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    if (secret) stderr.write('\n');
  }
}

/** All of the input, up to its end, without the line feed after it: what `--password-stdin` means. */
export async function readInput({ stdin }: Cli): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of stdin) pieces.push(Buffer.from(piece as Uint8Array | string));
  return Buffer.concat(pieces)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function readLine({ stdin, signal }: Cli): Promise<string> {
  return new Promise((resolve, reject) => {
    let line = '';
    const end = (settle: () => void) => {
      stdin.off('data', onData);
      signal.removeEventListener('abort', onAbort);
      settle();
    };
    const onAbort = () => end(() => reject(cancelled('the question')));
    const onData = (chunk: Buffer) => {
      for (const key of chunk.toString('utf8')) {
        if (key === '\u0003' || key === '\u0004') return onAbort();
        if (key === '\r' || key === '\n') return end(() => resolve(line));
        line = key === '\u007f' || key === '\b' ? line.slice(0, -1) : line + key;
      }
    };
    stdin.on('data', onData);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
