import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import {
  type ContextTls,
  chooseContext,
  createContext,
  currentContext,
  defaultContext,
  exportContext,
  importContext,
  listContexts,
  readContext,
  readContextTls,
  readTls,
  removeContext,
  type StoredContext,
} from '../../contexts/index.ts';
import { errnoOf, messageOf } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { openInput } from '../open-input.ts';
import { badOption } from '../parse/bad-option.ts';
import { writeListing } from '../write-listing.ts';
import { writeStream } from '../write-stream.ts';

/** `context ls|use|create|update|rm|inspect|show|export|import`: docker's contexts, shared with docker's client. */
export function configureContext(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll context create ship --docker host=ssh://root@ship',
    'plimsoll context use ship',
    'plimsoll --context ship ps',
  );
  configureList(examples(command.command('ls').alias('list'), 'plimsoll context ls'), cli);
  examples(
    command
      .command('use')
      .description('Look at the engine of this context from now on; "default" is that of this machine'),
    'plimsoll context use ship',
  )
    .argument('<context>')
    .action((name: string) => {
      chooseContext(cli.env, name);
      cli.stdout.write(`${name}\n`);
    });
  examples(
    command.command('show').description('Print the name of the current context'),
    'plimsoll context show',
  ).action(() => void cli.stdout.write(`${currentContext(cli.env)}\n`));
  configureCreate(command.command('create'), cli);
  examples(command.command('rm').alias('remove').description('Forget contexts'), 'plimsoll context rm ship')
    .argument('<context...>')
    .option('-f, --force', 'Also the current one')
    .action((names: string[], { force }: { force?: true }) => {
      for (const name of names) {
        if (!force && currentContext(cli.env) === name)
          throw badOption(`"${name}" is the current context`, "use another one first, or give '--force'");
        removeContext(cli.env, name);
        cli.stdout.write(`${name}\n`);
      }
    });
  configureUpdate(command.command('update'), cli);
  configureExport(command.command('export'), cli);
  configureImport(command.command('import'), cli);
  examples(
    command.command('inspect').description('Print contexts as JSON'),
    "plimsoll context inspect -f '{{.Endpoints.docker.Host}}' ship",
  )
    .argument('[context...]')
    .option('-f, --format <format>', 'A Go template')
    .action(async (names: string[], { format }: { format?: string }) => {
      const wanted = names.length === 0 ? [currentContext(cli.env)] : names;
      const found = wanted.map(name =>
        describe(cli, name === defaultContext ? here : readContext(cli.env, name)),
      );
      if (format === undefined) cli.stdout.write(`${JSON.stringify(found, undefined, 4)}\n`);
      else {
        const { formatObject } = await import('../format/template.ts');
        for (const each of found) cli.stdout.write(formatObject(each, format));
      }
    });
}

/** The engine of this machine, as a context. */
const here: StoredContext = {
  name: 'default',
  description: 'The engine of this machine, in this process',
  host: '',
  skipVerify: false,
};

interface Row extends StoredContext {
  readonly current: boolean;
}

function configureList(command: Command, cli: Cli): void {
  listingOptions(command.description('List contexts'), { ids: false }).action(
    async (options: ListingOptions) => {
      const current = currentContext(cli.env);
      const rows = [here, ...listContexts(cli.env)].map(each => ({
        ...each,
        current: each.name === current,
      }));
      const plain = options.quiet === true || (options.format ?? 'table') !== 'table';
      await writeListing(cli, rows, columns(plain), options);
    },
  );
}

/** In the table the current one has a star; scripts get its name alone, as from docker. */
const columns = (plain: boolean): readonly Column<Row>[] => [
  { field: 'Name', title: 'NAME', value: row => `${row.name}${row.current && !plain ? ' *' : ''}` },
  { field: 'Description', title: 'DESCRIPTION', value: row => row.description },
  { field: 'DockerEndpoint', title: 'DOCKER ENDPOINT', value: row => row.host },
  { field: 'Current', title: 'CURRENT', value: row => String(row.current), hidden: true },
  { field: 'Error', title: 'ERROR', value: () => '', hidden: true },
];

function configureExport(command: Command, cli: Cli): void {
  examples(
    command.description('Write a context with its certificates into a file'),
    'plimsoll context export ship',
    'plimsoll context export ship - | ssh laptop plimsoll context import ship -',
  )
    .argument('<context>')
    .argument('[file]', 'Default: CONTEXT.dockercontext; -: the output')
    .action(async (name: string, file: string = `${name}.dockercontext`) => {
      const archive = exportContext(cli.env, name);
      if (file === '-') return await writeStream(cli, Readable.from([archive]));
      writeNew(resolve(cli.cwd, file), file, archive);
      cli.stderr.write(`Written file "${file}"\n`);
    });
}

/** Keys of others may be in it: for its owner alone, and in the place of no other file. */
function writeNew(path: string, name: string, bytes: Buffer): void {
  try {
    writeFileSync(path, bytes, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const why = errnoOf(error) === 'EEXIST' ? 'it is there already' : messageOf(error);
    throw badOption(`"${name}" cannot be written: ${why}`, 'name another file');
  }
}

function configureImport(command: Command, cli: Cli): void {
  examples(
    command.description('Keep a context that was exported'),
    'plimsoll context import ship ship.dockercontext',
  )
    .argument('<context>')
    .argument('<file>', '-: the input')
    .action(async (name: string, file: string) => {
      const { bytes } = await openInput(cli, file);
      await importContext(cli.env, name, bytes as AsyncIterable<Buffer>);
      cli.stdout.write(`${name}\n`);
      cli.stderr.write(`Successfully imported context "${name}"\n`);
    });
}

interface CreateOptions {
  readonly docker?: string;
  readonly description?: string;
  readonly from?: string;
}

function configureCreate(command: Command, cli: Cli): void {
  examples(
    command.description('Name a way to an engine'),
    'plimsoll context create ship --docker host=ssh://root@ship',
    'plimsoll context create again --from ship',
  )
    .argument('<context>')
    .option('--docker <settings>', 'host=ADDRESS[,ca=FILE,cert=FILE,key=FILE][,skip-tls-verify=true]')
    .option('--description <text>', 'What it is')
    .option('--from <context>', 'The same way as this one has')
    .action((name: string, { docker, description, from }: CreateOptions) => {
      if (docker === undefined && from === undefined)
        throw badOption('the context names no engine', 'write --docker host=ssh://USER@HOST');
      const { context, tls } = settled(cli, name, { docker, description, from });
      createContext(cli.env, context, tls);
      cli.stdout.write(`${name}\n`);
      cli.stderr.write(`Successfully created context "${name}"\n`);
    });
}

function configureUpdate(command: Command, cli: Cli): void {
  examples(
    command.description('Change the way that a context names'),
    'plimsoll context update ship --docker host=ssh://root@10.0.0.5',
  )
    .argument('<context>')
    .option('--docker <settings>', 'As of create')
    .option('--description <text>', 'What it is')
    .action((name: string, { docker, description }: CreateOptions) => {
      const { context, tls } = settled(cli, name, { docker, description, from: name });
      const current = currentContext(cli.env);
      removeContext(cli.env, name);
      createContext(cli.env, context, tls);
      if (current === name) chooseContext(cli.env, name);
      cli.stdout.write(`${name}\n`);
      cli.stderr.write(`Successfully updated context "${name}"\n`);
    });
}

/** A context by what was typed; the rest is as it is in another one. */
function settled(
  cli: Cli,
  name: string,
  { docker, description, from }: { [option in keyof CreateOptions]: string | undefined },
): { context: StoredContext; tls: ContextTls | undefined } {
  const before = from === undefined ? undefined : readContext(cli.env, from);
  const told = description ?? before?.description ?? '';
  if (docker === undefined && before !== undefined)
    return { context: { ...before, name, description: told }, tls: readContextTls(cli.env, before) };
  const settings = parseSettings(docker ?? '');
  const host = settings.get('host');
  if (host === undefined || !/^(unix|tcp|https?|ssh):\/\//.test(host))
    throw badOption('the context names no engine', 'write --docker host=ssh://USER@HOST');
  const skipVerify = settings.get('skip-tls-verify') === 'true';
  const files = { tlsCaCert: settings.get('ca'), tlsCert: settings.get('cert'), tlsKey: settings.get('key') };
  const given = Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
  const tls = Object.keys(given).length === 0 ? undefined : readTls(given, {});
  return { context: { name, description: told, host, skipVerify }, tls };
}

function parseSettings(text: string): ReadonlyMap<string, string> {
  const known = ['host', 'ca', 'cert', 'key', 'skip-tls-verify'];
  const pairs = text.split(',').map(pair => {
    const [, key = '', value = ''] = /^([\w-]+)=(.+)$/.exec(pair) ?? [];
    if (!known.includes(key))
      throw badOption(`"${pair}" is no setting of a context`, `there are ${known.join(', ')}`);
    return [key, value] as const;
  });
  return new Map(pairs);
}

/** As docker's client prints one. */
function describe(cli: Cli, context: StoredContext): object {
  const { name, description, host, skipVerify } = context;
  const tls = readContextTls(cli.env, context);
  const files = (['ca', 'cert', 'key'] as const).filter(part => tls?.[part] !== undefined);
  return {
    Name: name,
    Metadata: description === '' ? {} : { Description: description },
    Endpoints: { docker: { Host: host, SkipTLSVerify: skipVerify } },
    TLSMaterial: files.length === 0 ? {} : { docker: files.map(part => `${part}.pem`) },
  };
}
