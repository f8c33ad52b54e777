import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { BuildProgress, BuildRequest, Engine } from '../../engine/index.ts';
import { type BuildOptions, buildOptions } from '../build-options.ts';
import { toBuildRequest } from '../build-request.ts';
import type { Cli } from '../cli.ts';
import { openDebugShell, requireTerminal } from '../debug-shell.ts';
import { examples } from '../examples.ts';
import { paint } from '../format/paint.ts';
import { type BuildCall, parseCall } from '../parse/parse-call.ts';
import { type BuildOutput, parseOutputs } from '../parse/parse-output.ts';
import { checkJson, printCheck, printOutline, printTargets } from '../print-check.ts';
import { plainProgress } from '../progress/plain.ts';
import { rawProgress } from '../progress/raw-json.ts';
import { writeOutputs } from '../write-outputs.ts';

/** `build [-t NAME] [-f FILE] CONTEXT` */
export function configureBuild(command: Command, cli: Cli): void {
  buildOptions(
    examples(
      command,
      'plimsoll build -t web .',
      'plimsoll build -t web:1.0 -f web.Dockerfile --build-arg VERSION=1 ./src',
      'plimsoll build --secret id=token,src=token.txt https://github.com/me/web.git#main',
    ),
  ).action(async (context: string, options: BuildOptions) => {
    const call = parseCall(options);
    const outputs = parseOutputs(options);
    const request = toBuildRequest(cli, context, options, outputs);
    if (call.method === 'build') await build(cli, request, options, outputs);
    else if (call.method === 'check') await check(cli, request, call);
    else await outline(cli, request, call);
  });
}

async function build(
  cli: Cli,
  request: BuildRequest,
  options: BuildOptions,
  outputs: readonly BuildOutput[],
): Promise<void> {
  const engine = await cli.engine();
  using progress = await progressFor(cli, options);
  if (options.debugShell) requireTerminal(cli);
  let id = '';
  const onProgress = (event: BuildProgress) => {
    if (event.kind === 'planned') id = event.build;
    progress.onProgress(event);
  };
  const result = await engine.builds.build({ ...request, onProgress }).catch(async (error: unknown) => {
    progress[Symbol.dispose]();
    if (!options.debugShell || !(await openDebugShell(cli, { build: id, request, failure: error })))
      throw error;
    cli.setExitCode(1);
  });
  if (result === undefined) return;
  progress[Symbol.dispose]();
  const { image } = result;
  await writeOutputs(cli, {
    image,
    tags: request.tags ?? [],
    outputs,
    quiet: kindOf(cli, options) === 'quiet',
  });
  if (options.iidfile !== undefined) writeFileSync(resolve(cli.cwd, options.iidfile), image);
  if (options.metadataFile !== undefined) {
    const facts = metadata(engine, result, options.tag ?? []);
    writeFileSync(resolve(cli.cwd, options.metadataFile), `${JSON.stringify(facts, undefined, 2)}\n`);
  }
  if (outputs.some(({ dest }) => dest === '-')) return; // what else is said would be part of it
  if (kindOf(cli, options) === 'quiet') cli.stdout.write(`${image}\n`);
  else if (kindOf(cli, options) !== 'rawjson') {
    const words = [image, ...(options.tag ?? [])].join(' ');
    cli.stderr.write(`${paint(cli.stderr, cli.env).green('built')} ${words}\n`);
  }
}

/** Exit code 1 if the check found anything, as docker's. */
async function check(cli: Cli, request: BuildRequest, { format }: BuildCall): Promise<void> {
  const engine = await cli.engine();
  const report = await engine.builds.check(request);
  if (format === 'json') cli.stdout.write(`${JSON.stringify(checkJson(report), undefined, 2)}\n`);
  else printCheck(cli, report);
  if (report.warnings.length > 0) cli.setExitCode(1);
}

async function outline(cli: Cli, request: BuildRequest, { method, format }: BuildCall): Promise<void> {
  const engine = await cli.engine();
  const found = await engine.builds.outline(request);
  if (format === 'json') {
    const shown =
      method === 'targets' ? { default: found.stages.at(-1)?.name, targets: found.stages } : found;
    cli.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  } else if (method === 'targets') await printTargets(cli, found);
  else await printOutline(cli, found);
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
