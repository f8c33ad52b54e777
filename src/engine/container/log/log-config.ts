import { existsSync } from 'node:fs';
import { PlimsollError } from '../../../errors.ts';
import type { LogSpec } from '../types.ts';
import { attributeOptions, checkAttributes } from './log-attributes.ts';

/** What becomes of a container's output. */
export type LogPlan =
  | {
      readonly kind: 'file';
      /** A current log above this is rotated; Infinity: never. */
      readonly rotateAboveBytes: number;
      /** How many rotated files are kept beside the current one. */
      readonly rotatedFiles: number;
    }
  | { readonly kind: 'journald'; readonly tag: string | undefined }
  | { readonly kind: 'none' };

/** Without options: three files of 20 MB at most. */
const usual = { kind: 'file', rotateAboveBytes: 20 * 1024 * 1024, rotatedFiles: 2 } as const;

/**
 * What a log driver with its options comes to. All files have the lines of `k8s-file`, whatever the driver of the file
 * is called. `max-size` bounds one file and `max-file` counts them, as docker has it; with one file there are two of
 * half its size, since what is written in between would be lost. Throws `invalid-argument` (`LOG_OPTION_INVALID`).
 */
export function planLog(spec: LogSpec | undefined): LogPlan {
  if (spec === undefined) return usual;
  const { driver, options = {} } = spec;
  for (const [name, value] of Object.entries(options)) checkOption(driver, name, value);
  checkAttributes(options);
  if (driver === 'none') return { kind: 'none' };
  if (driver === 'journald') return { kind: 'journald', tag: options.tag };
  const size = options['max-size'];
  const files = options['max-file'];
  const bytes = size === undefined ? usual.rotateAboveBytes : parseBytes(size);
  const count = files === undefined ? usual.rotatedFiles + 1 : parseCount(files);
  return {
    kind: 'file',
    rotateAboveBytes: count === 1 ? Math.ceil(bytes / 2) : bytes,
    rotatedFiles: Math.max(1, count - 1),
  };
}

/** Throws `unavailable` (`NO_JOURNAL`) if this machine has no journal for a container that wants to write there. */
export function assertLoggable(spec: LogSpec | undefined, socket = '/run/systemd/journal/socket'): void {
  if (planLog(spec).kind !== 'journald' || existsSync(socket)) return;
  throw new PlimsollError('unavailable', 'journald does not run on this machine', {
    code: 'NO_JOURNAL',
    hint: 'leave --log-driver out: the log is kept with the container, and bounded',
  });
}

const fileOptions = ['max-size', 'max-file', 'mode', 'compress'];

function checkOption(driver: LogSpec['driver'], name: string, value: string): void {
  const known = {
    none: [],
    journald: ['mode', ...attributeOptions],
    'json-file': [...fileOptions, ...attributeOptions],
    local: fileOptions,
    'k8s-file': fileOptions,
  };
  if (!known[driver].some(each => each === name)) {
    const there = known[driver].length === 0 ? 'it has none' : `it has ${known[driver].join(', ')}`;
    throw invalid(`the log driver ${driver} has no option "${name}"`, there);
  }
  if (name === 'mode' && value !== 'blocking')
    throw invalid(
      `a log cannot be written in the mode "${value}"`,
      'there is only blocking: no line is lost',
    );
  if (name === 'compress' && value !== 'false')
    throw invalid('rotated logs are not compressed', 'leave compress out, or bound the log by max-size');
}

/** docker's sizes of a log: a number with b, k, m or g; -1: no bound. */
function parseBytes(text: string): number {
  if (text === '-1') return Number.POSITIVE_INFINITY;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([bkmg]?)b?$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** Math.max(0, 'bkmg'.indexOf(unit.toLowerCase()));
  if (number !== undefined && bytes >= 1) return Math.floor(bytes);
  throw invalid(`"${text}" is no size of a log`, 'write max-size as in 10m; -1 for no bound');
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text);
  throw invalid(`"${text}" is no number of log files`, 'max-file is from 1 to 999');
}

function invalid(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'LOG_OPTION_INVALID', hint });
}
