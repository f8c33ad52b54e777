import { type MachineReport, parseReport } from '../capacity/index.ts';
import { type ChildProcess, commandError, start } from '../engine/kernel/index.ts';
import { messageOf } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { shellWord } from '../lib/shell-word.ts';
import type { Slots } from '../lib/slots.ts';
import { engineRounds } from './engine-rounds.ts';
import { engineScript } from './engine-script.ts';
import { patience, pause } from './pause.ts';
import { plimsollThere, sshArguments } from './ssh-command.ts';
import type { FleetEvent, FleetSource, SshMachine } from './types.ts';

/** A line that is longer is not kept: no report is. */
const longestLine = 4 * 1024 ** 2;

export interface SshSourceOptions {
  readonly everySeconds: number;
  readonly sshConfig?: string;
  /** So many connections are made at once. */
  readonly connecting: Slots;
}

/**
 * One machine over one ssh that stays: plimsoll there writes a line every few seconds, or a shell what docker or podman
 * tell.
 */
export function sshSource(machine: SshMachine, options: SshSourceOptions): FleetSource {
  const { name, monthlyPrice, keep } = machine;
  return {
    name,
    machines: [{ name, ...(monthlyPrice === undefined ? {} : { monthlyPrice }), ...(keep ? { keep } : {}) }],
    async watch({ signal, emit }) {
      for (let failures = 1; !signal.aborted; failures++) {
        const seen = await connection(machine, options, { signal, emit });
        if (seen) failures = 1;
        await pause(patience(failures), signal);
      }
    },
  };
}

interface Watching {
  readonly signal: AbortSignal;
  readonly emit: (event: FleetEvent) => void;
}

/** Reads reports until ssh ends, and tells why it did. Resolves with whether there were any. */
async function connection(
  machine: SshMachine,
  options: SshSourceOptions,
  { signal, emit }: Watching,
): Promise<boolean> {
  let last: MachineReport | undefined;
  const reader = machine.engine === undefined ? { add: parseReport } : engineRounds();
  // What was recorded comes once a minute, and stays until it comes again.
  const onReport = (report: MachineReport) => {
    const cpu = { ...last?.cpu, ...report.cpu };
    const memory = { ...last?.memory, ...report.memory };
    last = { ...last, ...report, cpu, memory };
    emit({ type: 'report', machine: machine.name, report: last });
  };
  const { ended } = await options.connecting(async () => {
    if (signal.aborted) return { ended: Promise.resolve('') };
    const child = startSsh(machine, options);
    const ended = endOf(machine, child, signal);
    const answered = new Promise<void>(resolve => {
      readLines(child, text => {
        const report = reader.add(text);
        if (report === undefined) return;
        resolve(); // the next one may connect
        onReport(report);
      });
    });
    await Promise.race([answered, ended]);
    return { ended };
  });
  const problem = await ended;
  if (!signal.aborted) emit({ type: 'silent', machine: machine.name, problem });
  return last !== undefined;
}

function startSsh(machine: SshMachine, { everySeconds, sshConfig }: SshSourceOptions): ChildProcess {
  const verb = ['fleet', '--agent', '--every', String(everySeconds)];
  const command =
    machine.engine === undefined
      ? plimsollThere(machine, verb)
      : `exec sh -c ${shellWord(engineScript(machine.engine, everySeconds))}`;
  const args = sshArguments(machine, command, sshConfig === undefined ? {} : { sshConfig });
  // Its input stays open as long as it is wanted: what runs there ends with it.
  return start('ssh', args, { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Resolves with why it ended, in its own words. */
async function endOf(machine: SshMachine, child: ChildProcess, signal: AbortSignal): Promise<string> {
  let words = '';
  child.stdin?.on('error', () => undefined);
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4096);
  });
  const stop = () => child.kill();
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await new Promise<string>(resolve => {
      child.on('error', error => resolve(messageOf(commandError('ssh', error))));
      child.on('close', code => resolve(problemOf(machine, words, code)));
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function problemOf({ engine }: SshMachine, words: string, code: number | null): string {
  if (code === 127 && engine === undefined)
    return 'plimsoll is not installed there, or not in the PATH that ssh has';
  const line = words
    .split('\n')
    .map(text => cleanText(text).trim())
    .findLast(text => text !== '');
  return line?.replace(/^(ssh|plimsoll): /, '') ?? 'the connection has ended';
}

function readLines(child: ChildProcess, onLine: (text: string) => void): void {
  let held = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (held + text).split('\n');
    held = lines.pop() ?? '';
    if (held.length > longestLine) held = '';
    for (const line of lines) onLine(line);
  });
}
