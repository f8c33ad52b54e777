import { resolve } from 'node:path';
import type { BuildRequest } from '../engine/index.ts';
import type { BuildOptions } from './build-options.ts';
import type { Cli } from './cli.ts';
import { extraHost } from './container-spec.ts';
import { badOption } from './parse/bad-option.ts';
import { parseAttests } from './parse/parse-attest.ts';
import { isAddress, parseBuildContexts } from './parse/parse-build-context.ts';
import { parseCacheFrom, parseCacheTo } from './parse/parse-cache.ts';
import { parseCount, parseLimits } from './parse/parse-limits.ts';
import type { BuildOutput } from './parse/parse-output.ts';
import { parseBuildArgs, parsePairs } from './parse/parse-pairs.ts';
import { parseSecrets } from './parse/parse-secret.ts';
import { parseSize } from './parse/parse-size.ts';
import { parseSsh } from './parse/parse-ssh.ts';
import { parseUlimit } from './parse/parse-ulimit.ts';
import { registryAccess } from './registry-options.ts';

/** What the options of `build` ask of the engine; nothing is read but the names of files. */
export function toBuildRequest(
  cli: Cli,
  context: string,
  options: BuildOptions,
  outputs: readonly BuildOutput[] = [],
): BuildRequest {
  const { cwd, env } = cli;
  const { target, platform, network, jobs, shmSize } = options;
  const place = placeOf(cli, context, options.file);
  const access = registryAccess(options);
  return {
    ...place,
    tags: [...(options.tag ?? []), ...outputs.flatMap(({ names }) => names)],
    ...(outputs.some(output => output.rewriteTimestamp) ? { rewriteTimestamp: true } : {}),
    buildArgs: { ...sourceDateOf(env), ...parseBuildArgs(options.buildArg ?? [], env) },
    labels: parsePairs(options.label ?? [], '--label'),
    ...(options.squash ? { squash: true } : {}),
    ...isolationOf(options.isolation, env),
    ...parseAttests(options),
    noCache: !options.cache,
    pull: whenToPull[options.pull ?? 'missing'],
    registry: access,
    cacheFrom: (options.cacheFrom ?? []).map(text => parseCacheFrom(text, { cwd, access })),
    cacheTo: (options.cacheTo ?? []).map(text => parseCacheTo(text, { cwd, access })),
    noCacheStages: options.cacheFilter === true ? [] : options.cacheFilter.flatMap(one => one.split(',')),
    contexts: parseBuildContexts(options.buildContext ?? [], cwd),
    secrets: parseSecrets(options.secret ?? [], { cwd, env }),
    ssh: parseSsh(options.ssh ?? [], { cwd, env }),
    hosts: (options.addHost ?? []).map(buildHost),
    allow: (options.allow ?? []).flatMap(rights => rights.split(',')).map(parseRight),
    limits: limitsOf(options),
    ulimits: (options.ulimit ?? []).map(parseUlimit),
    signal: cli.signal,
    ...(target === undefined ? {} : { target }),
    ...(platform === undefined ? {} : { platform }),
    ...(network === undefined ? {} : { network: network === 'default' ? 'bridge' : network }),
    ...(jobs === undefined ? {} : { jobs: parseCount(jobs, 'a number of steps', 1) }),
    ...(shmSize === undefined ? {} : { shmBytes: parseSize(shmSize) }),
    ...(options.cgroupParent === undefined ? {} : { cgroupParent: resolve('/', options.cgroupParent) }),
  };
}

/** `--pull`, as docker and podman write it. */
const whenToPull = {
  always: 'always',
  missing: 'missing',
  never: 'never',
  true: 'always',
  false: 'missing',
} as const;

/** `--isolation`, else what Buildah's variable says. */
export function isolationOf(
  wanted: BuildOptions['isolation'],
  env: Cli['env'],
): Pick<BuildRequest, 'isolation'> {
  const kind = wanted ?? env.BUILDAH_ISOLATION;
  return kind === 'chroot' ? { isolation: kind } : {};
}

/** As buildx does: who sets it means his builds too. */
function sourceDateOf({ SOURCE_DATE_EPOCH: date }: Cli['env']): Record<string, string> {
  return date === undefined || date === '' ? {} : { SOURCE_DATE_EPOCH: date };
}

/** Where the files and the Dockerfile are: `-` is the input, and what has to be fetched is named as it is. */
function placeOf(
  cli: Cli,
  context: string,
  file: string | undefined,
): Pick<BuildRequest, 'context' | 'stream' | 'dockerfile'> {
  if (context === '-') {
    if (file === '-')
      throw badOption('the input cannot be both context and Dockerfile', 'name one of the two');
    return { context, stream: cli.stdin, ...(file === undefined ? {} : { dockerfile: file }) };
  }
  if (isAddress(context)) return { context, ...(file === undefined ? {} : { dockerfile: file }) };
  const folder = { context: resolve(cli.cwd, context) };
  if (file === undefined) return folder;
  return { ...folder, dockerfile: file === '-' ? '/dev/stdin' : resolve(cli.cwd, file) };
}

function buildHost(text: string): string {
  const host = extraHost(text).replace(/:\[(.*)\]$/, ':$1');
  if (!host.endsWith(':host-gateway')) return host;
  throw badOption(
    '"host-gateway" has no meaning in a build',
    'write the address of the host that steps shall reach',
  );
}

const rights = ['network.host', 'security.insecure'] as const;

function parseRight(text: string): (typeof rights)[number] {
  const right = rights.find(known => known === text);
  if (right !== undefined) return right;
  throw badOption(`there is no right "${text}"`, `there are ${rights.join(' and ')}`);
}

/** Docker's quota and period are cores. */
function limitsOf(options: BuildOptions): NonNullable<BuildRequest['limits']> {
  const { cpuPeriod = '100000', cpuQuota, ...others } = options;
  const limits = parseLimits(others);
  if (cpuQuota === undefined) return limits;
  const period = parseCount(cpuPeriod, 'a period', 1000);
  return { ...limits, cpus: parseCount(cpuQuota, 'a quota', 1000) / period };
}
