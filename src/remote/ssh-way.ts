import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import type { Endpoint } from './endpoint.ts';
import { sshFailure } from './ssh-failure.ts';

type SshEndpoint = Extract<Endpoint, { kind: 'ssh' }>;
/** A process of ssh(1). */
export type SshProcess = ChildProcessWithoutNullStreams;

/** Programs that join a pipe to an engine's socket (`system dial-stdio`), and how each is told of another socket. */
const programs = { docker: '--host', podman: '--url', plimsoll: '--host' } as const;

/**
 * A way to an engine through ssh(1), which knows the user's configuration, keys, agent and known hosts, and asks for what
 * it needs on the terminal. One connection is made and proven once, and all that is said goes through it (ControlMaster):
 * so a passphrase is asked for once, and no server takes many requests at once for an attack. When it breaks, the next
 * `dial` makes it anew, and asks for nothing: somebody may be drawing on the terminal.
 */
export class SshWay implements Disposable {
  readonly #endpoint: SshEndpoint;
  readonly #folder: string;
  #master: SshProcess | undefined;
  #command: Promise<string> | undefined;
  #wasOpen = false;

  constructor(endpoint: SshEndpoint) {
    this.#endpoint = endpoint;
    this.#folder = mkdtempSync(join(tmpdir(), 'plimsoll-ssh-'));
  }

  /** A process whose input and output are a connection to the engine. Rejects with `unavailable`. */
  async dial(): Promise<SshProcess> {
    this.#command ??= this.#open();
    return this.#ssh(['-o', 'ControlMaster=no', '-o', 'BatchMode=yes'], await this.#command);
  }

  /** What a command prints there; undefined where it fails. Rejects with `unavailable`. */
  async read(command: string, signal: AbortSignal): Promise<string | undefined> {
    this.#command ??= this.#open();
    await this.#command;
    const child = this.#ssh(['-o', 'ControlMaster=no', '-o', 'BatchMode=yes'], command);
    const stop = () => child.kill();
    signal.addEventListener('abort', stop, { once: true });
    try {
      child.stderr.resume();
      child.stdin.on('error', () => {}).end();
      const ended = new Promise<number | null>(resolve => {
        child.once('close', resolve).once('error', () => resolve(null));
      });
      const chunks: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
      return (await ended) === 0 ? Buffer.concat(chunks).toString() : undefined;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  [Symbol.dispose](): void {
    this.#master?.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #ssh(options: readonly string[], command: string): SshProcess {
    const { target, port } = this.#endpoint;
    const own = ['-T', '-o', `ControlPath=${join(this.#folder, 'way')}`, '-o', 'ConnectTimeout=30'];
    // A network that went away in silence is noticed after 15 s.
    const alive = ['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=3'];
    const at = port === undefined ? [] : ['-p', String(port)];
    return spawn('ssh', [...own, ...alive, ...options, ...at, '--', target, command], { stdio: 'pipe' });
  }

  /** Resolves with the far command for each connection. The master lives as long as its input is open. */
  async #open(): Promise<string> {
    const quiet = this.#wasOpen ? ['-o', 'BatchMode=yes'] : [];
    const master = this.#ssh(['-o', 'ControlMaster=yes', ...quiet], probe(this.#endpoint));
    this.#master = master;
    let [said, complaint] = ['', ''];
    master.stdin.on('error', () => {}); // its end is told by the exit
    master.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-4000);
    });
    return await new Promise<string>((resolve, reject) => {
      master.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const [, found, path = this.#endpoint.path] = /^use (\w+)(?: (\/\S+))?$/m.exec(said) ?? [];
        if (found === undefined) return;
        this.#wasOpen = true;
        resolve(farCommand(found as keyof typeof programs, path));
      });
      const ended = (error?: Error) => {
        if (this.#master === master) {
          this.#command = undefined;
          this.#master = undefined;
        }
        const none = /^none$/m.test(said);
        reject(none ? noEngine(this.#endpoint, said) : sshFailure(this.#endpoint, complaint, error));
      };
      master.once('error', ended);
      master.once('close', () => ended());
    });
  }
}

/**
 * Says `use PROGRAM` for the first that reaches an engine, and then waits; else what each complained of, and `none`. Where
 * there is nothing else, a podman that nobody serves is served as long as the connection lasts (`use podman SOCKET`).
 */
function probe(endpoint: SshEndpoint): string {
  const tries = Object.keys(programs).map(name => {
    const dial = farCommand(name as keyof typeof programs, endpoint.path);
    return `if command -v ${name} >/dev/null 2>&1; then why=$(${dial} 2>&1 >/dev/null </dev/null) && { echo "use ${name}"; exec cat >/dev/null; }; echo "${name}: $why"; fi`;
  });
  const atLast = endpoint.path === undefined ? [servePodman] : [];
  return `sh -c ${quote([...tries, ...atLast, 'echo none'].join('\n'))}`;
}

const servePodman = `
command -v podman >/dev/null 2>&1 && place=$(mktemp -d) && {
  trap 'kill $server 2>/dev/null; rm -rf "$place"' EXIT
  podman system service --time 0 "unix://$place/podman.sock" >/dev/null 2>&1 </dev/null & server=$!
  # The socket is there a moment before anybody listens at it.
  answers() { [ -S "$place/podman.sock" ] && podman --url "unix://$place/podman.sock" system dial-stdio </dev/null >/dev/null 2>&1; }
  n=0
  until answers || [ $n -ge 100 ] || ! kill -0 $server 2>/dev/null; do sleep 0.1; n=$((n+1)); done
  if answers; then echo "use podman $place/podman.sock"; cat >/dev/null; exit; fi
}
`;

function farCommand(program: keyof typeof programs, path: string | undefined): string {
  const at = path === undefined ? '' : ` ${programs[program]} ${quote(`unix://${path}`)}`;
  return `${program}${at} system dial-stdio`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

function noEngine({ target }: SshEndpoint, said: string): PlimsollError {
  const tried = said.split('\n').flatMap(line => {
    const [, name, why = ''] = /^(docker|podman|plimsoll): (.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [`${name} ${complaintOf(why)}`];
  });
  const why = tried.length === 0 ? 'it has neither docker nor podman nor plimsoll' : tried.join(', ');
  return new PlimsollError('unavailable', `no engine answers on "${target}": ${why}`, {
    code: 'ENGINE_UNREACHABLE',
    hint: /permission denied/i.test(said)
      ? 'log in as one who may open its socket (for docker: a member of the group docker), or as root'
      : "start it there ('systemctl start docker' or 'podman.socket'), or install plimsoll: it needs no daemon",
  });
}

function complaintOf(why: string): string {
  if (/permission denied/i.test(why)) return 'lets this user not in';
  if (/no such file|refused|nobody listens|cannot connect/i.test(why)) return 'is there and does not run';
  return `says "${cleanText(why, { maxLength: 200 })}"`;
}
