import { existsSync } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { PlimsollError } from '../../../errors.ts';
import { type ChildProcess, commandError, run, start } from '../../kernel/index.ts';
import type { HeldLayer, SnapshotService } from '../../snapshot/index.ts';
import { hostAptSources, mirrorsFor } from './apt-sources.ts';
import type { BootstrapSource } from './source.ts';

type Distribution = Extract<BootstrapSource, { kind: 'distribution' }>;

export interface DistributionOptions {
  readonly signal?: AbortSignal;
  readonly onProgress: (line: string) => void;
}

/**
 * Makes a minimal Debian or Ubuntu with mmdebstrap, from the mirrors that this machine's own apt uses, and streams
 * its tar into a layer. If it fails or is cancelled, nothing is left: the tool works in a folder of ours.
 */
export async function distributionLayer(
  snapshots: SnapshotService,
  source: Distribution,
  { signal, onProgress }: DistributionOptions,
): Promise<HeldLayer> {
  const mirrors = mirrorsFor(hostAptSources(), source);
  const args = [...toolArguments(source), ...(await proxyArguments()), source.suite, '-', ...mirrors];
  await using scratch = await snapshots.scratch();
  await using tool = startTool(args, scratch.path, onProgress); // ended before its folder is deleted
  const tar = tool.output(lines => toolError(lines, source));
  return await snapshots.importTar(tar, signal === undefined ? {} : { signal });
}

function toolArguments(source: Distribution): string[] {
  const keyring = `/usr/share/keyrings/${source.distribution}-archive-keyring.gpg`;
  if (!existsSync(keyring)) {
    const name = source.distribution === 'ubuntu' ? 'ubuntu-keyring' : 'debian-archive-keyring';
    throw new PlimsollError('unavailable', `this machine cannot check signatures of ${source.distribution}`, {
      code: 'HOST_TOOL_MISSING',
      hint: `install the keys with: apt-get install ${name} (on a Debian host for Ubuntu: ubuntu-archive-keyring)`,
      data: { keyring },
    });
  }
  return ['--variant=minbase', '--format=tar', `--keyring=${keyring}`];
}

/** The proxy that the host's apt uses, for the tool but not for the image. */
async function proxyArguments(): Promise<string[]> {
  const dump = ['dump', '--format', '%f "%v";%n', 'Acquire'];
  const result = await run('apt-config', dump).catch(() => undefined); // no apt, no proxy: the tool will say so
  const lines = (result?.stdout ?? '')
    .split('\n')
    .filter(line => /^Acquire::https?::Proxy(-Auto-Detect)? "[^"]+";$/.test(line));
  if (lines.length === 0) return [];
  const forget = '--customize-hook=rm -f "$1/etc/apt/apt.conf.d/99mmdebstrap"';
  return [...lines.map(line => `--aptopt=${line}`), forget];
}

interface Tool extends AsyncDisposable {
  /** What it writes; breaks at the end if it failed, with an error made from its last lines. */
  output(failure: (lines: readonly string[]) => PlimsollError): Readable;
}

function startTool(args: readonly string[], temporary: string, onProgress: (line: string) => void): Tool {
  const child = start('mmdebstrap', args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary },
    detached: true, // a process group of its own, to be ended whole
  });
  const lines = followLines(child, onProgress);
  const ended = exitOf(child);
  ended.catch(() => {}); // looked at below, after the output
  return {
    output: failure => {
      const checked = new Transform({
        transform: (chunk, _encoding, done) => done(null, chunk),
        flush: done => {
          ended.then(code => (code === 0 ? done() : done(failure(lines))), done);
        },
      });
      return child.stdout === null ? checked.end() : child.stdout.pipe(checked);
    },
    [Symbol.asyncDispose]: () => endGroup(child, ended),
  };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.on('error', error => reject(toolMissing(error)));
    child.on('close', code => resolve(code));
  });
}

function toolMissing(error: Error): PlimsollError {
  const { kind, message, code, data } = commandError('mmdebstrap', error);
  return new PlimsollError(kind, message, {
    code,
    data,
    hint: 'install it with: apt-get install mmdebstrap',
    cause: error,
  });
}

/** Passes whole lines of the tool's progress on and keeps the last of them. */
function followLines(child: ChildProcess, onProgress: (line: string) => void): string[] {
  const lines: string[] = [];
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const pieces = (rest + text).split(/[\r\n]+/);
    rest = pieces.pop() ?? '';
    for (const line of pieces.filter(piece => piece.trim() !== '')) {
      lines.push(line);
      if (lines.length > 200) lines.shift();
      onProgress(line);
    }
  });
  return lines;
}

/** Ends the tool with all its children, gently at first: it tidies up after SIGTERM. */
async function endGroup(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.stdout?.destroy(); // nobody reads it any more, and it would never close
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid ?? 0), signal);
    } catch {
      // gone already
    }
  };
  signalGroup('SIGTERM');
  const timer = setTimeout(() => signalGroup('SIGKILL'), 5000);
  await ended.catch(() => {});
  clearTimeout(timer);
}

function toolError(lines: readonly string[], { distribution, suite }: Distribution): PlimsollError {
  const words = lines.filter(line => line.startsWith('E:')).slice(-3);
  const all = lines.join('\n');
  const data = { distribution, suite, words };
  if (/Could not resolve|Could not connect|Temporary failure|Connection failed|timed out/i.test(all)) {
    return new PlimsollError('unavailable', `no mirror of ${distribution} can be reached`, {
      code: 'MIRROR_UNREACHABLE',
      hint: 'check the network, or point apt of this machine at a mirror in reach (/etc/apt/sources.list)',
      data,
    });
  }
  if (/does not have a Release file|404 +Not Found|no longer has a Release file/.test(all)) {
    return new PlimsollError('not-found', `there is no suite "${suite}" of ${distribution} at its mirror`, {
      code: 'SUITE_NOT_FOUND',
      hint: 'check the spelling of the code name; old suites may have moved to an archive',
      data,
    });
  }
  if (/No space left/.test(all)) {
    return new PlimsollError('resource-exhausted', 'the disk is full', {
      code: 'DISK_FULL',
      hint: "free space, for example with 'plimsoll image prune', and try again",
      data,
    });
  }
  return new PlimsollError(
    'internal',
    `mmdebstrap failed: ${words.join('; ') || lines.at(-1) || 'no message'}`,
    {
      code: 'COMMAND_FAILED',
      data,
    },
  );
}
