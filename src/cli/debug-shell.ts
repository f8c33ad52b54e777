import type { BuildRequest } from '../engine/index.ts';
import { isPlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { shellWord } from '../lib/shell-word.ts';
import type { Cli } from './cli.ts';
import { paint } from './format/paint.ts';
import { badOption } from './parse/bad-option.ts';
import { reportError } from './report-error.ts';

/** A shell needs somebody to type into it. */
export function requireTerminal(cli: Cli): void {
  if (cli.stdin.isTTY === true && cli.stdout.isTTY === true) return;
  throw badOption('"--debug-shell" needs a terminal', 'leave it out where nobody types');
}

/**
 * Tells of a failure and opens a shell in what the failed step of a build began with, with its mounts, secrets too; what is
 * done there is lost when it ends. Returns false, and does neither, if no step failed.
 */
export async function openDebugShell(
  cli: Cli,
  { build, request, failure }: { build: string; request: BuildRequest; failure: unknown },
): Promise<boolean> {
  const engine = await cli.engine();
  const record = engine.builds.list().find(({ id }) => id === build);
  if (record?.failedStep === undefined || isPlimsollError(failure, 'cancelled')) return false;
  reportError(failure, cli);
  const work = await engine.works.fromFailure(build);
  try {
    const { command } = record.failedStep;
    const { cyan } = paint(cli.stderr, cli.env);
    const words = command === undefined ? '' : `; it runs ${command.map(shellWord).join(' ')}`;
    cli.stderr.write(
      cyan(
        cleanText(`a shell before ${record.failedStep.name}${words}; exit ends it\n`, { multiline: true }),
      ),
    );
    await engine.works.run(work.id, {
      args: ['/bin/sh', '-c', '[ -x /bin/bash ] && exec /bin/bash; exec /bin/sh'],
      env: { TERM: cli.env.TERM ?? 'xterm' },
      ...lentBy(request),
      terminal: true,
      onOutput: (_, chunk) => cli.stderr.write(chunk),
    });
  } finally {
    await engine.works.remove(work.id);
  }
  return true;
}

/** What the build lent to its steps. */
function lentBy({ secrets, ssh, limits, ulimits, shmBytes, isolation }: BuildRequest) {
  return {
    ...(secrets === undefined ? {} : { secrets }),
    ...(ssh === undefined ? {} : { ssh }),
    ...(limits === undefined ? {} : { limits }),
    ...(ulimits === undefined ? {} : { ulimits }),
    ...(shmBytes === undefined ? {} : { shmBytes }),
    ...(isolation === undefined ? {} : { isolation }),
  };
}
