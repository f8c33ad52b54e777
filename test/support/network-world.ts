import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { createEventService } from '../../src/engine/events/index.ts';
import {
  type ConnectRequest,
  createNetworkService,
  type Endpoint,
  type IdleBridge,
  type PublishedPort,
} from '../../src/engine/network/index.ts';
import { createRootFolders, Database, resolveRoot } from '../../src/engine/store/index.ts';

/** What the tests of networks need, by system calls and commands of the host: see `runPrivately`. */
export const noNetworks = missingReason();

function missingReason(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = ['ip', 'nft', 'unshare', 'busybox'].filter(tool => spawnSync('which', [tool]).status !== 0);
  return missing.length > 0 && `needs the host commands ${missing.join(', ')}`;
}

/** A network service with a root of its own, which leaves nothing behind. */
export function world(t: TestContext, options: { idle?: IdleBridge } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-network-'));
  const root = resolveRoot({ root: folder, env: {}, uid: 0 });
  createRootFolders(root);
  const db = Database.open(join(root.dataDir, 'plimsoll.db'));
  const events = createEventService({ root, db, clock: Date.now });
  const networks = createNetworkService({ root, db, events, clock: Date.now, ...options });
  t.after(async () => {
    await networks.repair(new Set());
    await networks.lowerIfUnused();
    db.close();
    for (const path of [folder, root.runDir]) rmSync(path, { recursive: true });
  });
  return { root, db, networks };
}

/** Runs commands of the host, which must succeed. */
export function host(...commands: string[]): void {
  for (const command of commands) {
    const { status, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
    assert.equal(status, 0, `${command}: ${stderr}`);
  }
}

/** The rules of iptables in their order. */
export function firewall(): string[] {
  return spawnSync('sh', ['-c', 'iptables -S'], { encoding: 'utf8' }).stdout.trim().split('\n');
}

/** A container id made from a word. */
export function id(word: string): string {
  return Buffer.from(word).toString('hex').padEnd(64, '0');
}

/** A wish for a place on the default network. */
export function request(word: string, ports: readonly PublishedPort[] = []): ConnectRequest {
  return { container: id(word), names: [word], network: 'bridge', ports };
}

/** A port of TCP on every IPv4 address. */
export function publish(hostPort: number, containerPort: number): PublishedPort {
  return { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort, containerPort };
}

/** What a command in the namespace of an endpoint prints. */
export function inside(endpoint: Endpoint, ...command: string[]): string {
  const result = spawnSync('ip', ['netns', 'exec', basename(endpoint.namespace), ...command], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return result.stdout;
}

/** Whether an address answers. Asked three times: a link carries within the second that the kernel takes to notice it. */
export function pings(from: Endpoint, address: string): boolean {
  const ping = () => inside(from, 'busybox', 'ping', '-c1', '-W1', address);
  return [1, 2, 3].some(() => ping().includes(' 0% packet loss'));
}

/** A server on port 80 of an endpoint that says one thing to whoever connects. */
export async function serve(t: TestContext, endpoint: Endpoint, words: string): Promise<void> {
  const program = `require('net').createServer(s => s.end(${JSON.stringify(words)})).listen(80)`;
  const server = spawn('ip', [
    'netns',
    'exec',
    basename(endpoint.namespace),
    process.execPath,
    '-e',
    program,
  ]);
  t.after(() => server.kill());
  await listening(endpoint, 'tcp');
}

/** Waits until somebody listens on port 80 or 53 of an endpoint. */
export async function listening(endpoint: Endpoint, protocol: string): Promise<void> {
  await until(() =>
    /:00(50|35) /.test(inside(endpoint, 'cat', `/proc/net/${protocol}`, `/proc/net/${protocol}6`)),
  );
}

/** Waits for something that takes a moment in another process; the test's own time limit ends it. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 10));
}

/** What nft(8) prints. */
export function nft(...args: string[]): string {
  return spawnSync('nft', args, { encoding: 'utf8' }).stdout;
}

/** The process that answers for names of a root. */
export function nameServerPid(runDir: string): number {
  return Number(readFileSync(join(runDir, 'dns/aardvark.pid'), 'utf8'));
}

/** Fails if anything of a root is left in the kernel. */
export async function assertNothingLeft(rootId: string): Promise<void> {
  const own = readdirSync('/run/netns').filter(name => name.startsWith(`plim-${rootId}`));
  assert.deepEqual(own, []);
  assert.ok(!existsSync(`/sys/class/net/plb${rootId}`));
  const others = readdirSync('/run/netns').length; // the kernel takes the links of dead namespaces along a moment later
  await until(() => readdirSync('/sys/class/net').filter(name => name.startsWith('plv')).length === others);
  assert.doesNotMatch(nft('list', 'tables'), new RegExp(rootId));
  const running = readdirSync('/proc').filter(pid => /^\d+$/.test(pid) && commandLine(pid).includes(rootId));
  assert.deepEqual(running.map(commandLine), []);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
