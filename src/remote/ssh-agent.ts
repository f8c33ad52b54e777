import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
import { PlimsollError } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';

type SshEndpoint = Extract<Endpoint, { kind: 'ssh' }>;

/**
 * Connections through ssh(1), as docker's own client makes them: it knows the user's configuration, keys, agent and
 * known hosts, and asks for what it needs on the terminal. On the other side `docker system dial-stdio` (or Podman's or
 * ours) joins the connection to the engine's socket.
 */
export function sshAgent(endpoint: SshEndpoint): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4 });
  // What http asks of a connection, a pipe to a process can give; it has no more of a socket.
  agent.createConnection = () => new SshStream(endpoint) as unknown as Duplex;
  return agent;
}

/** The far command: whichever of the programs is there. */
function farCommand({ path }: SshEndpoint): string {
  if (path !== undefined) {
    const quoted = `'${path.replaceAll("'", `'\\''`)}'`;
    return `if command -v docker >/dev/null; then exec docker --host unix://${quoted} system dial-stdio; else exec plimsoll --host unix://${quoted} system dial-stdio; fi`;
  }
  return 'if command -v docker >/dev/null; then exec docker system dial-stdio; elif command -v podman >/dev/null; then exec podman system dial-stdio; else exec plimsoll system dial-stdio; fi';
}

class SshStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #target: string;
  #complaint = '';

  constructor(endpoint: SshEndpoint) {
    super({ allowHalfOpen: true });
    this.#target = endpoint.target;
    const port = endpoint.port === undefined ? [] : ['-p', String(endpoint.port)];
    this.#child = spawn('ssh', ['-T', ...port, '--', endpoint.target, farCommand(endpoint)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.once('error', error => this.destroy(this.#failure(error)));
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-2000);
    });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.#child.stdout.pause();
    });
    this.#child.stdin.on('error', () => {}); // its end is told by the exit
    this.#child.once('close', code => {
      if (code === 0) this.push(null);
      else this.destroy(this.#failure(undefined));
    });
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#child.stdin.write(chunk, () => done()); // what went wrong is told by the exit
  }

  override _final(done: () => void): void {
    this.#child.stdin.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.kill();
    done(error);
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    this.#child.ref();
    return this;
  }

  unref(): this {
    this.#child.unref();
    return this;
  }

  #failure(cause: unknown): PlimsollError {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const said = this.#complaint.trim().split('\n').at(-1) ?? '';
    return new PlimsollError(
      'unavailable',
      missing
        ? 'there is no ssh on this machine'
        : `ssh to "${this.#target}" failed${said === '' ? '' : `: ${said}`}`,
      {
        code: 'SSH_FAILED',
        hint: missing ? 'install openssh-client' : `see that 'ssh ${this.#target} docker version' works`,
        cause,
      },
    );
  }
}
