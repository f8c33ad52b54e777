import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const binary = ['/usr/bin/docker-registry', '/usr/bin/registry'].find(path => existsSync(path));

/** Why tests with a real registry cannot run here, or false. */
export const noRegistry: string | false =
  binary === undefined ? "needs docker-registry: run 'plimsoll doctor --install --for=test'" : false;

/** The one user of a registry with logins. */
export const registryUser = { username: 'sailor', password: 'sea shanty' };
/** htpasswd's line for it: bcrypt of the password. */
const htpasswd = `sailor:$2y$05$abcdefghijklmnopqrstuu4pfwdLanDjVoR/AnnLWCP.vDJYI9Sxe\n`;

export interface RealRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly port: number;
  /** With `tls`: a folder as /etc/docker/certs.d, with the authority of the registry. */
  readonly certFolder: string;
  /** Where it keeps its content. */
  readonly data: string;
  /** What it has written so far. */
  log(): string;
}

/** Starts Debian's docker-registry on a free port of loopback, with its data in a folder that goes in the end. */
export async function startRegistry({ tls = false, auth = false } = {}): Promise<RealRegistry> {
  const folder = mkdtempSync(join(tmpdir(), 'plt-registry-'));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const certFolder = join(folder, 'certs.d');
  if (tls) makeCertificates(folder, join(certFolder, host));
  if (auth) writeFileSync(join(folder, 'htpasswd'), htpasswd);
  writeFileSync(join(folder, 'config.yml'), configOf({ folder, host, tls, auth }));
  const child = spawn(binary ?? '', ['serve', join(folder, 'config.yml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
    });
  }
  await listening(child, port, () => log);
  return {
    host,
    port,
    certFolder,
    data: join(folder, 'data'),
    log: () => log,
    async [Symbol.asyncDispose]() {
      const gone = new Promise(resolve => child.once('close', resolve));
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port of loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function configOf({
  folder,
  host,
  tls,
  auth,
}: {
  folder: string;
  host: string;
  tls: boolean;
  auth: boolean;
}): string {
  return [
    'version: 0.1',
    'log: { level: info, accesslog: { disabled: false } }',
    `storage: { filesystem: { rootdirectory: ${join(folder, 'data')} }, delete: { enabled: true } }`,
    'http:',
    `  addr: ${host}`,
    '  secret: only-a-test',
    ...(tls
      ? [`  tls: { certificate: ${join(folder, 'server.crt')}, key: ${join(folder, 'server.key')} }`]
      : []),
    ...(auth ? [`auth: { htpasswd: { realm: plimsoll-test, path: ${join(folder, 'htpasswd')} } }`] : []),
    '',
  ].join('\n');
}

/** An authority, and a certificate by it for 127.0.0.1 and localhost. */
function makeCertificates(folder: string, certFolder: string): void {
  mkdirSync(certFolder, { recursive: true });
  const path = (name: string) => join(folder, name);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-days',
    '2',
    '-subj',
    '/CN=plimsoll test authority',
    '-keyout',
    path('ca.key'),
    '-out',
    join(certFolder, 'ca.crt'),
  );
  openssl('req', ...key, '-subj', '/CN=127.0.0.1', '-keyout', path('server.key'), '-out', path('server.csr'));
  writeFileSync(path('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  const signed = ['-CA', join(certFolder, 'ca.crt'), '-CAkey', path('ca.key'), '-CAcreateserial'];
  openssl(
    'x509',
    '-req',
    '-in',
    path('server.csr'),
    ...signed,
    '-days',
    '2',
    '-extfile',
    path('names'),
    '-out',
    path('server.crt'),
  );
}

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}

async function listening(child: ChildProcess, port: number, log: () => string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended: ${log()}`);
    if (await answers(port)) return;
    await sleep(25);
  }
  throw new Error(`docker-registry does not listen: ${log()}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
