import type { Command } from 'commander';
import type { Engine } from '../../engine/index.ts';
import { isPlimsollError, PlimsollError } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { reportError } from '../report-error.ts';

const kinds: readonly [kind: string, look: (engine: Engine, name: string) => object][] = [
  ['container', (engine, name) => engine.containers.inspect(name)],
  ['image', (engine, name) => engine.images.inspect(name)],
  ['volume', (engine, name) => engine.volumes.inspect(name)],
  ['network', (engine, name) => engine.networks.inspect(name)],
];

/** `inspect [--type KIND] NAME...`: a JSON array. */
export function configureInspect(command: Command, cli: Cli): void {
  examples(command, 'plimsoll inspect web', 'plimsoll inspect --type image busybox')
    .argument('<name...>')
    .option('--type <kind>', 'container, image, volume or network')
    .option('--format <format>', 'json: on one line')
    .option('-s, --size', 'Also how much each container has written')
    .action((names: string[], options: Options) => printObjects(cli, names, options));
}

/** `container inspect NAME...`: the same, of containers only. */
export function configureContainerInspect(command: Command, cli: Cli): void {
  examples(command, 'plimsoll container inspect web')
    .argument('<container...>')
    .option('--format <format>', 'json: on one line')
    .action((names: string[], options: Options) =>
      printObjects(cli, names, { ...options, type: 'container' }),
    );
}

interface Options {
  readonly type?: string;
  readonly format?: string;
  readonly size?: true;
}

async function printObjects(
  cli: Cli,
  names: readonly string[],
  { type, format, size }: Options,
): Promise<void> {
  const engine = await cli.engine();
  const found: unknown[] = [];
  for (const name of names) {
    try {
      const [kind, facts] = look(engine, name, type);
      found.push(size && kind === 'container' ? { ...facts, ...(await engine.files.sizes(name)) } : facts);
    } catch (error) {
      reportError(error, cli);
      cli.setExitCode(1);
    }
  }
  cli.stdout.write(`${JSON.stringify(found, undefined, format === 'json' ? undefined : 2)}\n`);
}

/** The first kind of object that has the name, in docker's order. */
function look(engine: Engine, name: string, type: string | undefined): [kind: string, facts: object] {
  const wanted = kinds.filter(([kind]) => type === undefined || kind === type);
  if (wanted.length === 0) {
    throw new PlimsollError('invalid-argument', `there is no kind "${type}"`, {
      code: 'BAD_OPTION',
      hint: `there are ${kinds.map(([kind]) => kind).join(', ')}`,
    });
  }
  for (const [kind, inspect] of wanted) {
    try {
      return [kind, inspect(engine, name)];
    } catch (error) {
      if (!isPlimsollError(error, 'not-found')) throw error;
    }
  }
  throw new PlimsollError('not-found', `there is no ${type ?? 'object'} "${name}"`, {
    code: 'OBJECT_NOT_FOUND',
    hint: "see 'plimsoll ps -a' and 'plimsoll images'",
  });
}
