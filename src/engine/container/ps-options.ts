import { PlimsollError } from '../../errors.ts';
import { run } from '../kernel/index.ts';
import type { ProcessTable } from './types.ts';

/**
 * What ps(1) of the host says of these processes with options of the caller's choice, as docker does it. Throws
 * `invalid-argument` (`PS_OPTIONS`) for options that ps refuses or that leave out the PID.
 */
export async function listWithPs(pids: readonly number[], options: readonly string[]): Promise<ProcessTable> {
  const { code, stdout, stderr } = await run('ps', options);
  if (code !== 0 && stdout === '') {
    throw refused(`ps refuses "${options.join(' ')}": ${stderr.trim().split('\n')[0]}`, "see 'man ps'");
  }
  const [head = '', ...lines] = stdout.split('\n').filter(line => line !== '');
  const titles = head.trim().split(/\s+/);
  const at = titles.indexOf('PID');
  if (at < 0) throw refused('these options of ps leave out the PID', "add it, as in '-o pid,args'");
  const wanted = new Set(pids.map(String));
  const rows = lines.map(line => cells(line, titles.length)).filter(row => wanted.has(row[at] ?? ''));
  return { titles, rows };
}

/** The last column, a command line, may have blanks. */
function cells(line: string, count: number): string[] {
  const words = line.trim().split(/\s+/);
  return [...words.slice(0, count - 1), words.slice(count - 1).join(' ')];
}

function refused(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'PS_OPTIONS', hint });
}
