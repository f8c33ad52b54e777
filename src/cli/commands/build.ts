import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BuildProgress, Engine } from '../../engine/index.ts';
import { type BuildOptions, buildOptions } from '../build-options.ts';
import { toBuildRequest } from '../build-request.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { paint } from '../format/paint.ts';
import { plainProgress } from '../progress/plain.ts';
import { rawProgress } from '../progress/raw-json.ts';

/** `build [-t NAME] [-f FILE] CONTEXT` */
export function configureBuild(command: Command, cli: Cli): void {
  buildOptions(
    examples(
      command,
      'plimsoll build -t web .',
      'plimsoll build -t web:1.0 -f web.Dockerfile --build-arg VERSION=1 ./src',
      'plimsoll build --secret id=token,src=token.txt https://github.com/me/web.git#main',
    ),
  ).action((context: string, options: BuildOptions) => build(cli, context, options));
}

async function build(cli: Cli, context: string, options: BuildOptions): Promise<void> {
  const request = toBuildRequest(cli, context, options);
  const engine = await cli.engine();
  using progress = await progressFor(cli, options);
  const result = await engine.builds.build({ ...request, onProgress: progress.onProgress });
  progress[Symbol.dispose]();
  const { image } = result;
  if (options.iidfile !== undefined) writeFileSync(resolve(cli.cwd, options.iidfile), image);
  if (options.metadataFile !== undefined) {
    const facts = metadata(engine, result, options.tag ?? []);
    writeFileSync(resolve(cli.cwd, options.metadataFile), `${JSON.stringify(facts, undefined, 2)}\n`);
  }
  if (kindOf(cli, options) === 'quiet') cli.stdout.write(`${image}\n`);
  else if (kindOf(cli, options) !== 'rawjson') {
    const words = [image, ...(options.tag ?? [])].join(' ');
    cli.stderr.write(`${paint(cli.stderr, cli.env).green('built')} ${words}\n`);
  }
}

/** What a build made, by the names that buildx has for it. */
function metadata(
  engine: Engine,
  { build, image }: { build: string; image: string },
  tags: readonly string[],
) {
  return {
    'buildx.build.ref': build,
    'containerimage.config.digest': image,
    'containerimage.digest': engine.images.inspect(image).manifestDigest,
    ...(tags.length === 0 ? {} : { 'image.name': tags.join(',') }),
  };
}

const nothingToTidy: Disposable = { [Symbol.dispose]() {} };
const kinds = ['auto', 'plain', 'tty', 'quiet', 'rawjson'] as const;

function kindOf({ env }: Cli, { quiet, progress }: BuildOptions): (typeof kinds)[number] {
  if (quiet) return 'quiet';
  if (progress !== 'auto') return progress;
  return kinds.find(kind => kind === env.BUILDKIT_PROGRESS) ?? 'auto';
}

async function progressFor(
  cli: Cli,
  options: BuildOptions,
): Promise<Disposable & { readonly onProgress: (event: BuildProgress) => void }> {
  const kind = kindOf(cli, options);
  if (kind === 'quiet') return { onProgress: () => {}, ...nothingToTidy };
  if (kind === 'rawjson') return { onProgress: rawProgress(cli.stderr), ...nothingToTidy };
  const live = kind === 'tty' || (kind === 'auto' && cli.stderr.isTTY === true && cli.env.TERM !== 'dumb');
  if (!live) return { onProgress: plainProgress(cli.stderr), ...nothingToTidy };
  const { liveProgress } = await import('../progress/live.ts');
  return liveProgress(cli.stderr, cli.env);
}
