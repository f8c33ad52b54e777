import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { ImageProcessConfig } from '../../src/oci/index.ts';

/** One Dockerfile with what it needs and what it must come to; test/fixtures/dockerfile-cases/README.md says how it is written. */
export interface DockerfileCase {
  /** Its path below the folder of cases, without the ending. */
  readonly name: string;
  readonly file: string;
  /** Options of `build`, as words. */
  readonly options: readonly string[];
  /** Why buildah makes something else of it, or cannot do it at all. */
  readonly buildah?: string;
  readonly sections: readonly Section[];
}

interface Section {
  readonly title: string;
  readonly text: string;
}

/** What is written down of a case's result. */
export interface Expected {
  readonly tree: readonly string[];
  readonly config: readonly string[];
  readonly error?: string;
}

const results = ['tree', 'config', 'error'];

/** All cases of a folder, sorted by name. */
export function readCases(folder: string): DockerfileCase[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.case'))
    .sort()
    .map(path => parseCase(join(folder, path), path.slice(0, -'.case'.length)));
}

function parseCase(file: string, name: string): DockerfileCase {
  const [head = '', ...rest] = partsOf(file);
  const settings = new Map(
    head
      .split('\n')
      .filter(line => line !== '' && !line.startsWith('#'))
      .map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
  for (const key of settings.keys())
    if (key !== 'options' && key !== 'buildah') throw new Error(`${file}: no "${key}"`);
  const buildah = settings.get('buildah');
  const sections = rest.map(part => {
    const [line = ''] = part.split('\n', 1);
    return { title: line.slice(3, -3), text: part.slice(line.length + 1) };
  });
  const options = settings.get('options')?.split(' ') ?? [];
  return { name, file, options, sections, ...(buildah === undefined ? {} : { buildah }) };
}

/** What stands before the first section (nothing, perhaps), then section by section. */
function partsOf(file: string): string[] {
  const parts = readFileSync(file, 'utf8').split(/^(?=-- .* --$)/m);
  return parts[0]?.startsWith('-- ') ? ['', ...parts] : parts;
}

/** What a case says that it must come to. */
export function expectedOf({ sections }: DockerfileCase): Expected {
  const linesOf = (wanted: string) =>
    (sections.find(({ title }) => title === wanted)?.text ?? '').split('\n').filter(line => line !== '');
  const [error] = linesOf('error');
  return { tree: linesOf('tree'), config: linesOf('config'), ...(error === undefined ? {} : { error }) };
}

/** Writes into a case's file what it came to. */
export function rewriteCase({ file }: DockerfileCase, result: Expected): void {
  const kept = partsOf(file).filter(part => !results.some(title => part.startsWith(`-- ${title} --\n`)));
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `-- ${title} --\n${lines.join('\n')}\n`;
  const text =
    result.error === undefined
      ? section('tree', result.tree) + section('config', result.config)
      : section('error', [result.error]);
  writeFileSync(file, kept.join('') + text);
}

/** A case as files: its context, and what is served beside it. */
export interface LaidOutCase {
  readonly context: string;
  /** Address of what is served. */
  readonly www: string;
  readonly options: readonly string[];
}

/** Lays the files of a case out in a folder. Modes are those that it says, whatever the umask is. `www` is the address of its folder of that name. */
export function layOut(one: DockerfileCase, folder: string, www: string): LaidOutCase {
  const context = join(folder, 'context');
  for (const made of [context, join(folder, 'www')]) mkdirSync(made, { recursive: true });
  const fill = (text: string) => text.replaceAll('{www}', www).replaceAll('{folder}', folder);
  for (const { title, text } of one.sections)
    if (!results.includes(title) && title !== 'setup') writeEntry(context, title, fill(text));
  const setup = one.sections.find(({ title }) => title === 'setup');
  if (setup !== undefined) {
    const dates = { GIT_AUTHOR_DATE: '@1000000000 +0000', GIT_COMMITTER_DATE: '@1000000000 +0000' };
    const env = { ...process.env, ...dates, GIT_CONFIG_GLOBAL: '/dev/null', TZ: 'UTC' };
    execFileSync('sh', ['-ec', `umask 022\n${fill(setup.text)}`], { cwd: context, env, stdio: 'pipe' });
  }
  return { context, www, options: one.options.map(fill) };
}

/** `PATH`, `PATH 755`, `FOLDER/`, `LINK -> TARGET`. */
function writeEntry(context: string, title: string, text: string): void {
  const [written = '', target] = title.split(' -> ');
  const [, path = '', mode] = /^(.*?)(?: ([0-7]{3,4}))?$/.exec(written) ?? [];
  const place = join(context, path);
  const missing: string[] = [];
  for (let at = dirname(place); relative(context, at) !== '' && !exists(at); at = dirname(at))
    missing.push(at);
  for (const made of missing.reverse()) makeFolder(made);
  if (target !== undefined) symlinkSync(target, place);
  else if (path.endsWith('/')) makeFolder(place, mode);
  else {
    writeFileSync(place, text);
    chmodSync(place, Number.parseInt(mode ?? '644', 8));
  }
}

function makeFolder(path: string, mode = '755'): void {
  if (!exists(path)) mkdirSync(path);
  chmodSync(path, Number.parseInt(mode, 8));
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/**
 * Every file of a root filesystem in a line: path, mode, owner, and its text or the beginning of its digest. Left out is what a runtime makes
 * for its mounts.
 */
export function treeOf(rootfs: string): string[] {
  return readdirSync(rootfs, { recursive: true, encoding: 'utf8' })
    .filter(path => !/^(dev|proc|run|sys)(\/|$)|^etc\/(hosts|hostname|resolv\.conf)$/.test(path))
    .sort()
    .map(path => describeFile(join(rootfs, path), path));
}

function describeFile(file: string, path: string): string {
  const status = lstatSync(file);
  const facts = `${(status.mode & 0o7777).toString(8)} ${status.uid}:${status.gid}`;
  if (status.isSymbolicLink()) return `${path} -> ${readlinkSync(file)}`;
  if (status.isDirectory()) return `${path}/ ${facts}`;
  if (status.isFIFO()) return `${path} ${facts} (pipe)`;
  if (!status.isFile()) return `${path} ${facts} (device)`;
  const bytes = readFileSync(file);
  const isShort = bytes.length <= 100 && bytes.equals(Buffer.from(bytes.toString()));
  const digest = () => `sha256:${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`;
  return `${path} ${facts} ${isShort ? JSON.stringify(bytes.toString()) : digest()}`;
}

/** A tree less what it has of the base image; what that has and it has not is `gone`. */
export function aboveBase(tree: readonly string[], base: readonly string[]): string[] {
  const isBuiltOnIt = tree.some(line => line.startsWith('bin/busybox '));
  if (!isBuiltOnIt) return [...tree];
  const [below, all] = [new Set(base), new Set(tree.map(pathOf))];
  const gone = base.filter(line => !all.has(pathOf(line))).map(line => `gone ${pathOf(line)}`);
  return [...tree.filter(line => !below.has(line)), ...gone];
}

function pathOf(line: string): string {
  return /^(.*?)\/?( -> .*| [0-7]+ \d+:\d+.*)$/.exec(line)?.[1] ?? line;
}

/** What an image says of itself, a field in a line, without what is empty or as any image has it. */
export function configOf(config: ImageProcessConfig, author?: string): string[] {
  const { Env, Cmd, Entrypoint, WorkingDir, User, ExposedPorts, Volumes, Labels = {}, StopSignal } = config;
  const { Healthcheck, Shell, OnBuild } = config;
  const { 'io.buildah.version': _, ...labels } = Labels;
  const fields = {
    author,
    Env: Env?.filter(entry => !usualPaths.includes(entry)),
    Entrypoint,
    Cmd,
    WorkingDir: WorkingDir === '/' ? undefined : WorkingDir, // BuildKit and we write it, buildah does not
    User,
    ExposedPorts: Object.keys(ExposedPorts ?? {}).sort(),
    Volumes: Object.keys(Volumes ?? {}).sort(),
    Labels: sorted(labels),
    StopSignal,
    Shell,
    Healthcheck: sorted(Healthcheck ?? {}),
    OnBuild,
  };
  return Object.entries(fields)
    .filter(([, value]) => !isEmpty(value))
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`);
}

const usualPaths = ['PATH=/bin', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];

function sorted(map: object): object {
  return Object.fromEntries(
    Object.entries(map)
      .filter(([, value]) => value !== 0)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );
}
