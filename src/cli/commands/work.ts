import { type Command, Option } from 'commander';
import type { WorkingContainer } from '../../engine/index.ts';
import { humanDuration } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { type RegistryOptions, registryAccess, registryOptions } from '../registry-options.ts';
import { configureConfig } from '../work/config.ts';
import { configureCopies } from '../work/copy.ts';
import { configureRun } from '../work/run.ts';
import { writeListing } from '../write-listing.ts';

/** `work from|run|copy|add|config|mount|unmount|commit|inspect|rm|ls` */
export function configureWork(command: Command, cli: Cli): void {
  command.enablePositionalOptions();
  examples(
    command,
    'c=$(plimsoll work from debian:12)',
    'plimsoll work run $c -- apt-get install -y nginx',
    'plimsoll work copy $c site/ /var/www/html/',
    'plimsoll work commit --rm $c web:1.0',
  );
  configureFrom(command, cli);
  configureRun(command, cli);
  configureCopies(command, cli);
  configureConfig(command, cli);
  configureFolder(command, cli);
  configureCommitting(command, cli);
  configureList(command, cli);
}

interface FromOptions extends RegistryOptions {
  readonly name?: string;
  readonly pull?: 'always' | 'missing' | 'never';
  readonly platform?: string;
  readonly quiet?: true;
}

function configureFrom(command: Command, cli: Cli): void {
  const from = command.command('from').description('Begin a working container, and print its name');
  registryOptions(
    examples(from, 'plimsoll work from busybox', 'plimsoll work from --name bare scratch')
      .argument('<image>', 'What to begin with; scratch is nothing')
      .option('--name <name>', 'Its name (default: IMAGE-working-container)')
      .addOption(
        new Option('--pull [when]', 'Ask registries for the image: always, missing (default) or never')
          .preset('always')
          .choices(['always', 'missing', 'never']),
      )
      .option('--platform <platform>', 'What the image is for, as in linux/arm64 (default: this host)')
      .option('-q, --quiet', 'Say nothing of a pull'),
  ).action(async (image: string, options: FromOptions) => {
    const engine = await cli.engine();
    const { name, pull, platform, quiet } = options;
    const work = await engine.works.from({
      image,
      registry: registryAccess(options),
      signal: cli.signal,
      ...(name === undefined ? {} : { name }),
      ...(pull === undefined ? {} : { pull }),
      ...(platform === undefined ? {} : { platform }),
      ...(quiet ? {} : { onProgress: line => void cli.stderr.write(`${line}\n`) }),
    });
    cli.stdout.write(`${work.name}\n`);
  });
}

function configureFolder(command: Command, cli: Cli): void {
  examples(
    command
      .command('mount')
      .description('Mount its files, and print the folder; without a name: what is mounted'),
    'plimsoll work mount web',
  )
    .argument('[container...]')
    .action(async (names: string[]) => {
      const engine = await cli.engine();
      const wanted = names.length > 0 ? names : mounted(engine.works.list());
      for (const name of wanted) {
        const folder = await engine.works.mount(name);
        cli.stdout.write(wanted.length > 1 || names.length === 0 ? `${name} ${folder}\n` : `${folder}\n`);
      }
    });
  examples(
    command.command('unmount').alias('umount').description('Unmount its files'),
    'plimsoll work unmount app',
  )
    .argument('<container...>')
    .action((names: string[]) => eachName(cli, names, (engine, name) => engine.works.unmount(name)));
}

function mounted(works: readonly WorkingContainer[]): string[] {
  return works.filter(({ isMounted }) => isMounted).map(({ name }) => name);
}

function configureCommitting(command: Command, cli: Cli): void {
  examples(
    command.command('commit').description('Make an image of it, and print its id'),
    'plimsoll work commit --rm web web:1.0',
  )
    .argument('<container>')
    .argument('[name...]', 'Names of the image; without one it has only its id')
    .option('--rm', 'Remove the working container')
    .option('-q, --quiet', 'Accepted for scripts')
    .action(async (name: string, references: string[], { rm }: { rm?: true }) => {
      const engine = await cli.engine();
      const remove = rm === true;
      cli.stdout.write(`${await engine.works.commit(name, { references, remove, signal: cli.signal })}\n`);
    });
  examples(
    command.command('rm').description('Remove working containers and their files'),
    'plimsoll work rm --all',
  )
    .argument('[container...]')
    .option('-a, --all', 'All of them')
    .action(async (names: string[], { all }: { all?: true }) => {
      const engine = await cli.engine();
      const wanted = all ? engine.works.list().map(({ name }) => name) : names;
      await eachName(cli, wanted, (_, name) => engine.works.remove(name));
    });
}

function configureList(command: Command, cli: Cli): void {
  listingOptions(
    examples(command.command('ls').description('List working containers'), 'plimsoll work ls'),
  ).action(async (options: ListingOptions) => {
    const engine = await cli.engine();
    await writeListing(cli, engine.works.list(), columns, options);
  });
  examples(
    command.command('inspect').description('Print all that is known of working containers'),
    'plimsoll work inspect app',
  )
    .argument('<container...>')
    .action(async (names: string[]) => {
      const engine = await cli.engine();
      const found = names.map(name => engine.works.inspect(name));
      cli.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    });
}

const columns: readonly Column<WorkingContainer>[] = [
  { field: 'ID', title: 'CONTAINER ID', value: ({ id }) => id, quiet: true },
  { field: 'Name', title: 'NAME', value: ({ name }) => name },
  { field: 'Image', title: 'IMAGE', value: ({ from }) => from },
  {
    field: 'Created',
    title: 'CREATED',
    value: ({ created }) => `${humanDuration(Date.now() - created)} ago`,
  },
  { field: 'Mounted', title: 'MOUNTED', value: ({ isMounted }) => (isMounted ? 'yes' : '') },
];
