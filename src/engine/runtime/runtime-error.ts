import { PlimsollError } from '../../errors.ts';
import { refusalOf } from './start-refusals.ts';

const notFound =
  /executable file.*not found|stat .*: no such file or directory|`.*`( not found in \$PATH)?: No such file or directory/is;
const notExecutable = /open executable|exec format error|permission denied|is a directory/i;

/**
 * What a runtime's complaint about a start means. A command that is not there is `not-found` / `COMMAND_NOT_FOUND`
 * (exit code 127 in docker's table), one that cannot be executed `invalid-argument` / `COMMAND_NOT_EXECUTABLE`
 * (126), what `refusalOf` knows `START_REFUSED`; everything else is `internal` / `RUNTIME_FAILED`. The words are those of crun and runc.
 */
export function startError(words: string, command: string): PlimsollError {
  const text = words.trim();
  const data = { command, detail: text.slice(0, 2000) };
  const refusal = refusalOf(text);
  if (refusal !== undefined) return refusal;
  if (notFound.test(text)) {
    return new PlimsollError('not-found', `the command "${command}" does not exist in the container`, {
      code: 'COMMAND_NOT_FOUND',
      hint: 'check the spelling, the PATH of the image, and that its interpreter and libraries are there',
      data,
    });
  }
  if (notExecutable.test(text)) {
    return new PlimsollError(
      'invalid-argument',
      `the command "${command}" cannot be executed in the container`,
      {
        code: 'COMMAND_NOT_EXECUTABLE',
        hint: 'it must be a program for this processor, or a script with an interpreter line, with execute permission',
        data,
      },
    );
  }
  return new PlimsollError('internal', `the container could not be started: ${lastLine(text)}`, {
    code: 'RUNTIME_FAILED',
    data,
  });
}

/** The error lines of a runtime's JSON log; empty if it has none. */
export function errorLines(log: string): string {
  const messages = log.split('\n').flatMap(line => {
    try {
      const entry = JSON.parse(line) as { msg?: string; level?: string };
      return entry.level === 'error' && entry.msg !== undefined ? [entry.msg] : [];
    } catch {
      return [];
    }
  });
  return messages.join('\n');
}

function lastLine(text: string): string {
  return text.split('\n').at(-1) || 'the runtime gave no reason';
}
