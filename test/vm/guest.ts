import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTerminal, type TerminalProgram } from '../support/terminal.ts';

/** How a command in the guest ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GuestOptions {
  readonly input?: string | Uint8Array;
  readonly timeoutMs?: number;
}

/** The machine of the trial, as its ordinary user reaches it: over SSH. */
export interface Guest {
  /** Runs a shell command; a non-zero code is a result. */
  attempt(command: string, options?: GuestOptions): Promise<Ended>;
  /** Runs a shell command and returns its standard output; throws with its words unless the exit code is 0. */
  shell(command: string, options?: GuestOptions): Promise<string>;
  /** `plimsoll` as root through sudo. */
  plimsoll(words: string, options?: GuestOptions): Promise<string>;
  /** Tries a shell command again until it succeeds. */
  until(command: string, timeoutMs?: number): Promise<string>;
  put(source: string, target: string): Promise<void>;
  /** A login shell of the user in a terminal. */
  terminal(size?: { readonly columns: number; readonly rows: number }): TerminalProgram;
  reboot(): Promise<void>;
}

/** An emulated processor is some 40 times slower than the machine it is emulated on. */
export const patience = 40 * 15_000;

/** Where the trial clones the project to, in the guest. */
export const clone = '/home/op/plimsoll';

/** `rig`: the command line that drives the machine, see run.ts. */
export function openGuest(rig: readonly string[]): Guest {
  const attempt = (command: string, options: GuestOptions = {}) =>
    callRig(rig, ['ssh', `set -e; ${command}`], options);
  const shell = async (command: string, options: GuestOptions = {}) => {
    const { code, stdout, stderr } = await attempt(command, options);
    if (code !== 0) throw new Error(`${command}\nended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  };
  const until = async (command: string, timeoutMs = patience) => {
    for (const deadline = performance.now() + timeoutMs; ; await sleep(2000)) {
      const { code, stdout, stderr } = await attempt(command);
      if (code === 0) return stdout;
      if (performance.now() > deadline)
        throw new Error(`${command}\nstill ends with ${code} after ${timeoutMs} ms:\n${stdout}${stderr}`);
    }
  };
  return {
    attempt,
    shell,
    until,
    plimsoll: (words, options) => shell(`sudo ${clone}/bin/plimsoll ${words}`, options),
    async put(source, target) {
      const { code, stderr } = await callRig(rig, ['put', source, target], {});
      if (code !== 0) throw new Error(`cannot put ${source} into the guest: ${stderr}`);
    },
    terminal: ({ columns, rows } = { columns: 120, rows: 40 }) =>
      openTerminal([...rig, 'ssh'], { columns, rows }),
    async reboot() {
      const before = await shell('cat /proc/sys/kernel/random/boot_id');
      await attempt('sudo systemctl reboot');
      await until(`[ "$(cat /proc/sys/kernel/random/boot_id)" != "${before.trim()}" ]`);
      await until('state=$(systemctl is-system-running); [ "$state" = running ] || { echo $state; exit 1; }');
    },
  };
}

/** Runs one verb of the rig to its end. */
export function callRig(
  rig: readonly string[],
  args: readonly string[],
  { input, timeoutMs = patience }: GuestOptions,
): Promise<Ended> {
  const [program = '', ...more] = rig;
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...more, ...args], { timeout: timeoutMs });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.on('error', reject);
    child.on('close', code => resolve({ code, ...output }));
    child.stdin.on('error', () => {}); // its exit code tells why it stopped reading
    child.stdin.end(input);
  });
}
