import { Agent } from 'node:http';
import { Duplex } from 'node:stream';
import type { PlimsollError } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { sshFailure } from './ssh-failure.ts';
import type { SshProcess, SshWay } from './ssh-way.ts';

type SshEndpoint = Extract<Endpoint, { kind: 'ssh' }>;

/** Connections to an engine for http, each a process at the end of a way through ssh. */
export function sshAgent(endpoint: SshEndpoint, way: SshWay, maxSockets: number): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 4, maxSockets });
  agent.createConnection = (_options, created) => {
    // What http asks of a connection, a pipe to a process can give; it has no more of a socket.
    way.dial().then(
      child => created?.(null, new SshStream(child, said => sshFailure(endpoint, said)) as unknown as Duplex),
      (error: unknown) => created?.(error as Error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  return agent;
}

class SshStream extends Duplex {
  readonly #child: SshProcess;
  #complaint = '';

  constructor(child: SshProcess, failure: (said: string, cause?: unknown) => PlimsollError) {
    super({ allowHalfOpen: true });
    this.#child = child;
    child.once('error', error => this.destroy(failure('', error)));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString()).slice(-2000);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stdin.on('error', () => {}); // its end is told by the exit
    child.once('close', code => {
      if (code === 0) this.push(null);
      else this.destroy(failure(this.#complaint));
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
}
