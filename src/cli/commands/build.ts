import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { BuildProgress, BuildRequest } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { paint } from '../format/paint.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseCount } from '../parse/parse-limits.ts';
import { parseBuildArgs, parsePairs } from '../parse/parse-pairs.ts';
import { plainProgress } from '../progress/plain.ts';

interface Options {
  readonly tag?: string[];
  readonly file?: string;
  readonly buildArg?: string[];
  readonly label?: string[];
  readonly target?: string;
  readonly cache: boolean;
  readonly network?: 'bridge' | 'host' | 'none';
  readonly jobs?: string;
  readonly iidfile?: string;
  readonly progress: 'auto' | 'plain' | 'tty' | 'quiet';
  readonly quiet?: true;
}

/** `build [-t NAME] [-f FILE] CONTEXT` */
export function configureBuild(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll build -t web .',
    'plimsoll build -t web:1.0 -f web.Dockerfile --build-arg VERSION=1 ./src',
  )
    .argument('<context>', 'Folder that COPY and ADD read from')
    .option('-t, --tag <name>', 'Name of the image; may stand many times', collect)
    .option('-f, --file <file>', 'The Dockerfile (default: CONTEXT/Dockerfile; - reads it from the input)')
    .option('--build-arg <name=value>', 'Value of an ARG', collect)
    .option('--label <name=value>', 'Label of the image', collect)
    .option('--target <stage>', 'Stop at this stage')
    .option('--no-cache', 'Run every step')
    .addOption(new Option('--network <network>', 'Network of RUN').choices(['bridge', 'host', 'none']))
    .option('--jobs <number>', 'Steps at once (default: one per core)')
    .option('--iidfile <file>', "Write the image's id to this file")
    .addOption(
      new Option('--progress <kind>', 'How to show it')
        .choices(['auto', 'plain', 'tty', 'quiet'])
        .default('auto'),
    )
    .option('-q, --quiet', "Print only the image's id")
    .action((context: string, options: Options) => build(cli, context, options));
}

async function build(cli: Cli, context: string, options: Options): Promise<void> {
  const request = toBuildRequest(cli, context, options);
  const engine = await cli.engine();
  using progress = await progressFor(cli, options);
  const { image } = await engine.builds.build({ ...request, onProgress: progress.onProgress });
  progress[Symbol.dispose]();
  if (options.iidfile !== undefined) writeFileSync(resolve(cli.cwd, options.iidfile), image);
  if (isQuiet(options)) cli.stdout.write(`${image}\n`);
  else
    cli.stderr.write(
      `${paint(cli.stderr, cli.env).green('built')} ${[image, ...(options.tag ?? [])].join(' ')}\n`,
    );
}

function toBuildRequest(cli: Cli, context: string, options: Options): BuildRequest {
  if (context === '-' || /^[a-z+]+:\/\/|^git@/.test(context)) {
    throw badOption(
      `cannot build from "${context}"`,
      'the context must be a folder; unpack or clone it first',
    );
  }
  const { file, target, network, jobs } = options;
  return {
    context: resolve(cli.cwd, context),
    tags: options.tag ?? [],
    buildArgs: parseBuildArgs(options.buildArg ?? [], cli.env),
    labels: parsePairs(options.label ?? [], '--label'),
    noCache: !options.cache,
    signal: cli.signal,
    ...(file === undefined ? {} : { dockerfile: file === '-' ? '/dev/stdin' : resolve(cli.cwd, file) }),
    ...(target === undefined ? {} : { target }),
    ...(network === undefined ? {} : { network }),
    ...(jobs === undefined ? {} : { jobs: parseCount(jobs, 'a number of steps', 1) }),
  };
}

function isQuiet({ quiet, progress }: Options): boolean {
  return quiet === true || progress === 'quiet';
}

async function progressFor(
  cli: Cli,
  options: Options,
): Promise<Disposable & { readonly onProgress: (event: BuildProgress) => void }> {
  if (isQuiet(options)) return { onProgress: () => {}, [Symbol.dispose]() {} };
  const live =
    options.progress === 'tty' ||
    (options.progress === 'auto' && cli.stderr.isTTY === true && cli.env.TERM !== 'dumb');
  if (!live) return { onProgress: plainProgress(cli.stderr), [Symbol.dispose]() {} };
  const { liveProgress } = await import('../progress/live.ts');
  return liveProgress(cli.stderr, cli.env);
}
