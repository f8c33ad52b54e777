import type { Command } from 'commander';
import { humanSize } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { containerSide } from '../copy/container-side.ts';
import { copy, copyOut, type Place } from '../copy/copy.ts';
import { type CopyEnd, parseCopyEnd } from '../copy/copy-argument.ts';
import type { SideOptions } from '../copy/copy-side.ts';
import { localSide } from '../copy/local-side.ts';
import { examples } from '../examples.ts';
import { badOption } from '../parse/bad-option.ts';
import { writeStream } from '../write-stream.ts';

interface Options {
  readonly archive?: true;
  readonly followLink?: true;
  readonly quiet?: true;
}

/** `cp [-a] [-L] CONTAINER:PATH PATH|-`, `cp [-a] [-L] PATH|- CONTAINER:PATH` */
export function configureCp(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll cp web:/etc/nginx ./nginx',
    'plimsoll cp -a site/. web:/srv/www',
    'tar c site | plimsoll cp - web:/srv',
  )
    .argument('<source>', 'CONTAINER:PATH, a path of this machine, or - for a tar on the input')
    .argument('<target>', 'The same; - for a tar on the output')
    .option('-a, --archive', 'Keep owners as they are at the source')
    .option('-L, --follow-link', 'Copy what a link at the source leads to')
    .option('-q, --quiet', 'Say nothing of what was copied')
    .action(async (source: string, target: string, options: Options) => {
      const [from, to] = [parseCopyEnd(source), parseCopyEnd(target)];
      requireContainer(from, to);
      using meter = copyMeter(cli, options.quiet === true);
      const side = { archive: options.archive === true, signal: cli.signal, onBytes: meter.add };
      await copyBetween(cli, from, to, { ...side, followLink: options.followLink === true });
      meter.done(target);
    });
}

async function copyBetween(
  cli: Cli,
  from: CopyEnd,
  to: CopyEnd,
  options: SideOptions & { followLink: boolean },
): Promise<void> {
  if (from.kind === 'stream') {
    const { side, path } = await placeOf(cli, to, options);
    await side.write(path, cli.stdin);
  } else if (to.kind === 'stream') {
    await writeStream(cli, await copyOut(await placeOf(cli, from, options), options));
  } else {
    await copy(await placeOf(cli, from, options), await placeOf(cli, to, options), options);
  }
}

async function placeOf(cli: Cli, end: CopyEnd, options: SideOptions): Promise<Place> {
  if (end.kind === 'stream') throw new TypeError('a stream is no place');
  const { path } = end;
  if (end.kind === 'local') return { path, side: localSide(cli.cwd, options) };
  return { path, side: containerSide(await cli.engine(), end.container, options) };
}

function requireContainer(from: CopyEnd, to: CopyEnd): void {
  if ([from, to].some(({ kind }) => kind === 'container')) return;
  throw badOption('neither end of the copy is in a container', 'write one of them as CONTAINER:PATH');
}

/** On a terminal: how much has been copied, as it comes, and at the end in a sentence. */
function copyMeter(
  cli: Cli,
  quiet: boolean,
): Disposable & { add(bytes: number): void; done(to: string): void } {
  const shows = !quiet && cli.stderr.isTTY === true;
  let bytes = 0;
  let drawn = false;
  const timer = setInterval(() => {
    if (!shows || bytes === 0) return;
    cli.stderr.write(`\r\u001b[KCopying ${humanSize(bytes)}`);
    drawn = true;
  }, 200).unref();
  const clear = () => {
    clearInterval(timer);
    if (drawn) cli.stderr.write('\r\u001b[K');
    drawn = false;
  };
  return {
    add: more => {
      bytes += more;
    },
    done: to => {
      clear();
      if (shows && to !== '-') cli.stderr.write(`Successfully copied ${humanSize(bytes)} to ${to}\n`);
    },
    [Symbol.dispose]: clear,
  };
}
