import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hostTools } from '../../src/engine/doctor/host-tools.ts';
import type { Guest } from './guest.ts';

const home = resolve(import.meta.dirname, '../..');

/**
 * The guest has no internet. Gives it what a server reaches there, so that `npm install` and `apt-get install` run in it
 * as they are: an npm cache, filled here by the guest's own version of npm, and a folder of Debian packages, which is
 * its one apt source.
 */
export async function supply(guest: Guest): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-vm-'));
  try {
    await supplyNpm(guest, folder);
    await supplyApt(guest, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A cache written by another version of npm may not be understood: ENOTCACHED. */
async function supplyNpm(guest: Guest, folder: string): Promise<void> {
  const version = (await guest.shell('npm --version')).trim();
  const project = join(folder, 'project');
  const cache = join(folder, 'npm-cache');
  mkdirSync(project);
  for (const name of ['package.json', 'package-lock.json', '.npmrc'])
    cpSync(join(home, name), join(project, name));
  const install = [
    'install',
    '--no-save',
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  here('npm', ['exec', '-y', `--package=npm@${version}`, '--', 'npm', ...install, '--cache', cache], project);
  const registry = here('npm', ['config', 'get', 'registry'], project).trim();
  await send(guest, cache, '/home/op/npm-cache');
  await guest.shell(`printf '%s\\n' cache=/home/op/npm-cache offline=true registry=${registry} > ~/.npmrc`);
}

/** Every package that the doctor may ask for, and what those depend on beyond what the guest has. */
async function supplyApt(guest: Guest, folder: string): Promise<void> {
  const packages = hostTools.flatMap(tool => tool.packages.debian?.split(' ') ?? []);
  const status = join(folder, 'dpkg-status');
  const archives = join(folder, 'debs');
  mkdirSync(join(archives, 'partial'), { recursive: true });
  writeFileSync(status, await guest.shell('cat /var/lib/dpkg/status'));
  const settings = [
    `Dir::State::status=${status}`,
    `Dir::Cache::archives=${archives}`,
    'APT::Sandbox::User=root',
  ];
  here('apt-get', [
    ...['-qq', '-y', '--no-install-recommends', '--download-only'],
    ...settings.flatMap(setting => ['-o', setting]),
    ...['install', ...new Set(packages), 'apparmor'],
  ]);
  for (const name of readdirSync(archives))
    if (!name.endsWith('.deb')) rmSync(join(archives, name), { recursive: true });
  writeFileSync(
    join(archives, 'Packages'),
    readdirSync(archives)
      .map(name => stanza(join(archives, name)))
      .join('\n'),
  );
  await send(guest, archives, '/home/op/debs');
  await guest.shell(
    'sudo mv /home/op/debs /opt/debs; sudo rm -rf /etc/apt/sources.list* /var/lib/apt/lists/*; ' +
      "echo 'deb [trusted=yes] file:/opt/debs ./' | sudo tee /etc/apt/sources.list",
  );
}

/** What `Packages` says of one package: its own control file, and where the archive is (deb-control(5)). */
function stanza(path: string): string {
  const bytes = readFileSync(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = `Filename: ./${path.split('/').at(-1)}\nSize: ${bytes.length}\nSHA256: ${sha256}\n`;
  return `${here('dpkg-deb', ['--field', path]).trimEnd()}\n${file}`;
}

/** Many small files go as one. */
async function send(guest: Guest, source: string, target: string): Promise<void> {
  const archive = execFileSync('tar', ['-C', source, '-c', '.'], { maxBuffer: 2 ** 31 - 1 });
  await guest.shell(`mkdir -p ${target}; tar -C ${target} -x`, { input: archive });
}

function here(command: string, args: readonly string[], cwd = home): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}
